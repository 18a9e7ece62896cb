/** Changes of an order, each with a confirmation that shows what becomes of it. */
import { useState } from 'preact/hooks';
import { call } from '../api.ts';
import { countdown, counted } from '../format.ts';
import type { Order } from '../model.ts';
import { Countdown } from '../parts/common.tsx';
import { Change, Confirm, Confirmation, Dialog } from '../parts/dialog.tsx';

export type Act = 'pay' | 'cancel' | 'extend';

interface OrderDialogProps {
  readonly act: Act;
  readonly id: string;
  readonly order: Order;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export function OrderDialog({ act, ...rest }: OrderDialogProps) {
  if (act === 'extend') return <ExtendDialog {...rest} />;
  return act === 'pay' ? <PayDialog {...rest} /> : <CancelDialog {...rest} />;
}

type ActProps = Omit<OrderDialogProps, 'act'>;

/** Pay, cancel and extend are safe to repeat: they lead to the same state. */
function post(path: string, body: object): Promise<unknown> {
  return call(path, { method: 'POST', body });
}

function PayDialog({ id, order, onClose, onDone }: ActProps) {
  const isLate = order.status === 'cancelled';
  const pieces = order.items.reduce((sum, { count }) => sum + count, 0n);
  const run = () => post('/order/pay', { orderID: BigInt(id), ...(isLate && { acceptLate: true }) });
  return (
    <Confirm title={`Pay order ${id}`} verb="Pay" {...{ run, onClose, onDone }}>
      <dl class="facts">
        <Change name="Status" before={order.status} after="payed" />
      </dl>
      <p>
        This takes {counted(pieces, 'piece')} out of the stock. A payed order cannot be cancelled.
        {isLate && ' Its reservation has ended: it is refused where the goods are not available any more.'}
      </p>
    </Confirm>
  );
}

function CancelDialog({ id, order, onClose, onDone }: ActProps) {
  const pieces = order.items.reduce((sum, { count }) => sum + count, 0n);
  const run = () => post('/order/cancel', { orderID: BigInt(id) });
  return (
    <Confirm title={`Cancel order ${id}`} verb="Cancel the order" {...{ run, onClose, onDone }}>
      <dl class="facts">
        <Change name="Status" before={order.status} after="cancelled" />
      </dl>
      <p>This makes {counted(pieces, 'reserved piece')} available. A cancelled order cannot be payed.</p>
    </Confirm>
  );
}

const minutes = [10, 30, 60, 24 * 60];

function ExtendDialog({ id, order, onClose, onDone }: ActProps) {
  const [seconds, setSeconds] = useState(600);
  const run = () => post('/order/extend', { orderID: BigInt(id), reservationTtlSeconds: BigInt(seconds) });
  return (
    <Dialog title={`Extend order ${id}`} onClose={onClose}>
      <Confirmation verb={`Extend to ${countdown(seconds * 1_000)}`} {...{ run, onDone }} onBack={onClose}>
        <label>
          <span>Reserved from now for</span>
          <select value={seconds} onChange={(event) => setSeconds(Number(event.currentTarget.value))}>
            {minutes.map((each) => (
              <option key={each} value={each * 60}>
                {countdown(each * 60_000)}
              </option>
            ))}
          </select>
        </label>
        <dl class="facts">
          <Change
            name="Ends in"
            before={order.expiresAt ? <Countdown to={order.expiresAt} /> : 'never'}
            after={countdown(seconds * 1_000)}
          />
        </dl>
        <p class="faint">
          An end is never moved to an earlier time, nor beyond the longest life of a reservation.
        </p>
      </Confirmation>
    </Dialog>
  );
}

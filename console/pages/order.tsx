/** One order: its state, its items, its timeline, and what can be done with it. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { call } from '../api.ts';
import { number } from '../format.ts';
import { useLoaded } from '../load.ts';
import type { Order } from '../model.ts';
import { Action, Countdown, Facts, Problem, SkuLink, Status, Table, Time } from '../parts/common.tsx';
import { addressOf } from '../place.ts';
import { type Act, OrderDialog } from './order-dialogs.tsx';
import { Timeline } from './timeline.tsx';

const REFRESH_MS = 2_000;

export function OneOrder({ id }: { readonly id: string }) {
  // The order as the dialog was opened with: what is confirmed must not change under the pointer.
  const [opened, setOpened] = useState<{ readonly act: Act; readonly order: Order }>();
  const {
    value: order,
    problem,
    reload,
  } = useLoaded(`order ${id}`, (signal) => call<Order>(`/order/info/${id}`, { signal }), {
    everyMs: REFRESH_MS,
  });
  const close = () => setOpened(undefined);
  const finish = () => {
    close();
    reload();
  };
  return (
    <>
      <Problem of={problem} />
      {order && (
        <>
          <Facts of={factsOf(id, order)} />
          <Actions of={order} onAct={(act) => setOpened({ act, order })} />
          <div class="columns">
            <Items of={order} />
            <Timeline id={id} order={order} />
          </div>
          {opened && <OrderDialog {...opened} id={id} onClose={close} onDone={finish} />}
        </>
      )}
    </>
  );
}

function factsOf(id: string, order: Order): Record<string, ComponentChildren> {
  const { status, user, createdAt, updatedAt, expiresAt, cancelReason } = order;
  return {
    Order: id,
    Status: (
      <>
        <Status of={status} /> {cancelReason}
      </>
    ),
    User: <a href={addressOf('orders', { user: String(user) })}>{String(user)}</a>,
    Created: <Time at={createdAt} />,
    Changed: <Time at={updatedAt} />,
    ...(status === 'awaiting payment' && { 'Ends in': expiresAt ? <Countdown to={expiresAt} /> : 'never' }),
  };
}

/** What the state of the order allows. An expired one can be payed late. */
function Actions({ of, onAct }: { readonly of: Order; readonly onAct: (act: Act) => void }) {
  const isOpen = of.status === 'awaiting payment';
  const isExpired = of.cancelReason === 'expired';
  const button = (act: Act, text: string) => (
    <Action scope="orders:write" onClick={() => onAct(act)}>
      {text}
    </Action>
  );
  if (!isOpen && !isExpired) return null;
  return (
    <div class="buttons start">
      {button('pay', isExpired ? 'Pay late…' : 'Pay…')}
      {isOpen && button('extend', 'Extend…')}
      {isOpen && button('cancel', 'Cancel…')}
    </div>
  );
}

function Items({ of: { items } }: { readonly of: Order }) {
  return (
    <section>
      <h2>Items</h2>
      <Table label="Items" head={['sku', '#pieces']}>
        {items.map(({ sku, count }) => (
          <tr key={sku}>
            <td>
              <SkuLink sku={sku} />
            </td>
            <td class="num">{number(count)}</td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

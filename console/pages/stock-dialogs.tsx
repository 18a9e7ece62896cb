/** Changes of a stock by hand: what is to be done, then what will become of it, then the reply. */
import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { call } from '../api.ts';
import { change, instant, number } from '../format.ts';
import type { Stock } from '../model.ts';
import { Change, Confirmation, Dialog } from '../parts/dialog.tsx';
import { serviceNowMs } from '../samples.ts';

const reasons = ['received', 'returned', 'damaged', 'lost', 'found', 'correction', 'other'];

interface DialogProps {
  readonly stock: Stock;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

interface Entered {
  readonly amount: bigint;
  /** When it was counted, in local time. */
  readonly at: string;
  readonly reason: string;
  readonly reference: string;
  readonly note: string;
}

export function AdjustDialog({ stock, onClose, onDone }: DialogProps) {
  const [entered, setEntered] = useState<Entered>();
  return (
    <Dialog title={`Adjust sku ${stock.sku}`} onClose={onClose}>
      <Form
        {...{ onEnter: setEntered, onClose, isEntered: entered !== undefined }}
        label="Change of the total"
        pattern="[+\-]?[0-9]{1,18}"
      >
        <label>
          <span>Reason</span>
          <select name="reason">
            {reasons.map((reason) => (
              <option key={reason}>{reason}</option>
            ))}
          </select>
        </label>
      </Form>
      {entered && (
        <AdjustConfirmation
          stock={stock}
          entered={entered}
          onBack={() => setEntered(undefined)}
          onDone={onDone}
        />
      )}
    </Dialog>
  );
}

interface StepProps {
  readonly stock: Stock;
  readonly entered: Entered;
  readonly onBack: () => void;
  readonly onDone: () => void;
}

/** The total that is shown is the one that is expected: a sale in between makes the change fail. */
function AdjustConfirmation({ stock: shown, entered, onBack, onDone }: StepProps) {
  // What was confirmed stays, with its key, however often it is sent and whatever the page behind loads.
  const { stock, key } = useMemo(() => ({ stock: shown, key: randomKey() }), []);
  const { amount, reason, reference, note } = entered;
  const run = () => {
    const changed = { sku: stock.sku, change: amount, expectedTotal: stock.total, reason };
    return call('/stock/adjust', {
      method: 'POST',
      headers: { 'idempotency-key': key },
      body: { changes: [{ ...changed, ...texts(reference, note) }] },
    });
  };
  return (
    <Confirmation verb={`Change by ${change(amount)}`} run={run} onDone={onDone} onBack={onBack}>
      <dl class="facts">
        <Change name="Total" before={number(stock.total)} after={number(stock.total + amount)} />
        <Change
          name="Available"
          before={number(stock.count)}
          after={number(availableOf(stock.total + amount, stock.reserved))}
        />
      </dl>
      <p class="faint">
        {[reason, reference, note].filter(Boolean).join(' · ')}. It is refused if the total has changed
        meanwhile.
      </p>
    </Confirmation>
  );
}

interface Counted {
  readonly totalBefore: bigint;
  readonly total: bigint;
  readonly changedSince: bigint;
}

export function CountDialog({ stock, onClose, onDone }: DialogProps) {
  const [entered, setEntered] = useState<Entered>();
  const [result, setResult] = useState<Counted>();
  const [openedAt] = useState(localNow);
  return (
    <Dialog title={`Count sku ${stock.sku}`} onClose={onClose}>
      <Form
        {...{ onEnter: setEntered, onClose, isEntered: entered !== undefined }}
        label="Pieces that were counted"
        pattern="[0-9]{1,18}"
      >
        <label>
          <span>Counted at, by the clock of the service, in local time</span>
          <input name="at" type="datetime-local" step="0.001" required defaultValue={openedAt} />
        </label>
      </Form>
      {entered && !result && (
        <CountConfirmation {...{ stock, entered }} onBack={() => setEntered(undefined)} onDone={setResult} />
      )}
      {result && (
        <>
          <dl class="facts">
            <Change name="Total" before={number(result.totalBefore)} after={number(result.total)} />
          </dl>
          <p>Written. Changed since the count: {change(result.changedSince)}.</p>
          <div class="buttons">
            <button type="button" class="primary" onClick={onDone}>
              Close
            </button>
          </div>
        </>
      )}
    </Dialog>
  );
}

type CountStepProps = Omit<StepProps, 'onDone'> & { readonly onDone: (counted: Counted | undefined) => void };

function CountConfirmation({ stock: shown, entered, onBack, onDone }: CountStepProps) {
  const stock = useMemo(() => shown, []);
  const { amount, at, reference, note } = entered;
  const run = async () => {
    const countedAt = new Date(at).toISOString();
    const body = { counts: [{ sku: stock.sku, counted: amount, countedAt, ...texts(reference, note) }] };
    const { results } = await call<{ results: Counted[] }>('/stock/count', { method: 'POST', body });
    return results[0];
  };
  return (
    <Confirmation verb={`Set to ${number(amount)}`} run={run} onDone={onDone} onBack={onBack}>
      <dl class="facts">
        <Change name="Total" before={number(stock.total)} after={number(amount)} />
        <Change
          name="Available"
          before={number(stock.count)}
          after={number(availableOf(amount, stock.reserved))}
        />
      </dl>
      <p class="faint">What has changed since the count is added: the new total may differ by it.</p>
    </Confirmation>
  );
}

interface FormProps {
  readonly label: string;
  /** Of the amount. */
  readonly pattern: string;
  readonly onEnter: (entered: Entered) => void;
  readonly onClose: () => void;
  readonly isEntered: boolean;
  readonly children?: ComponentChildren;
}

/** Hidden behind its confirmation, it keeps what was entered for a way back. */
function Form({ label, pattern, onEnter, onClose, isEntered, children }: FormProps) {
  const enter = (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(data.get(name) ?? '').trim();
    const amount = BigInt(text('amount').replace('+', ''));
    const [at, reason] = [text('at'), text('reason')];
    onEnter({ amount, at, reason, reference: text('reference'), note: text('note') });
  };
  return (
    <form onSubmit={enter} hidden={isEntered}>
      <label>
        <span>{label}</span>
        <input name="amount" required pattern={pattern} title="a whole number" autocomplete="off" />
      </label>
      {children}
      <label>
        <span>Reference (optional)</span>
        <input name="reference" maxLength={255} placeholder="a purchase order, a document" />
      </label>
      <label>
        <span>Note (optional)</span>
        <input name="note" maxLength={255} />
      </label>
      <div class="buttons">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" class="primary">
          Continue
        </button>
      </div>
    </form>
  );
}

function availableOf(total: bigint, reserved: bigint): bigint {
  return total > reserved ? total - reserved : 0n;
}

/**
 * The present time, as a field for a time takes it. It has the milliseconds: what changes after it is added
 * to the count, which may include the changes of the same second already.
 */
function localNow(): string {
  const now = new Date(serviceNowMs()).toISOString();
  return `${instant(now).replace(' ', 'T')}${now.slice(19, 23)}`;
}

/** Empty texts are not sent. */
function texts(reference: string, note: string) {
  return { ...(reference && { reference }), ...(note && { note }) };
}

/** Also where the page is not served by TLS, where browsers have no `randomUUID`. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** The audit of the stock: started at a button, with what the last one found. */
import { useState } from 'preact/hooks';
import { call } from '../api.ts';
import type { ApiError } from '../api-error.ts';
import { counted, duration, number } from '../format.ts';
import { problemOf, useLoaded } from '../load.ts';
import type { AuditState } from '../model.ts';
import { Action, Facts, OrderLink, Problem, SkuLink, Table, useMay } from '../parts/common.tsx';

const REFRESH_MS = 1_000;

export function Audit() {
  const isOn = useMay('stock:read');
  const [refused, setRefused] = useState<ApiError>();
  const { value, problem, reload } = useLoaded(
    'audit',
    (signal) => call<AuditState>('/stock/audit', { signal }),
    { everyMs: REFRESH_MS, isOn },
  );
  const start = async () => {
    const error = await call('/stock/audit', { method: 'POST' }).then(() => undefined, problemOf);
    setRefused(error);
    reload();
  };
  return (
    <section>
      <h2>Audit of the stock</h2>
      <p class="faint">Compares the counters of all stock with its movements and with open orders.</p>
      <div class="buttons start">
        <Action scope="stock:read" isOff={value?.running ?? false} onClick={start}>
          {value?.running ? 'Running…' : 'Start an audit'}
        </Action>
      </div>
      <Problem of={refused ?? problem} />
      {value?.last && <Last of={value.last} />}
    </section>
  );
}

function Last({ of }: { readonly of: NonNullable<AuditState['last']> }) {
  const { outcome, ageMs, durationMs, skus, movements, lines, findingCount, findings = [] } = of;
  const isGood = outcome === 'done' && findingCount === 0n;
  const found = outcome === 'failed' ? 'failed, see the log' : counted(findingCount, 'fault');
  return (
    <>
      <Facts
        of={{
          Found: <span class={isGood ? 'status good' : 'status bad'}>{found}</span>,
          Ended: `${duration(Number(ageMs) / 1_000)} ago`,
          Took: duration(Number(durationMs) / 1_000),
          Skus: number(skus),
          Movements: number(movements),
          'Order lines': number(lines),
        }}
      />
      {findings.length > 0 && (
        <Table label="Findings" head={['finding', 'sku', 'order', 'detail']}>
          {findings.map(({ finding, sku, orderID, detail }, index) => (
            <tr key={index}>
              <td>{finding}</td>
              <td>
                <SkuLink sku={sku} />
              </td>
              <td>{orderID !== undefined && <OrderLink id={orderID} />}</td>
              <td>{detail}</td>
            </tr>
          ))}
        </Table>
      )}
    </>
  );
}

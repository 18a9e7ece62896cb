/** The stock: a list of skus, or one sku with its holds and movements. */
import { useState } from 'preact/hooks';
import { call } from '../api.ts';
import { ApiError } from '../api-error.ts';
import { change, counted, number } from '../format.ts';
import { type Loaded, useLoaded } from '../load.ts';
import type { Explanation, Movement, Stock } from '../model.ts';
import {
  Action,
  ById,
  Countdown,
  Guarded,
  OrderLink,
  Problem,
  Search,
  SkuLink,
  Table,
  Time,
} from '../parts/common.tsx';
import { Reload } from '../parts/reload.tsx';
import { Tiles } from '../parts/tiles.tsx';
import { addressOf, go, place } from '../place.ts';
import { useStore } from '../store.ts';
import { AdjustDialog, CountDialog } from './stock-dialogs.tsx';

const REFRESH_MS = 2_000;

export function StockPage() {
  const { filters } = useStore(place);
  const sku = filters.get('sku') ?? '';
  return (
    <Guarded scope="stock:read">
      <Search label="sku" value={sku} isFirst onSearch={(text) => go('stock', { sku: text })} />
      {sku === '' ? (
        <StockList after={filters.get('after') ?? ''} />
      ) : (
        <ById id={sku}>
          <OneStock key={sku} sku={sku} after={filters.get('holds') ?? ''} />
        </ById>
      )}
    </Guarded>
  );
}

function StockList({ after }: { readonly after: string }) {
  const loaded = useLoaded(after, (signal) =>
    call<{ stocks: Stock[]; nextPageToken?: string }>('/stock/list', {
      query: { page_token: after },
      signal,
    }),
  );
  const { value } = loaded;
  return (
    <>
      <Reload of={loaded} />
      {value && (
        <Table label="Stock" head={['sku', '#total', '#reserved', '#available']}>
          {value.stocks.map((each) => (
            <tr key={each.sku}>
              <td>
                <SkuLink sku={each.sku} />
              </td>
              <td class="num">{number(each.total)}</td>
              <td class="num">{number(each.reserved)}</td>
              <td class="num">{number(each.count)}</td>
            </tr>
          ))}
        </Table>
      )}
      {value?.nextPageToken && <a href={addressOf('stock', { after: value.nextPageToken })}>Next page</a>}
    </>
  );
}

type Opened = 'adjust' | 'count' | undefined;

/** @param after the page of the open orders. */
function OneStock({ sku, after }: { readonly sku: string; readonly after: string }) {
  const [opened, setOpened] = useState<Opened>();
  const explained = useLoaded(`explain ${sku} ${after}`, (signal) => explain(sku, after, signal), {
    everyMs: REFRESH_MS,
  });
  const moved = useLoaded(
    `movements ${sku}`,
    (signal) =>
      call<{ movements: Movement[] }>(`/stock/movements/${sku}`, { query: { page_size: '20' }, signal }),
    { everyMs: REFRESH_MS },
  );
  const stock = explained.value;
  const close = () => setOpened(undefined);
  const finish = () => {
    close();
    explained.reload();
    moved.reload();
  };
  const dialog = stock && { stock, onClose: close, onDone: finish };
  return (
    <>
      <Problem of={explained.problem} />
      {stock?.isMissing && <p class="note">This sku has no stock yet.</p>}
      {stock && !stock.isMissing && <Counters of={stock} />}
      {stock && (
        <div class="buttons start">
          <Action scope="stock:write" onClick={() => setOpened('adjust')}>
            Adjust…
          </Action>
          <Action scope="stock:write" isOff={stock.isMissing ?? false} onClick={() => setOpened('count')}>
            Count…
          </Action>
        </div>
      )}
      {stock && !stock.isMissing && <Holds of={stock} />}
      <Movements of={moved} />
      {dialog && opened === 'adjust' && <AdjustDialog {...dialog} />}
      {dialog && opened === 'count' && <CountDialog {...dialog} />}
    </>
  );
}

interface Explained extends Explanation {
  readonly isMissing?: boolean;
}

/** A sku without stock can be adjusted like one that has none left. */
async function explain(sku: string, after: string, signal: AbortSignal): Promise<Explained> {
  const query = { page_size: '10', page_token: after };
  try {
    return await call<Explanation>(`/stock/explain/${sku}`, { query, signal });
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'STOCK_NOT_FOUND') throw error;
    return { sku: BigInt(sku), total: 0n, reserved: 0n, count: 0n, holds: [], isMissing: true };
  }
}

function Counters({ of }: { readonly of: Explanation }) {
  return (
    <Tiles
      of={[
        { name: 'Total', value: number(of.total) },
        { name: 'Reserved', value: number(of.reserved) },
        { name: 'Available', value: number(of.count), isBad: of.count === 0n },
      ]}
    />
  );
}

function Holds({ of }: { readonly of: Explanation }) {
  return (
    <>
      <h2>Held by open orders</h2>
      {of.nextReleaseAt && (
        <p class="faint">
          The next reservation ends in <Countdown to={of.nextReleaseAt} />.
        </p>
      )}
      {of.holds.length === 0 ? (
        <p class="note">No open order {of.nextPageToken ? 'on this page' : ''} holds this sku.</p>
      ) : (
        <Table label="Holds" head={['order', '#pieces', '#ends in']}>
          {of.holds.map(({ orderID, count, expiresAt }) => (
            <tr key={orderID}>
              <td>
                <OrderLink id={orderID} />
              </td>
              <td class="num">{number(count)}</td>
              <td class="num">{expiresAt ? <Countdown to={expiresAt} /> : 'never'}</td>
            </tr>
          ))}
        </Table>
      )}
      {of.nextPageToken && (
        <a href={addressOf('stock', { sku: String(of.sku), holds: of.nextPageToken })}>Further open orders</a>
      )}
    </>
  );
}

function Movements({ of: { value, problem } }: { readonly of: Loaded<{ movements: Movement[] }> }) {
  // The page shows already that there is no stock.
  const shown = problem?.reason === 'STOCK_NOT_FOUND' ? undefined : problem;
  if (value === undefined) return <Problem of={shown} />;
  const head = ['#version', 'kind', '#total', '#reserved', 'cause', 'by', 'written'];
  return (
    <>
      <h2>Latest movements</h2>
      <Problem of={shown} />
      <Table label="Movements" head={head}>
        {value.movements.map((each) => (
          <tr key={each.version}>
            <td class="num faint">{String(each.version)}</td>
            <td>{each.kind}</td>
            <td class="num">
              <Moved by={each.totalChange} to={each.total} />
            </td>
            <td class="num">
              <Moved by={each.reservedChange} to={each.reserved} />
            </td>
            <td>
              <Cause of={each} />
            </td>
            <td>{each.actor ?? '–'}</td>
            <td>
              <Time at={each.createdAt} />
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}

function Moved({ by, to }: { readonly by: bigint; readonly to: bigint }) {
  return (
    <>
      {by !== 0n && <span class={by > 0n ? 'up' : 'down'}>{change(by)} </span>}
      {number(to)}
    </>
  );
}

function Cause({ of: { orderID, orders, reason, reference, note } }: { readonly of: Movement }) {
  if (orderID !== undefined) return <OrderLink id={orderID} />;
  if (orders !== undefined) return <>{counted(orders, 'order')}</>;
  return <>{[reason, reference, note].filter(Boolean).join(' · ') || '–'}</>;
}

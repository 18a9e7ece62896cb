/** The tail of the event feed, with filters by type and a pause. */
import { useEffect, useMemo } from 'preact/hooks';
import { change, number } from '../format.ts';
import { parseExact } from '../json.ts';
import type { FeedEvent } from '../model.ts';
import { Guarded, Items, OrderLink, Problem, SkuLink, Table, Time } from '../parts/common.tsx';
import { go, place } from '../place.ts';
import type { ServerEvent } from '../server-events.ts';
import { useStore } from '../store.ts';
import { EventTail } from '../tail.ts';

const types = [
  ...['order.created', 'order.failed', 'order.payed', 'order.cancelled', 'order.expired', 'order.extended'],
  'stock.adjusted',
];

export function EventsPage() {
  return (
    <Guarded scope="events:read">
      <Filtered />
    </Guarded>
  );
}

function Filtered() {
  const { filters } = useStore(place);
  const asked = (filters.get('types') ?? '').split(',');
  const chosen = types.filter((type) => asked.includes(type));
  const toggle = (type: string) => {
    const next = types.filter((each) => chosen.includes(each) !== (each === type));
    go('events', { types: next.join(',') });
  };
  return (
    <>
      <fieldset class="choices">
        <legend>Types</legend>
        {types.map((type) => (
          <label key={type}>
            <input type="checkbox" checked={chosen.includes(type)} onChange={() => toggle(type)} />
            <span>{type}</span>
          </label>
        ))}
      </fieldset>
      <Tail key={chosen.join()} types={chosen} />
    </>
  );
}

function Tail({ types: chosen }: { readonly types: readonly string[] }) {
  const tail = useMemo(() => new EventTail(chosen), []);
  const { events, count, isPaused, problem } = useStore(tail.state);
  useEffect(() => {
    tail.resume();
    return () => tail.pause();
  }, [tail]);
  return (
    <>
      <div class="buttons start">
        <button
          type="button"
          aria-pressed={isPaused}
          onClick={() => (isPaused ? tail.resume() : tail.pause())}
        >
          {isPaused ? 'Resume' : 'Pause'}
        </button>
        <span class="faint" role="status">
          {isPaused && 'Paused: nothing is read, and nothing will be missed.'}
        </span>
        {/* No status: a screen reader would read each change of the number. */}
        {!isPaused && <span class="faint">{number(count)} received</span>}
      </div>
      <Problem of={problem} />
      {events.length === 0 ? (
        <p class="note">No event yet.</p>
      ) : (
        <Table label="Events" head={['time', 'type', 'subject', 'what', '#sequence']}>
          {events.map((event) => (
            <Row key={event.id} of={event} />
          ))}
        </Table>
      )}
    </>
  );
}

function Row({ of }: { readonly of: ServerEvent }) {
  const { type, time, sequence, data } = useMemo(() => parseExact<FeedEvent>(of.data), [of]);
  return (
    <tr>
      <td>
        <Time at={time} />
      </td>
      <td>{type.replace(/^loms\.|\.v1$/g, '')}</td>
      <td>
        {data.orderID !== undefined && (
          <>
            order <OrderLink id={data.orderID} />
          </>
        )}
        {data.sku !== undefined && (
          <>
            sku <SkuLink sku={data.sku} />
          </>
        )}
      </td>
      <td>
        <Detail of={data} />
      </td>
      <td class="num faint">{sequence.replace(/^0+/, '')}</td>
    </tr>
  );
}

function Detail({ of: { reason, items = [], totalChange, total } }: { readonly of: FeedEvent['data'] }) {
  return (
    <>
      <Items of={items} />
      {totalChange !== undefined && `${change(totalChange)} → ${number(total)} `}
      {reason && <span class="faint"> {reason}</span>}
    </>
  );
}

/** What happened to an order, by its events. */
import { call } from '../api.ts';
import { useLoaded } from '../load.ts';
import type { Order, OrderEvent } from '../model.ts';
import { Time, useMay } from '../parts/common.tsx';
import { Reload } from '../parts/reload.tsx';
import { serviceNowMs } from '../samples.ts';

/**
 * Each page looks at a bounded part of the feed, which begins a minute before the order. At the highest rates
 * that minute has as many pages.
 */
const PAGES_MAX = 100;

/** An event is in the feed a moment after its change: that of one so recent is waited for. */
const RECENT_MS = 10_000;
const WAIT_SECONDS = '5';

export function Timeline({ id, order }: { readonly id: string; readonly order: Order }) {
  const isOn = useMay('events:read');
  const state = `${id} ${order.status} ${order.updatedAt} ${order.expiresAt}`;
  const loaded = useLoaded(state, (signal) => readEvents(id, order, signal), { isOn });
  const { value } = loaded;
  return (
    <section>
      <h2>Timeline</h2>
      {!isOn && (
        <p class="note">
          This needs the scope <code>events:read</code>.
        </p>
      )}
      {isOn && <Reload of={loaded} />}
      {value?.isWhole === false && (
        <p class="note">
          There may be {value.events.length > 0 && 'later '}events: a part of the feed behind the creation was
          searched.
        </p>
      )}
      {value?.isWhole && value.events.length === 0 && <p class="note">Its events are not kept any more.</p>}
      <ol class="timeline">
        {value?.events.map((event) => (
          <li key={event.id}>
            <strong>{event.type.replace(/^loms\.order\.|\.v1$/g, '')}</strong>
            {event.data.reason && <span> {event.data.reason}</span>}
            <div class="faint">
              <Time at={event.time} />
              {event.data.expiresAt && event.data.status === 'awaiting payment' && (
                <>
                  {' · ends '}
                  <Time at={event.data.expiresAt} />
                </>
              )}
              {event.traceparent && (
                <>
                  {' · request '}
                  <code>{event.traceparent.split('-')[1]}</code>
                </>
              )}
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}

interface EventPage {
  readonly events: readonly OrderEvent[];
  readonly nextPageToken: string;
}

/** Whether an event shows the order as it is now. An extension does not change its status. */
function isCurrent({ status, expiresAt }: Order, { data }: OrderEvent): boolean {
  return data.status === status && (status !== 'awaiting payment' || data.expiresAt === expiresAt);
}

interface Found {
  readonly events: readonly OrderEvent[];
  /** Whether the search came to the present state of the order, or to the end of the feed. */
  readonly isWhole: boolean;
}

/** Reads the feed from the creation of the order until the order is in the state that it has now. */
async function readEvents(id: string, order: Order, signal: AbortSignal): Promise<Found> {
  const events: OrderEvent[] = [];
  const isRecent = serviceNowMs() - Date.parse(order.updatedAt ?? '') < RECENT_MS;
  let token = '';
  let waitSeconds = '';
  for (let page = 0; page < PAGES_MAX; page++) {
    const query = {
      order_id: id,
      page_size: '100',
      wait_seconds: waitSeconds,
      ...(token === '' ? { from: 'beginning' } : { page_token: token }),
    };
    const { events: more, nextPageToken } = await call<EventPage>('/event/list', { query, signal });
    events.push(...more);
    const last = events.at(-1);
    if (last !== undefined && isCurrent(order, last)) return { events, isWhole: true };
    if (nextPageToken === token) {
      if (!isRecent || waitSeconds !== '') return { events, isWhole: true };
      waitSeconds = WAIT_SECONDS;
    }
    token = nextPageToken;
  }
  return { events, isWhole: false };
}

/** The frame of the console: pages, keys of the keyboard, and the question for a token. */
import { useEffect, useRef } from 'preact/hooks';
import { EventsPage } from './pages/events.tsx';
import { HealthPage } from './pages/health.tsx';
import { NowPage } from './pages/now.tsx';
import { OrdersPage } from './pages/orders.tsx';
import { StockPage } from './pages/stock.tsx';
import { Problem } from './parts/common.tsx';
import { addressOf, go, type PageName, pages, place } from './place.ts';
import { session, setToken, token } from './session.ts';
import { useStore } from './store.ts';

const components: Readonly<Record<PageName, () => preact.JSX.Element>> = {
  now: NowPage,
  stock: StockPage,
  orders: OrdersPage,
  events: EventsPage,
  health: HealthPage,
};

const title = (page: PageName) => page.charAt(0).toUpperCase() + page.slice(1);

export function App() {
  const { page } = useStore(place);
  const { state, problem } = useStore(session);
  useEffect(() => {
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  useEffect(() => {
    document.title = `${title(page)} · loms`;
  }, [page]);
  const Page = components[page];
  const isKnown = state === 'admitted' || state === 'lost';
  return (
    <>
      <header>
        <strong class="brand">loms</strong>
        <nav aria-label="Pages">
          {pages.map((name, index) => (
            <a
              key={name}
              href={addressOf(name)}
              aria-current={name === page ? 'page' : undefined}
              aria-keyshortcuts={String(index + 1)}
            >
              {title(name)}
            </a>
          ))}
        </nav>
        <Caller />
      </header>
      <main>
        <h1>{title(page)}</h1>
        {state === 'lost' && (
          <p class="problem" role="status">
            The service cannot be reached. The console tries again every second; until then it shows old
            values.
          </p>
        )}
        {state === 'refused' ? <TokenForm /> : isKnown && <Page key={page} />}
        {state === 'lost' && <Problem of={problem} />}
      </main>
    </>
  );
}

function Caller() {
  const { state, caller } = useStore(session);
  const hasToken = useStore(token) !== '';
  return (
    <div class="caller">
      <span class={`dot ${state}`} role="img" aria-label={state} title={state} />
      {hasToken && (
        <>
          <span>{caller}</span>
          <button type="button" onClick={() => setToken('')}>
            Forget token
          </button>
        </>
      )}
    </div>
  );
}

function TokenForm() {
  const { problem } = useStore(session);
  const field = useRef<HTMLInputElement>(null);
  return (
    <form
      class="card narrow"
      onSubmit={(event) => {
        event.preventDefault();
        setToken(field.current?.value.trim() ?? '');
      }}
    >
      <p>
        This service requires a token. It is kept in this tab only, and sent to this service only. Its scopes
        decide what can be done here.
      </p>
      <label>
        <span>Token</span>
        <input
          ref={field}
          type="password"
          autocomplete="off"
          spellcheck={false}
          required
          // No other character can be sent: the request would fail as if the service were down.
          pattern="\s*[!-~]+\s*"
          title="a token: letters, digits and signs of ASCII, without spaces"
        />
      </label>
      <Problem of={problem} />
      <div class="buttons">
        <button type="submit" class="primary">
          Use token
        </button>
      </div>
    </form>
  );
}

/** 1 to 5 open the pages, and / goes to the search; not while something is typed, or a dialog is open. */
function onKey(event: KeyboardEvent): void {
  const { target, key } = event;
  const isTyping = target instanceof HTMLElement && target.matches('input, select, textarea');
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog')) return;
  const page = pages[Number(key) - 1];
  if (page !== undefined) go(page);
  const search = document.querySelector<HTMLInputElement>('[data-search]');
  if (key !== '/' || search === null) return;
  event.preventDefault();
  search.focus();
  search.select();
}

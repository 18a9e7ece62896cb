/** Small parts that all pages use. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ApiError } from '../api-error.ts';
import { countdown, moment, number } from '../format.ts';
import type { Order } from '../model.ts';
import { addressOf } from '../place.ts';
import { serviceNowMs } from '../samples.ts';
import { session } from '../session.ts';
import { useStore } from '../store.ts';

/** An error with its reason, and the id by which the log has it. */
export function Problem({ of }: { readonly of: ApiError | undefined }) {
  if (of === undefined) return null;
  return (
    <div class="problem" role="alert">
      <strong>{of.reason || `HTTP ${of.status}`}</strong> {of.message}
      {of.requestId && (
        <div class="faint">
          request <code>{of.requestId}</code>
        </div>
      )}
    </div>
  );
}

/** The time until an instant, counted down by the clock of the service. */
export function Countdown({ to }: { readonly to: string }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
  const leftMs = Date.parse(to) - serviceNowMs();
  if (leftMs <= 0) return <span class="warn">ended</span>;
  return <span class={leftMs < 30_000 ? 'num warn' : 'num'}>{countdown(leftMs)}</span>;
}

export function Time({ at }: { readonly at: string | undefined }) {
  if (at === undefined) return <>–</>;
  return (
    <time dateTime={at} title={at}>
      {moment(at)}
    </time>
  );
}

const tones: Readonly<Record<string, string>> = {
  'awaiting payment': 'open',
  payed: 'good',
  cancelled: 'quiet',
  failed: 'bad',
};

export function Status({ of }: { readonly of: string }) {
  return <span class={`status ${tones[of] ?? 'quiet'}`}>{of}</span>;
}

export function OrderLink({ id }: { readonly id: bigint }) {
  return <a href={addressOf('orders', { id: String(id) })}>{String(id)}</a>;
}

export function SkuLink({ sku }: { readonly sku: bigint }) {
  return <a href={addressOf('stock', { sku: String(sku) })}>{String(sku)}</a>;
}

const ITEMS_SHOWN = 3;

/** The lines of an order, of many the first ones. */
export function Items({ of: items }: { readonly of: Order['items'] }) {
  return (
    <>
      {items.slice(0, ITEMS_SHOWN).map(({ sku, count }, index) => (
        <span key={sku}>
          {index > 0 && ', '}
          {number(count)} × <SkuLink sku={sku} />
        </span>
      ))}
      {items.length > ITEMS_SHOWN && ` and ${items.length - ITEMS_SHOWN} more`}
    </>
  );
}

/** A table that scrolls sideways by itself where the screen is narrow. */
export function Table({ label, head, children }: TableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by the keyboard.
    <section class="scroll" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {head.map((title) => (
              <th key={title} scope="col" class={title.startsWith('#') ? 'num' : undefined}>
                {title.replace('#', '')}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

interface TableProps {
  readonly label: string;
  /** Titles of the columns; one of numbers begins with `#`. */
  readonly head: readonly string[];
  readonly children: ComponentChildren;
}

/** Names of values, and the values. */
export function Facts({ of }: { readonly of: Readonly<Record<string, ComponentChildren>> }) {
  return (
    <dl class="facts">
      {Object.entries(of).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Whether the caller may use what needs a scope. */
export function useMay(scope: string): boolean {
  return useStore(session).scopes.includes(scope);
}

interface ActionProps {
  readonly scope: string;
  readonly onClick: () => void;
  readonly isOff?: boolean;
  readonly children: ComponentChildren;
}

/** A button that is disabled for a caller without its scope, and shows which one is missing. */
export function Action({ scope, onClick, isOff = false, children }: ActionProps) {
  const may = useMay(scope);
  const title = may ? undefined : `needs the scope ${scope}`;
  return (
    <button type="button" disabled={!may || isOff} title={title} onClick={onClick}>
      {children}
    </button>
  );
}

/** What stands in place of a page that the caller may not read. */
export function Guarded({
  scope,
  children,
}: {
  readonly scope: string;
  readonly children: ComponentChildren;
}) {
  const { state } = useStore(session);
  const may = useMay(scope);
  if (may || state !== 'admitted') return <>{children}</>;
  return (
    <p class="note">
      This needs the scope <code>{scope}</code>, which your token does not have.
    </p>
  );
}

/** What an id leads to. The address, where it stands, may have been edited: ids become parts of paths. */
export function ById({ id, children }: { readonly id: string; readonly children: ComponentChildren }) {
  if (/^\d+$/.test(id)) return <>{children}</>;
  return (
    <p class="problem" role="alert">
      <strong>{id}</strong> is not an id: ids are whole numbers.
    </p>
  );
}

interface SearchProps {
  readonly label: string;
  readonly value: string;
  readonly onSearch: (text: string) => void;
  /** Whether the key `/` goes here. */
  readonly isFirst?: boolean;
}

/** A field that takes digits. */
export function Search({ label, value, onSearch, isFirst = false }: SearchProps) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <form
      class="search"
      onSubmit={(event) => {
        event.preventDefault();
        onSearch(field.current?.value.trim() ?? '');
      }}
    >
      <label>
        <span>{label}</span>
        <input
          ref={field}
          key={value}
          defaultValue={value}
          type="search"
          inputMode="numeric"
          pattern="[0-9]{1,19}"
          title="a whole number"
          data-search={isFirst ? '' : undefined}
        />
      </label>
      <button type="submit">Show</button>
    </form>
  );
}

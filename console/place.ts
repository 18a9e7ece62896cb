/** Where the user is: page and filters, which stand in the address behind `#`. */
import { Store } from './store.ts';

export const pages = ['now', 'stock', 'orders', 'events', 'health'] as const;

export type PageName = (typeof pages)[number];

export interface Place {
  readonly page: PageName;
  readonly filters: URLSearchParams;
}

/** Reads a place such as `#/stock?sku=7`; without a known page it is the first one. */
export function placeOf(hash: string): Place {
  const [, name = '', query = ''] = /^#?\/?([^?]*)(?:\?(.*))?$/.exec(hash) ?? [];
  const page = pages.find((known) => known === name) ?? 'now';
  return { page, filters: new URLSearchParams(query) };
}

/** The address of a place. Filters without a value are left out. */
export function addressOf(
  page: PageName,
  filters: Readonly<Record<string, string | undefined>> = {},
): string {
  const set = Object.entries(filters).flatMap(([name, value]) => (value ? [[name, value]] : []));
  const query = new URLSearchParams(set).toString();
  return `#/${page}${query && `?${query}`}`;
}

export const place = new Store<Place>(placeOf(globalThis.location?.hash ?? ''));

globalThis.addEventListener?.('hashchange', () => place.set(placeOf(location.hash)));

/** Goes to a place. */
export function go(page: PageName, filters?: Readonly<Record<string, string | undefined>>): void {
  location.hash = addressOf(page, filters);
}

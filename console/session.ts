/** Who uses the console: the token, and what the service admits it to. */
import type { ApiError } from './api-error.ts';
import { Store } from './store.ts';

export interface Session {
  /**
   * `refused`: the service wants another token. `lost`: it cannot be reached, and is tried again.
   */
  readonly state: 'connecting' | 'admitted' | 'refused' | 'lost';
  readonly caller: string;
  readonly scopes: readonly string[];
  readonly version: string;
  readonly problem?: ApiError | undefined;
}

const TOKEN = 'loms.token';

export const session = new Store<Session>({ state: 'connecting', caller: '', scopes: [], version: '' });

/** The token is kept until the browser's tab is closed, and nowhere else. */
export const token = new Store<string>(globalThis.sessionStorage?.getItem(TOKEN) ?? '');

/** Takes another token; an empty one forgets it. */
export function setToken(text: string): void {
  if (text === '') sessionStorage.removeItem(TOKEN);
  else sessionStorage.setItem(TOKEN, text);
  session.set({ ...session.value, state: 'connecting', problem: undefined });
  token.set(text);
}

export function authorization(): Record<string, string> {
  return token.value === '' ? {} : { authorization: `Bearer ${token.value}` };
}

/**
 * The list of stock that has changed, for search indexes and caches: each sku once, with what is there now.
 *
 * A page reads a window of the feed's batches. Where these have changed more skus than the page holds, its
 * token leads to the rest of the window.
 */
import type { Queryable, Reader } from '../../db/types.ts';
import { eventBatchNth, eventSkuRead } from '../../generated/sql/events.ts';
import type { Call } from '../call.ts';
import { type Cursor, headOf, stateOf } from '../events/cursor.ts';
import { accepted, type Outcome, refused } from '../outcome.ts';
import { onePage, pageSizeOf, pageToken, positionsOf } from '../page.ts';
import { fixedRefusals } from '../refusals.ts';
import type { Settings } from '../settings.ts';
import { invalidFields } from '../violations.ts';
import { type Stock, stockOf } from './stock.ts';

export interface ListStockChangesRequest {
  /** As it was sent: 0 stands for the default. */
  readonly pageSize: number;
  /** Empty to begin now. */
  readonly pageToken: string;
  /** How long the service waits for a change before it replies that there is none. */
  readonly waitSeconds: number;
}

/** A window of the feed behind a cursor, of which the skus up to one were listed. */
interface Window {
  readonly cursor: Cursor;
  /** Its last event; undefined where the window is still to be chosen. */
  readonly end: Cursor | undefined;
  readonly afterSku: bigint;
}

/** A request as a batch takes it. */
export interface StockChangesToRead {
  readonly pageSize: number;
  /** Undefined to begin now. */
  readonly window: Window | undefined;
}

export interface StockChanges {
  readonly stocks: readonly Stock[];
  readonly nextPageToken: string;
  /** Behind which there is more to list, now or later, where the page is empty. */
  readonly next: Cursor;
}

/** A batch changes at most as many skus as it has lines, so this bounds what a page reads. */
const WINDOW_BATCHES = 64;

/** Names the list in its tokens. */
const LIST = 'stock changes';
const NUMBERS = 5;

const badToken = refused(invalidFields('ListStockChangesRequest', ['pageToken']));

/** Reads the token of a request. Refuses with INVALID_REQUEST one that is not of this list. */
export function prepareStockChanges(
  { pageSize, pageToken: token }: ListStockChangesRequest,
  _call: Call,
  { pageTokenKey }: Settings,
): Outcome<StockChangesToRead> {
  const size = pageSizeOf(pageSize);
  if (token === '') return accepted({ pageSize: size, window: undefined });
  const numbers = positionsOf(pageTokenKey, LIST, token, NUMBERS);
  if (numbers === undefined) return badToken;
  const [position = 0n, us = 0n, endPosition = 0n, endUs = 0n, afterSku = 0n] = numbers;
  const end = endPosition === 0n ? undefined : { position: endPosition, us: endUs };
  return accepted({ pageSize: size, window: { cursor: { position, us }, end, afterSku } });
}

function tokenOf(key: Uint8Array, { cursor, end, afterSku }: Window): string {
  return pageToken(key, LIST, cursor.position, cursor.us, end?.position ?? 0n, end?.us ?? 0n, afterSku);
}

/** Reads a page for each request. Refuses with CURSOR_EXPIRED. */
export async function listStockChanges(
  db: Reader,
  requests: readonly StockChangesToRead[],
  { pageTokenKey }: Settings,
): Promise<Outcome<StockChanges>[]> {
  const pages: Outcome<StockChanges>[] = [];
  for (const { pageSize, window = beginAt(await headOf(db)) } of requests) {
    const page = await readPage(db, window, pageSize);
    if (page === undefined) pages.push(refused(fixedRefusals.cursorExpired));
    else pages.push(accepted(listedOf(page, pageTokenKey)));
  }
  return pages;
}

function listedOf({ stocks, next }: Page, key: Uint8Array): StockChanges {
  return { stocks, nextPageToken: tokenOf(key, next), next: next.cursor };
}

function beginAt(cursor: Cursor): Window {
  return { cursor, end: undefined, afterSku: 0n };
}

interface Page {
  readonly stocks: readonly Stock[];
  /** What the next page reads. */
  readonly next: Window;
}

/** Returns undefined where the cursor, or the end of the window, has expired. */
async function readPage(db: Reader, window: Window, pageSize: number): Promise<Page | undefined> {
  const endState = window.end && (await stateOf(db, window.end));
  if (endState === 'expired') return undefined;
  // A node that is behind the end lacks a part of the window: it must not be passed over.
  const page = endState === 'ahead' ? { stocks: [], next: window } : await readWindow(db, window, pageSize);
  // Checked after the read. Removal begins with the oldest events: if that of the cursor is still there, none
  // behind it was removed.
  return (await stateOf(db, window.cursor)) === 'expired' ? undefined : page;
}

async function readWindow(
  db: Queryable,
  { cursor, end: chosen, afterSku }: Window,
  pageSize: number,
): Promise<Page> {
  const end = chosen ?? (await chooseEnd(db, cursor));
  if (end === undefined) return { stocks: [], next: beginAt(cursor) };
  const range = { after: cursor.position, upTo: end.position, afterSku };
  const rows = await eventSkuRead.run({ ...range, limit: BigInt(pageSize + 1) }, db);
  const { listed, last } = onePage(rows, pageSize);
  const stocks = listed.map(stockOf);
  return { stocks, next: last === undefined ? beginAt(end) : { cursor, end, afterSku: last.sku } };
}

async function chooseEnd(db: Queryable, cursor: Cursor): Promise<Cursor | undefined> {
  const [last] = await eventBatchNth.run({ after: cursor.position, batches: BigInt(WINDOW_BATCHES) }, db);
  return last && { position: last.position, us: last.us };
}

/** The event feed over REST, page by page: what the examples that follow it share. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, parseNumberAndBigInt } from 'lossless-json';

const baseUrl = process.env.LOMS_URL ?? 'http://127.0.0.1:8080';
/** With the scope `events:read`; not needed where access is open. */
const { LOMS_TOKEN } = process.env;

/** Longer than the service waits for an event, so that only a dead connection takes so long. */
const ATTEMPT_TIMEOUT_MS = 30_000;

/** An event as CloudEvents 1.0. Integers are bigint: `stringify` of lossless-json prints the same digits. */
export interface FeedEvent<Data = unknown> {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly sequence: string;
  readonly data: Data;
}

export interface OrderChange {
  readonly orderID: bigint;
  readonly version: bigint;
  readonly status: string;
  readonly items: readonly { readonly sku: bigint; readonly count: bigint }[];
}

export interface FeedPage<Data = unknown> {
  readonly events: readonly FeedEvent<Data>[];
  readonly nextPageToken: string;
}

/**
 * Reads the page behind a token. An empty token stands for the first event that is kept. While the service or
 * the connection fails for the moment, it tries again.
 *
 * @param query further parameters of `GET /event/list`.
 * @throws where the token is refused: CURSOR_EXPIRED means that events behind it were removed.
 */
export async function readPage<Data>(
  token: string,
  query: Readonly<Record<string, string>>,
): Promise<FeedPage<Data>> {
  const begin = token === '' ? { from: 'beginning' } : { page_token: token };
  const url = `${baseUrl}/event/list?${new URLSearchParams({ ...query, ...begin })}`;
  const headers: Record<string, string> = LOMS_TOKEN ? { authorization: `Bearer ${LOMS_TOKEN}` } : {};
  for (;;) {
    const reply = await attempt(url, headers);
    if (reply?.status === 200) return parse(reply.text, undefined, parseNumberAndBigInt) as FeedPage<Data>;
    if (reply && ![429, 503, 504].includes(reply.status)) throw new Error(reply.text);
    await sleep(1_000 * Number(reply?.retryAfter ?? 1));
  }
}

/** Sends a request once. Returns undefined where no reply has come. */
async function attempt(url: string, headers: Record<string, string>) {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(ATTEMPT_TIMEOUT_MS) });
    const text = await response.text();
    return { status: response.status, text, retryAfter: response.headers.get('retry-after') };
  } catch {
    return undefined;
  }
}

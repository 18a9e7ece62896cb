/** The services of a run, on one database: one is open to all callers, the other requires tokens. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AUDIENCE, createIssuer, ISSUER, writeKeys } from '../../test/support/issuer.ts';
import { type Caller, makeCallers } from './callers.ts';
import type { ServiceName } from './case.ts';
import { HOST } from './http-bytes.ts';
import { type MeasuredService, startMeasured } from './memory.ts';

export interface Services extends Readonly<Record<ServiceName, MeasuredService>> {
  /** The callers of the guarded one. */
  readonly callers: readonly Caller[];
  /** @throws when one of them is not ready. */
  areReady(): Promise<void>;
  end(): Promise<void>;
}

/**
 * Starts both. When one does not start, the other is stopped.
 *
 * @param args of Node.js, to run the service.
 */
export async function startServices(
  args: readonly string[],
  { primaryUrl, replicaUrls }: { readonly primaryUrl: string; readonly replicaUrls: readonly string[] },
): Promise<Services> {
  const closers: (() => Promise<unknown>)[] = [];
  const end = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  const start = async (settings: Record<string, string>) => {
    const service = await startMeasured(args, {
      DATABASE_URL: primaryUrl,
      DATABASE_REPLICA_URLS: replicaUrls.join(','),
      ...settings,
    });
    closers.push(service.end);
    return service;
  };
  try {
    const issuer = await createIssuer();
    const dir = await mkdtemp(join(tmpdir(), 'loms-fuzz-'));
    closers.push(() => rm(dir, { recursive: true }));
    const keys = join(dir, 'jwks.json');
    await writeKeys(issuer, keys);
    const open = await start({ AUTH: 'none', ALLOWED_HOSTS: HOST[1] });
    const tokens = { AUTH_JWKS: keys, AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE };
    const guarded = await start({ AUTH: 'jwt', ...tokens });
    const areReady = async () => {
      for (const { ports } of [open, guarded]) {
        const { status } = await fetch(`http://127.0.0.1:${ports.REST}/readyz`);
        if (status !== 200) throw new Error(`/readyz answers ${status}`);
      }
    };
    return { open, guarded, callers: await makeCallers(issuer), areReady, end };
  } catch (error) {
    await end();
    throw error;
  }
}

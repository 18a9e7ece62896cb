/** The whole service for tests, in their own process: the app with REST and gRPC on free ports. */
import { afterAll, beforeAll } from 'vitest';
import { type App, startApp } from '../../src/app/app.ts';
import { readConfig } from '../../src/config/config.ts';
import type { Client } from './client.ts';
import { type TestDatabase, useDatabase } from './database.ts';
import { grpcClient } from './grpc-client.ts';
import { quiet } from './quiet.ts';
import { restClient } from './rest-client.ts';

export interface TestService {
  readonly app: App;
  readonly rest: Client;
  readonly grpc: Client;
  stop(): Promise<void>;
}

/**
 * Starts the service on a database.
 *
 * @param settings environment variables, as an operator sets them.
 * @param logger for tests that read the log.
 */
export async function startService(
  urls: { primaryUrl: string; replicaUrls: readonly string[] },
  settings: Record<string, string> = {},
  logger = quiet,
): Promise<TestService> {
  const config = readConfig({
    HTTP_PORT: '0',
    GRPC_PORT: '0',
    DATABASE_URL: urls.primaryUrl,
    DATABASE_REPLICA_URLS: urls.replicaUrls.join(','),
    ...settings,
  });
  const app = await startApp(config, logger);
  const rest = restClient(app.httpPort);
  const grpc = grpcClient(app.grpcPort);
  return {
    app,
    rest,
    grpc,
    async stop() {
      rest.close();
      grpc.close();
      await app.stop();
    },
  };
}

/** The service on a database of its own, for the tests of a file or block; settings as in `startService`. */
export function useService(settings?: Record<string, string>): {
  database: TestDatabase;
  service: Omit<TestService, 'stop'>;
} {
  const database = useDatabase();
  let started: TestService | undefined;
  const service = () => {
    if (started === undefined) throw new Error('the service has not been started');
    return started;
  };
  beforeAll(async () => {
    started = await startService(database, settings);
  });
  afterAll(() => started?.stop());
  return {
    database,
    service: {
      get app() {
        return service().app;
      },
      get rest() {
        return service().rest;
      },
      get grpc() {
        return service().grpc;
      },
    },
  };
}

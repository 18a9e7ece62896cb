/** The gRPC server on Loms in memory, and calls of it with their errors decoded. */
import { Client, credentials, Metadata, type MethodDefinition, type ServiceError } from '@grpc/grpc-js';
import { onTestFinished } from 'vitest';
import type { Loms } from '../../src/domain/operations.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { Deadlines } from '../../src/timing/deadlines.ts';
import { type GrpcServer, type GrpcServerOptions, startGrpcServer } from '../../src/transport/grpc/server.ts';
import { MemoryLoms } from './memory-loms.ts';
import { quiet, quietRequests } from './quiet.ts';
import { statusOf } from './status.ts';

export const REQUEST_TIMEOUT_MS = 3_000;

export interface TestServer extends GrpcServer {
  readonly client: Client;
  readonly address: string;
}

interface TestServerOptions extends Omit<Partial<GrpcServerOptions>, 'loms'> {
  readonly loms?: Partial<Loms>;
}

/** Starts a server on a free port, with a client; both are closed with the test. */
export async function startTestServer({
  loms = new MemoryLoms(),
  ...options
}: TestServerOptions = {}): Promise<TestServer> {
  const server = await startGrpcServer({
    loms: loms as Loms,
    logger: quiet,
    requestLog: quietRequests,
    metrics: new Metrics(),
    host: '127.0.0.1',
    port: 0,
    deadlines: new Deadlines(),
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    ...options,
  });
  const address = `127.0.0.1:${server.port}`;
  const client = new Client(address, credentials.createInsecure());
  onTestFinished(async () => {
    client.close();
    await server.stop(0);
  });
  return { ...server, client, address };
}

/** The error of a call. `details` are decoded, each with its type. */
export interface Refused {
  readonly code: number;
  readonly message: string;
  readonly details: readonly unknown[];
}

export type Answer<Reply> = { readonly reply: Reply } | { readonly refused: Refused };

/** Calls a method; `deadlineMs` is in milliseconds since the epoch. */
export function ask<Request, Reply>(
  client: Client,
  method: Pick<MethodDefinition<Request, Reply>, 'path' | 'requestSerialize' | 'responseDeserialize'>,
  request: Request,
  deadlineMs = Number.POSITIVE_INFINITY,
  metadata = new Metadata(),
): Promise<Answer<Reply>> {
  const { path, requestSerialize, responseDeserialize } = method;
  const options = { deadline: deadlineMs };
  return new Promise<Answer<Reply> | ServiceError>((resolve) => {
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
      options,
      (error, reply) => {
        if (error) resolve(error);
        else if (reply !== undefined) resolve({ reply });
      },
    );
  }).then((answer) => (answer instanceof Error ? refusedBy(answer) : answer));
}

function refusedBy(error: ServiceError): { readonly refused: Refused } {
  return { refused: statusOf(error) ?? { code: error.code, message: error.details, details: [] } };
}

/** A method whose messages are bytes, also ones that the contract forbids. */
export function raw(path: string) {
  const copy = (bytes: Uint8Array) => Buffer.from(bytes);
  return { path, requestSerialize: copy, responseDeserialize: copy };
}

/** The gRPC server over Loms in memory, and a client that tells all that a refusal says. */
import { Client, credentials, Metadata, type MethodDefinition, type ServiceError } from '@grpc/grpc-js';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { BadRequest, ErrorInfo, RetryInfo } from '../../src/generated/proto/google/rpc/error_details.ts';
import { Status } from '../../src/generated/proto/google/rpc/status.ts';
import { InsufficientStock } from '../../src/generated/proto/loms/order/v1/order.ts';
import { Deadlines } from '../../src/timing/deadlines.ts';
import { DETAILS_TRAILER } from '../../src/transport/grpc/errors.ts';
import { type GrpcServer, type GrpcServerOptions, startGrpcServer } from '../../src/transport/grpc/server.ts';
import { MemoryLoms } from './memory-loms.ts';

export const REQUEST_TIMEOUT_MS = 3_000;

export interface TestServer extends GrpcServer {
  readonly client: Client;
  readonly address: string;
}

/** Starts a server on a free port, with a client; both end with the test. */
export async function startTestServer(options: Partial<GrpcServerOptions> = {}): Promise<TestServer> {
  const server = await startGrpcServer({
    loms: new MemoryLoms(),
    logger: pino({ level: 'silent' }),
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

/** A call that got a status instead of a reply. `details` are decoded, each with its type. */
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
): Promise<Answer<Reply>> {
  const { path, requestSerialize, responseDeserialize } = method;
  const options = { deadline: deadlineMs };
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      new Metadata(),
      options,
      (error, reply) => {
        if (error) resolve({ refused: refusedOf(error) });
        else if (reply !== undefined) resolve({ reply });
      },
    );
  });
}

/** A method that takes bytes as they are, whatever a contract says of them. */
export function raw(path: string) {
  const asItIs = (bytes: Uint8Array) => Buffer.from(bytes);
  return { path, requestSerialize: asItIs, responseDeserialize: asItIs };
}

function refusedOf(error: ServiceError): Refused {
  const [trailer] = error.metadata.get(DETAILS_TRAILER);
  if (!Buffer.isBuffer(trailer)) return { code: error.code, message: error.details, details: [] };
  const status = Status.decode(trailer);
  if (status.code !== error.code || status.message !== error.details) {
    throw new Error(`the trailer says ${status.code} ${status.message}, the status ${error.message}`);
  }
  const details = status.details.map(({ typeUrl, value }) => ({ type: typeUrl, ...decode(typeUrl, value) }));
  return { code: error.code, message: error.details, details };
}

function decode(typeUrl: string, value: Uint8Array): object {
  switch (typeUrl) {
    case 'type.googleapis.com/google.rpc.ErrorInfo':
      return ErrorInfo.decode(value);
    case 'type.googleapis.com/google.rpc.BadRequest':
      return BadRequest.decode(value);
    case 'type.googleapis.com/google.rpc.RetryInfo':
      return RetryInfo.decode(value);
    case 'type.googleapis.com/loms.order.v1.InsufficientStock':
      return InsufficientStock.decode(value);
    default:
      throw new Error(`unexpected detail: ${typeUrl}`);
  }
}

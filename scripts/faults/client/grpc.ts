/** gRPC, by grpc-js. */
import {
  connectivityState,
  credentials,
  Client as GrpcChannel,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { ErrorInfo } from '../../../src/generated/proto/google/rpc/error_details.ts';
import { Status } from '../../../src/generated/proto/google/rpc/status.ts';
import {
  type CreateOrderResponse,
  type GetOrderResponse,
  InsufficientStock,
  OrderServiceService,
} from '../../../src/generated/proto/loms/order/v1/order.ts';
import {
  type GetStockResponse,
  StockServiceService,
} from '../../../src/generated/proto/loms/stock/v1/stock.ts';
import { DETAILS_TRAILER } from '../../../src/transport/grpc/errors.ts';
import type { Answer, Manner, Request } from '../history.ts';
import { type Client, LISTEN_ON_MS, lostAnswer, notSent, readAnswer, refusalAnswer } from './client.ts';

const methods = {
  create: OrderServiceService.createOrder,
  get: OrderServiceService.getOrder,
  pay: OrderServiceService.payOrder,
  cancel: OrderServiceService.cancelOrder,
  stock: StockServiceService.getStock,
};

/** Connections to one process, so that the loss of one is not the loss of all. */
const CHANNELS = 4;

const options = {
  'grpc.use_local_subchannel_pool': 1,
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.min_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 200,
};

/** Opens a client with a few connections that calls share. */
export function openGrpc(port: number): Client {
  const channels = Array.from(
    { length: CHANNELS },
    () => new GrpcChannel(`127.0.0.1:${port}`, credentials.createInsecure(), options),
  );
  let turn = 0;
  return {
    call: (request, manner) => call(channels[turn++ % CHANNELS] as GrpcChannel, request, manner),
    close() {
      for (const channel of channels) channel.close();
    },
  };
}

function call(channel: GrpcChannel, request: Request, manner: Manner): Promise<Answer> {
  const { path, requestSerialize, responseDeserialize } = methods[request.operation];
  const metadata = new Metadata();
  // The deadline is told to the service but not to the library, which would end the call by itself at that
  // moment: so it shows whether the service does.
  metadata.set('grpc-timeout', `${manner.deadlineMs}m`);
  if (request.key !== undefined) metadata.set('idempotency-key', request.key);
  return new Promise((resolve) => {
    // The library throws when a call is made on a closed channel, as at the end of a run that is broken off.
    const state = channel.getChannel().getConnectivityState(false);
    if (state === connectivityState.SHUTDOWN) return resolve(notSent);
    let left = '';
    const sent = channel.makeUnaryRequest(
      path,
      requestSerialize as (value: unknown) => Buffer,
      responseDeserialize as (bytes: Buffer) => unknown,
      messageOf(request),
      metadata,
      (error, reply) => {
        for (const timer of timers) clearTimeout(timer);
        const isOpen = state === connectivityState.READY;
        const answer = error ? failureOf(error, left, isOpen) : answerOf(request, reply);
        resolve(isReplayed ? { ...answer, replayed: true } : answer);
      },
    );
    let isReplayed = false;
    const look = (told: Metadata) => {
      isReplayed ||= told.get('idempotency-replayed').includes('true');
    };
    sent.on('metadata', look);
    sent.on('status', (status) => look(status.metadata));
    const leave = (reason: string) => () => {
      left = reason;
      sent.cancel();
    };
    const timers = [setTimeout(leave('NO_ANSWER'), manner.deadlineMs + LISTEN_ON_MS)];
    if (manner.abandonMs !== undefined) timers.push(setTimeout(leave('ABANDONED'), manner.abandonMs));
  });
}

function messageOf({ operation, user, lines, orderId, sku }: Request): unknown {
  if (operation === 'create') return { user: BigInt(user ?? 0), items: lines };
  return operation === 'stock' ? { sku } : { orderId: BigInt(orderId ?? 0) };
}

function answerOf({ operation }: Request, reply: unknown): Answer {
  if (operation === 'create') {
    return { outcome: 'ok', answeredId: Number((reply as CreateOrderResponse).orderId) };
  }
  if (operation === 'get') return readAnswer(reply as GetOrderResponse);
  if (operation === 'stock') return { outcome: 'ok', count: Number((reply as GetStockResponse).count) };
  return { outcome: 'ok' };
}

/** @param onExisting whether there was a connection when the call was made. */
function failureOf(error: ServiceError, left: string, onExisting: boolean): Answer {
  const [trailer] = error.metadata.get(DETAILS_TRAILER);
  if (trailer instanceof Buffer) return refusalAnswer(errorOf(trailer));
  if (left !== '') return { outcome: 'unknown', reason: left };
  if (error.details.startsWith('No connection established')) return notSent;
  return lostAnswer(`GRPC_${error.code}`, onExisting);
}

function errorOf(trailer: Buffer): Parameters<typeof refusalAnswer>[0] {
  const { details } = Status.decode(trailer);
  const find = (name: string) => details.find(({ typeUrl }) => typeUrl.endsWith(`/${name}`))?.value;
  const info = ErrorInfo.decode(find('google.rpc.ErrorInfo') ?? new Uint8Array());
  const short = find('loms.order.v1.InsufficientStock');
  return { reason: info.reason, metadata: info.metadata, short: short && InsufficientStock.decode(short) };
}

/**
 * The services that come from libraries: `grpc.health.v1` and server reflection. Anybody may open their
 * streams, which outlive a request: so these are limited in number and in age, and a stop ends them itself,
 * instead of waiting for their clients.
 */
import type { Duplex } from 'node:stream';
import { toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import type {
  Metadata,
  Server,
  ServerWritableStream,
  ServiceDefinition,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import { fixedRefusals } from '../../domain/refusals.ts';
import type { Deadlines } from '../../timing/deadlines.ts';
import { requestIdIn, statusOf } from './errors.ts';
import { descriptors } from './validate.ts';

interface OpenStream {
  readonly metadata: Metadata;
  /** Names the connection: its client's address and port. */
  getPeer(): string;
  end(): void;
  once(event: 'close', listener: () => void): void;
  /** Ends it with a status. */
  emit(event: 'error', status: object): void;
}

/** Where a service with streams is added, in place of the server itself. */
export interface StreamHost {
  addService(service: ServiceDefinition, implementation: UntypedServiceImplementation): void;
  /** Ends all open streams with the status OK. */
  endAll(): void;
}

export interface StreamHostOptions {
  /** The most open streams, in all and of one connection; further ones are refused with QUEUE_FULL. */
  readonly streamsMax: number;
  readonly perConnectionMax: number;
  /** The most bytes of a message, since a stream may keep some: one that is larger is malformed. */
  readonly messageMaxBytes: number;
  /** A stream older than this is ended with the status OK; its client may open another. In milliseconds. */
  readonly ageMs: number;
  readonly deadlines: Deadlines;
}

/** Adds a service to a server, and tracks and limits its open streams. */
export function createStreamHost(server: Server, options: StreamHostOptions): StreamHost {
  const { streamsMax, perConnectionMax, messageMaxBytes, ageMs, deadlines } = options;
  const open = new Set<OpenStream>();
  const openByPeer = new Map<string, number>();

  /** Accepts a stream, or refuses it. Returns whether it was accepted. */
  function accept(stream: OpenStream): boolean {
    const peer = stream.getPeer();
    const ofPeer = openByPeer.get(peer) ?? 0;
    if (open.size >= streamsMax || ofPeer >= perConnectionMax) {
      stream.emit('error', statusOf(fixedRefusals.queueFull, requestIdIn(stream.metadata)));
      return false;
    }
    open.add(stream);
    openByPeer.set(peer, ofPeer + 1);
    const age = { deadlineMs: deadlines.now() + ageMs, onTimeout: () => stream.end() };
    deadlines.add(age);
    stream.once('close', () => {
      deadlines.delete(age);
      open.delete(stream);
      const left = (openByPeer.get(peer) ?? 1) - 1;
      if (left > 0) openByPeer.set(peer, left);
      else openByPeer.delete(peer);
    });
    return true;
  }

  /** The method, which reads no message that is too large. */
  function limited<Method extends ServiceDefinition[string]>(method: Method): Method {
    const requestDeserialize = (bytes: Buffer): unknown => {
      if (bytes.length > messageMaxBytes) throw new RangeError(`more than ${messageMaxBytes} bytes`);
      return method.requestDeserialize(bytes);
    };
    return { ...method, requestDeserialize };
  }

  return {
    addService(service, implementation) {
      const methods: Record<string, ServiceDefinition[string]> = {};
      const handlers: UntypedServiceImplementation = { ...implementation };
      for (const [name, method] of Object.entries(service)) {
        methods[name] = limited(method);
        const handle = [name, method.originalName ?? ''].map((known) => implementation[known]).find(Boolean);
        if (!method.responseStream || handle === undefined) continue;
        handlers[name] = (stream: OpenStream, ...rest: unknown[]) => {
          if (!accept(stream)) return;
          Reflect.apply(handle, implementation, [stream, ...rest]);
          if (method.requestStream) pace(stream as OpenStream & Duplex);
        };
      }
      server.addService(methods, handlers);
    },
    endAll() {
      for (const stream of open) stream.end();
    },
  };
}

/** Pauses a stream while its client does not read the replies, for which its library does not wait. */
function pace(stream: Duplex): void {
  stream.on('data', () => {
    if (stream.writableNeedDrain) stream.pause();
  });
  stream.on('drain', () => stream.resume());
}

type Watch = ServerWritableStream<{ readonly service: string }, { readonly status: string }>;

export interface Health {
  setServing(serving: boolean): void;
}

/**
 * Adds the health service. It reports NOT_SERVING until it is set.
 *
 * @param paths of the served methods: each of their services has a status, and the server as a whole has one.
 */
export function addHealth(host: StreamHost, paths: readonly string[]): Health {
  const names = new Set(['', ...paths.map((path) => path.split('/')[1] ?? '')]);
  const statuses = [...names].map((name) => [name, 'NOT_SERVING'] as const);
  const health = new HealthImplementation(Object.fromEntries(statuses));
  health.addToServer({
    addService(service, implementation) {
      const library = implementation as unknown as { watch(call: Watch): void };
      // The library keeps for good every name that was watched, and no name begins to be served later.
      const watch = (call: Watch): void => {
        if (names.has(call.request.service)) library.watch(call);
        else call.write({ status: 'SERVICE_UNKNOWN' });
      };
      host.addService(service, { ...implementation, watch });
    },
  });
  return {
    setServing(serving) {
      for (const name of names) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
    },
  };
}

/**
 * Adds server reflection (v1 and v1alpha), by which `buf curl` and `grpcurl` work without our `.proto` files.
 *
 * The library takes its descriptors from loaded packages, but what protobufjs has loaded has lost every
 * `json_name`, and with it `orderID`. Of a package it reads only the encoded files, so it gets those as buf
 * compiled them.
 */
export function addReflection(host: StreamHost): void {
  const fileDescriptorProtos = descriptors.file.map((file) =>
    Buffer.from(toBinary(FileDescriptorProtoSchema, file)),
  );
  const contracts = { format: 'Protocol Buffer 3 DescriptorProto', type: {}, fileDescriptorProtos } as const;
  new ReflectionService({ contracts }).addToServer(host);
}

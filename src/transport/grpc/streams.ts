/**
 * Streams that outlive a request: `grpc.health.v1` Watch and server reflection.
 *
 * A graceful shutdown waits for every open stream, and these end only when their callers like. So the stop
 * ends them itself, or one watching load balancer would make every stop last as long as it may. And since anybody may
 * open them, they are limited in number.
 */
import type { Server, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { standing } from '../../domain/errors.ts';
import { statusOf } from './errors.ts';

interface OpenStream {
  end(): void;
  once(event: 'close', listener: () => void): void;
  /** Ends it with a status. */
  emit(event: 'error', status: object): void;
}

/** Where services with streams are added, in place of the server itself. */
export interface StreamHost {
  addService(service: ServiceDefinition, implementation: UntypedServiceImplementation): void;
  /** Ends all open streams with the status OK. */
  endAll(): void;
}

/**
 * Adds services to `server` and keeps in sight which of their streams are open.
 *
 * @param streamsMax how many may be open at a time; further ones are refused with QUEUE_FULL.
 */
export function createStreamHost(server: Server, streamsMax: number): StreamHost {
  const open = new Set<OpenStream>();

  /** Takes a stream in, or refuses it. Tells whether it was taken. */
  function admit(stream: OpenStream): boolean {
    if (open.size >= streamsMax) {
      stream.emit('error', statusOf(standing.queueFull));
      return false;
    }
    open.add(stream);
    stream.once('close', () => open.delete(stream));
    return true;
  }

  return {
    addService(service, implementation) {
      const handlers: UntypedServiceImplementation = { ...implementation };
      for (const [name, method] of Object.entries(service)) {
        const handle = [name, method.originalName ?? ''].map((known) => implementation[known]).find(Boolean);
        if (!method.responseStream || handle === undefined) continue;
        handlers[name] = (stream: OpenStream, ...rest: unknown[]) => {
          if (admit(stream)) Reflect.apply(handle, implementation, [stream, ...rest]);
        };
      }
      server.addService(service, handlers);
    },
    endAll() {
      for (const stream of open) stream.end();
    },
  };
}

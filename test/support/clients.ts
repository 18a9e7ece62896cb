/** Clients over both transports, for one test. */
import { onTestFinished } from 'vitest';
import type { CallerHeaders, Client, Transport } from './client.ts';
import { grpcClient } from './grpc-client.ts';
import { restClient } from './rest-client.ts';

/** Opens a REST and a gRPC client of a service. They are closed when the test has finished. */
export function openClients(
  ports: Readonly<Record<Transport, number>>,
  headers: CallerHeaders = {},
): [rest: Client, grpc: Client] {
  const rest = restClient(ports.REST, headers);
  const grpc = grpcClient(ports.gRPC, headers);
  onTestFinished(() => {
    rest.close();
    grpc.close();
  });
  return [rest, grpc];
}

/** `grpc.health.v1`: whether this server wants calls, for load balancers and orchestrators. */
import { HealthImplementation } from 'grpc-health-check';
import type { StreamHost } from './streams.ts';

/** The server as a whole, and each of its services; all share one status. */
const names = ['', 'loms.order.v1.OrderService', 'loms.stock.v1.StockService'];

export interface Health {
  setServing(serving: boolean): void;
}

/** Adds the health service, which says NOT_SERVING until it is told otherwise. */
export function addHealth(host: StreamHost): Health {
  const health = new HealthImplementation(Object.fromEntries(names.map((name) => [name, 'NOT_SERVING'])));
  health.addToServer(host);
  return {
    setServing(serving) {
      for (const name of names) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
    },
  };
}

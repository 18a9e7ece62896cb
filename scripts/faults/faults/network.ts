/** Faults of the network, by the relays between the service, the primary and the replica. */
import type { Relay } from '../../../test/support/relay.ts';
import { duringOutage, type Fault, type FaultContext, failedWrites } from './fault.ts';

const LONG_MS = 1_500;
/** Longer than a transaction may take. */
const SILENT_MS = 2_600;
const CUTS = 8;

/**
 * Cuts the connections of each relay in turn, several times at random moments.
 *
 * @throws when a relay never had a connection.
 */
async function cutInTurn(context: FaultContext, relays: readonly Relay[], cut: (relay: Relay) => number) {
  const hits = new Map<Relay, number>();
  for (let round = 0; round < CUTS; round++) {
    const relay = relays[round % relays.length] as Relay;
    hits.set(relay, (hits.get(relay) ?? 0) + cut(relay));
    await context.pause(context.random.between(20, (2 * LONG_MS) / CUTS));
  }
  if ([...hits.values()].includes(0)) throw new Error('the fault had no effect: there was no connection');
}

function toDatabase({ relays }: FaultContext): Relay[] {
  return [relays.primary, relays.replica];
}

export const connectionReset: Fault = {
  kind: 'connection-reset',
  what: 'reset of all connections from the service to one server, to both in turn, eight times',
  inject: (context) => cutInTurn(context, toDatabase(context), (relay) => relay.reset()),
};

export const connectionHalfOpen: Fault = {
  kind: 'connection-half-open',
  what: 'connections left half open, their server end cut, to both servers in turn, eight times',
  inject: (context) => cutInTurn(context, toDatabase(context), (relay) => relay.halfOpen()),
};

export const latency: Fault = {
  kind: 'latency',
  what: '10 to 60 ms more between the service and both servers',
  async inject(context) {
    for (const relay of toDatabase(context)) relay.delayMs = context.random.between(10, 60);
    await context.pause(LONG_MS);
  },
  async heal(context) {
    for (const relay of toDatabase(context)) relay.delayMs = 0;
  },
};

export const slicing: Fault = {
  kind: 'slicing',
  what: 'every byte in a packet of its own, on all connections',
  async inject({ relays, pause }) {
    for (const relay of Object.values(relays)) relay.sliced = true;
    await pause(LONG_MS);
  },
  async heal({ relays }) {
    for (const relay of Object.values(relays)) relay.sliced = false;
  },
};

export const walReset: Fault = {
  kind: 'wal-reset',
  what: 'reset of the connection from the replica to the primary, eight times',
  inject: (context) => cutInTurn(context, [context.relays.wal], (relay) => relay.reset()),
};

export const walLatency: Fault = {
  kind: 'wal-latency',
  what: '10 to 60 ms more from the primary to the replica',
  async inject(context) {
    context.relays.wal.delayMs = context.random.between(10, 60);
    await context.pause(LONG_MS);
  },
  async heal({ relays }) {
    relays.wal.delayMs = 0;
  },
};

/** Nothing passes a relay, and no commit can be confirmed. */
function silence(relay: 'primary' | 'wal'): Pick<Fault, 'hadEffect' | 'inject' | 'heal'> {
  return {
    hadEffect: failedWrites,
    async inject(context) {
      context.relays[relay].silent = true;
      await duringOutage(context, () => context.pause(SILENT_MS));
    },
    async heal({ relays }) {
      relays[relay].silent = false;
    },
  };
}

export const blackHole: Fault = {
  kind: 'black-hole',
  what: 'nothing passes between the service and the primary for 2.6 seconds, then all that was sent',
  ...silence('primary'),
};

export const walBlackHole: Fault = {
  kind: 'wal-black-hole',
  what: 'nothing passes between the primary and the replica for 2.6 seconds, then all that was sent',
  ...silence('wal'),
};

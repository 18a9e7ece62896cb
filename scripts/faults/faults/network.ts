/** Faults of the network: the relays between the service, the primary and the replica. */
import type { Relay } from '../../../test/support/relay.ts';
import { type Fault, hurtWrites, type Scene, withoutConfirmation } from './fault.ts';

const LONG_MS = 1_500;
/** Longer than a transaction may take. */
const SILENT_MS = 2_600;
const CUTS = 8;

/**
 * Cuts the connections of each relay in turn, several times at random moments.
 *
 * @throws when a relay never had a connection.
 */
async function cutInTurn(scene: Scene, relays: readonly Relay[], cut: (relay: Relay) => number) {
  const hits = new Map<Relay, number>();
  for (let round = 0; round < CUTS; round++) {
    const relay = relays[round % relays.length] as Relay;
    hits.set(relay, (hits.get(relay) ?? 0) + cut(relay));
    await scene.pause(scene.random.between(20, (2 * LONG_MS) / CUTS));
  }
  if ([...hits.values()].includes(0)) throw new Error('the fault did not strike: no connection was there');
}

function toDatabase({ relays }: Scene): Relay[] {
  return [relays.primary, relays.replica];
}

export const connectionReset: Fault = {
  kind: 'connection-reset',
  what: 'reset of all connections from the service to one server, to both in turn, eight times',
  strike: (scene) => cutInTurn(scene, toDatabase(scene), (relay) => relay.reset()),
};

export const connectionHalfOpen: Fault = {
  kind: 'connection-half-open',
  what: 'half-open connections, whose server vanished silently, to both servers in turn, eight times',
  strike: (scene) => cutInTurn(scene, toDatabase(scene), (relay) => relay.halfOpen()),
};

export const latency: Fault = {
  kind: 'latency',
  what: '10 to 60 ms of added latency between the service and both servers',
  async strike(scene) {
    for (const relay of toDatabase(scene)) relay.delayMs = scene.random.between(10, 60);
    await scene.pause(LONG_MS);
  },
  async heal(scene) {
    for (const relay of toDatabase(scene)) relay.delayMs = 0;
  },
};

export const slicing: Fault = {
  kind: 'slicing',
  what: 'every byte in a packet of its own, on all connections',
  async strike({ relays, pause }) {
    for (const relay of Object.values(relays)) relay.sliced = true;
    await pause(LONG_MS);
  },
  async heal({ relays }) {
    for (const relay of Object.values(relays)) relay.sliced = false;
  },
};

export const blackHole: Fault = {
  kind: 'black-hole',
  what: 'no traffic between the service and the primary for 2.6 seconds, then everything that was sent',
  bit: hurtWrites,
  async strike(scene) {
    scene.relays.primary.silent = true;
    await withoutConfirmation(scene, () => scene.pause(SILENT_MS));
  },
  async heal({ relays }) {
    relays.primary.silent = false;
  },
};

export const walReset: Fault = {
  kind: 'wal-reset',
  what: 'reset of the connection from the replica to the primary, eight times',
  strike: (scene) => cutInTurn(scene, [scene.relays.wal], (relay) => relay.reset()),
};

export const walLatency: Fault = {
  kind: 'wal-latency',
  what: '10 to 60 ms of added latency from the primary to the replica',
  async strike(scene) {
    scene.relays.wal.delayMs = scene.random.between(10, 60);
    await scene.pause(LONG_MS);
  },
  async heal({ relays }) {
    relays.wal.delayMs = 0;
  },
};

export const walBlackHole: Fault = {
  kind: 'wal-black-hole',
  what: 'no traffic between the primary and the replica for 2.6 seconds, then everything that was sent',
  bit: hurtWrites,
  async strike(scene) {
    scene.relays.wal.silent = true;
    await withoutConfirmation(scene, () => scene.pause(SILENT_MS));
  },
  async heal({ relays }) {
    relays.wal.silent = false;
  },
};

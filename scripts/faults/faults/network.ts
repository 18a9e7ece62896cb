/** Faults of the network: the relays between the service, the primary and the replica. */
import type { Relay } from '../../support/relay.ts';
import type { Fault, Scene } from './fault.ts';

const LONG_MS = 1_500;
/** Longer than a transaction may take. */
const SILENT_MS = 2_600;
const CUTS = 8;

/** Cuts connections several times at random moments. */
async function cutOften(scene: Scene, cut: (scene: Scene) => void): Promise<void> {
  for (let left = CUTS; left > 0; left--) {
    cut(scene);
    await scene.pause(scene.random.between(20, (2 * LONG_MS) / CUTS));
  }
}

function toDatabase({ relays }: Scene): Relay[] {
  return [relays.primary, relays.replica];
}

export const connectionReset: Fault = {
  kind: 'connection-reset',
  what: 'reset of all connections from the service to one server, eight times',
  strike: (scene) => cutOften(scene, () => scene.random.pick(toDatabase(scene)).reset()),
};

export const connectionHalfOpen: Fault = {
  kind: 'connection-half-open',
  what: 'connections whose server is gone without a word, eight times',
  strike: (scene) => cutOften(scene, () => scene.random.pick(toDatabase(scene)).halfOpen()),
};

export const latency: Fault = {
  kind: 'latency',
  what: '10 to 60 ms more between the service and both servers',
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
  what: 'every byte in a packet of its own, on all ways',
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
  what: 'nothing passes between the service and the primary for 2.6 seconds, then all that was sent',
  async strike({ relays, pause }) {
    relays.primary.silent = true;
    await pause(SILENT_MS);
  },
  async heal({ relays }) {
    relays.primary.silent = false;
  },
};

export const walReset: Fault = {
  kind: 'wal-reset',
  what: 'reset of the connection from the replica to the primary, eight times',
  strike: (scene) => cutOften(scene, ({ relays }) => relays.wal.reset()),
};

export const walLatency: Fault = {
  kind: 'wal-latency',
  what: '10 to 60 ms more from the primary to the replica',
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
  what: 'nothing passes between the primary and the replica for 2.6 seconds, then all that was sent',
  async strike({ relays, pause }) {
    relays.wal.silent = true;
    await pause(SILENT_MS);
  },
  async heal({ relays }) {
    relays.wal.silent = false;
  },
};

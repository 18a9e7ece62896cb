/** Faults of processes: killed, frozen, promoted, stopped. */
import { query } from '../../../test/support/query.ts';
import {
  type Fault,
  firstService,
  hurtWrites,
  interruptedWrites,
  type Scene,
  withoutConfirmation,
} from './fault.ts';

/** Longer than a transaction may take, so that waiting transactions time out. */
const FREEZE_MS = 2_600;
/** Graceful stops while the fault lasts; healing makes one more. */
const STOPS = 2;
const DOWN_MAX_MS = 500;

export const serviceKill: Fault = {
  kind: 'service-kill',
  what: 'kill -9 of the service while batches run, then a restart',
  bit: interruptedWrites,
  strike: (scene) => firstService(scene).kill(),
  heal: (scene) => firstService(scene).start(),
};

export const serviceTerminate: Fault = {
  kind: 'service-terminate',
  what: 'SIGTERM of the service under load and a restart, three times',
  behaviour: { duplicateShare: 0 },
  orderly: true,
  async strike(scene) {
    for (let left = STOPS; left > 0; left--) {
      await restart(scene);
      await scene.pause(700);
    }
  },
  heal: restart,
};

/** Stops the service gracefully and starts it again. */
async function restart(scene: Scene): Promise<void> {
  const { history } = scene;
  const writtenByMs = history.now();
  await turns();
  history.stops.push({ writtenByMs, atMs: history.note('SIGTERM') });
  await firstService(scene).end();
  await firstService(scene).start();
}

/** Turns of the event loop after which earlier requests have certainly been written to their sockets. */
const TURNS = 20;

async function turns(): Promise<void> {
  for (let left = TURNS; left > 0; left--) await new Promise((resolve) => setTimeout(resolve, 1));
}

export const twoServices: Fault = {
  kind: 'two-services',
  what: 'two processes of the service on one database, one of them killed and restarted',
  services: 2,
  bit: interruptedWrites,
  async strike(scene) {
    await firstService(scene).kill();
    await scene.pause(500);
  },
  heal: (scene) => firstService(scene).start(),
};

/** Kills all processes of the primary, and leaves it so for a while. */
async function strikePrimary(scene: Scene): Promise<void> {
  await scene.primary.kill();
  await withoutConfirmation(scene, () => scene.pause(scene.random.between(100, DOWN_MAX_MS)));
}

export const primaryKill: Fault = {
  kind: 'primary-kill',
  what: 'kill -9 of all processes of the primary, then a restart',
  bit: hurtWrites,
  strike: strikePrimary,
  heal: ({ primary }) => primary.start(),
};

export const primaryPromote: Fault = {
  kind: 'primary-promote',
  what: 'kill -9 of all processes of the primary, then promotion of the replica',
  bit: hurtWrites,
  strike: strikePrimary,
  heal: promote,
};

export const primaryReturns: Fault = {
  kind: 'primary-returns',
  what: 'the same, and then the old primary returns and still acts as the primary',
  bit: hurtWrites,
  async strike(scene) {
    await strikePrimary(scene);
    await promote(scene);
    await scene.pause(1_000);
  },
  heal: ({ primary }) => primary.start(),
};

async function promote(scene: Scene): Promise<void> {
  await query(scene.replica.url, 'SELECT pg_promote()');
  scene.leader = scene.replica;
}

export const replicaKill: Fault = {
  kind: 'replica-kill',
  what: 'kill -9 of all processes of the replica, then a restart',
  async strike(scene) {
    await scene.replica.kill();
    await withoutConfirmation(scene, () => scene.pause(scene.random.between(100, 2_000)));
  },
  heal: ({ replica }) => replica.start(),
};

export const replicaFreeze: Fault = {
  kind: 'replica-freeze',
  what: 'SIGSTOP of all processes of the replica, SIGCONT after 2.6 seconds',
  bit: hurtWrites,
  async strike(scene) {
    await scene.replica.freeze();
    await withoutConfirmation(scene, () => scene.pause(FREEZE_MS));
  },
  heal: async ({ replica }) => replica.thaw(),
};

export const primaryFreeze: Fault = {
  kind: 'primary-freeze',
  what: 'SIGSTOP of all processes of the primary, SIGCONT after 2.6 seconds',
  bit: hurtWrites,
  async strike(scene) {
    await scene.primary.freeze();
    await withoutConfirmation(scene, () => scene.pause(FREEZE_MS));
  },
  heal: async ({ primary }) => primary.thaw(),
};

/** Faults of processes: killed, frozen, promoted, stopped. */
import { query } from '../../../test/query.ts';
import { type Fault, firstService, type Scene } from './fault.ts';

/** Longer than a transaction may take, so that what waits ends by itself. */
const FREEZE_MS = 2_600;
const TERMINATIONS = 2;
const DOWN_MAX_MS = 500;

export const serviceKill: Fault = {
  kind: 'service-kill',
  what: 'kill -9 of the service with batches under way, then a restart',
  strike: (scene) => firstService(scene).kill(),
  heal: (scene) => firstService(scene).start(),
};

export const serviceTerminate: Fault = {
  kind: 'service-terminate',
  what: 'SIGTERM of the service under load and a restart, three times',
  behaviour: { duplicateShare: 0 },
  orderly: true,
  async strike(scene) {
    for (let round = 0; round < TERMINATIONS; round++) {
      await firstService(scene).end();
      await firstService(scene).start();
      await scene.pause(700);
    }
  },
  async heal(scene) {
    await firstService(scene).end();
    await firstService(scene).start();
  },
};

export const twoServices: Fault = {
  kind: 'two-services',
  what: 'two processes of the service on one database, one of them killed and restarted',
  services: 2,
  async strike(scene) {
    await firstService(scene).kill();
    await scene.pause(500);
  },
  heal: (scene) => firstService(scene).start(),
};

export const primaryKill: Fault = {
  kind: 'primary-kill',
  what: 'kill -9 of all processes of the primary, then a restart',
  async strike(scene) {
    await scene.primary.kill();
    await scene.pause(scene.random.between(100, DOWN_MAX_MS));
  },
  heal: ({ primary }) => primary.start(),
};

export const primaryPromote: Fault = {
  kind: 'primary-promote',
  what: 'kill -9 of all processes of the primary, then promotion of the replica',
  async strike(scene) {
    await scene.primary.kill();
    await scene.pause(scene.random.between(100, DOWN_MAX_MS));
  },
  heal: promote,
};

export const primaryReturns: Fault = {
  kind: 'primary-returns',
  what: 'the same, and then the old primary comes back and still takes itself for the primary',
  async strike(scene) {
    await primaryPromote.strike(scene);
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
    await scene.pause(scene.random.between(100, 2_000));
  },
  heal: ({ replica }) => replica.start(),
};

export const replicaFreeze: Fault = {
  kind: 'replica-freeze',
  what: 'SIGSTOP of all processes of the replica, SIGCONT after 2.6 seconds',
  async strike(scene) {
    await scene.replica.freeze();
    await scene.pause(FREEZE_MS);
  },
  heal: async ({ replica }) => replica.thaw(),
};

export const primaryFreeze: Fault = {
  kind: 'primary-freeze',
  what: 'SIGSTOP of all processes of the primary, SIGCONT after 2.6 seconds',
  async strike(scene) {
    await scene.primary.freeze();
    await scene.pause(FREEZE_MS);
  },
  heal: async ({ primary }) => primary.thaw(),
};

/** Faults of processes: killed, frozen, promoted, stopped. */
import { query } from '../../../test/support/query.ts';
import {
  duringOutage,
  type Fault,
  type FaultContext,
  failedWrites,
  firstService,
  interruptedWrites,
} from './fault.ts';

/** Longer than a transaction may take, so that all that wait time out. */
const FREEZE_MS = 2_600;
/** Graceful stops during the fault; one more follows as its healing. */
const STOPS = 2;
const DOWN_MAX_MS = 500;

export const serviceKill: Fault = {
  kind: 'service-kill',
  what: 'kill -9 of the service with batches under way, then a restart',
  hadEffect: interruptedWrites,
  inject: (context) => firstService(context).kill(),
  heal: (context) => firstService(context).start(),
};

export const serviceTerminate: Fault = {
  kind: 'service-terminate',
  what: 'SIGTERM of the service under load and a restart, three times',
  behaviour: { duplicateShare: 0 },
  graceful: true,
  async inject(context) {
    for (let left = STOPS; left > 0; left--) {
      await restart(context);
      await context.pause(700);
    }
  },
  heal: restart,
};

/** Stops the service gracefully and starts it again. */
async function restart(context: FaultContext): Promise<void> {
  const { history } = context;
  const writtenByMs = history.now();
  await flushWrites();
  history.stops.push({ writtenByMs, atMs: history.note('SIGTERM') });
  await firstService(context).end();
  await firstService(context).start();
}

/** Turns of this process's event loop after which all requests from before are certainly written. */
const TURNS = 20;

async function flushWrites(): Promise<void> {
  for (let left = TURNS; left > 0; left--) await new Promise((resolve) => setTimeout(resolve, 1));
}

export const twoServices: Fault = {
  kind: 'two-services',
  what: 'two processes of the service on one database, one of them killed and restarted',
  services: 2,
  hadEffect: interruptedWrites,
  async inject(context) {
    await firstService(context).kill();
    await context.pause(500);
  },
  heal: (context) => firstService(context).start(),
};

/** Kills all processes of the primary, and leaves it down for a while. */
export async function killPrimary(context: FaultContext): Promise<void> {
  await context.primary.kill();
  await duringOutage(context, () => context.pause(context.random.between(100, DOWN_MAX_MS)));
}

export const primaryKill: Fault = {
  kind: 'primary-kill',
  what: 'kill -9 of all processes of the primary, then a restart',
  hadEffect: failedWrites,
  inject: killPrimary,
  heal: ({ primary }) => primary.start(),
};

export const primaryPromote: Fault = {
  kind: 'primary-promote',
  what: 'kill -9 of all processes of the primary, then promotion of the replica',
  hadEffect: failedWrites,
  inject: killPrimary,
  heal: promote,
};

export const primaryReturns: Fault = {
  kind: 'primary-returns',
  what: 'the same as primary-promote, then the old primary starts again as a primary',
  hadEffect: failedWrites,
  async inject(context) {
    await killPrimary(context);
    await promote(context);
    await context.pause(1_000);
  },
  heal: ({ primary }) => primary.start(),
};

export async function promote(context: FaultContext): Promise<void> {
  await query(context.replica.url, 'SELECT pg_promote()');
  context.leader = context.replica;
}

export const replicaKill: Fault = {
  kind: 'replica-kill',
  what: 'kill -9 of all processes of the replica, then a restart',
  async inject(context) {
    await context.replica.kill();
    await duringOutage(context, () => context.pause(context.random.between(100, 2_000)));
  },
  heal: ({ replica }) => replica.start(),
};

/** A server is frozen, and no commit can be confirmed. */
function freeze(server: 'primary' | 'replica'): Pick<Fault, 'hadEffect' | 'inject' | 'heal'> {
  return {
    hadEffect: failedWrites,
    async inject(context) {
      await context[server].freeze();
      await duringOutage(context, () => context.pause(FREEZE_MS));
    },
    heal: async (context) => context[server].thaw(),
  };
}

export const replicaFreeze: Fault = {
  kind: 'replica-freeze',
  what: 'SIGSTOP of all processes of the replica, SIGCONT after 2.6 seconds',
  ...freeze('replica'),
};

export const primaryFreeze: Fault = {
  kind: 'primary-freeze',
  what: 'SIGSTOP of all processes of the primary, SIGCONT after 2.6 seconds',
  ...freeze('primary'),
};

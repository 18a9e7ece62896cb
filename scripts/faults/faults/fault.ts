/** What a fault is, and the parts of a run that it acts on. */
import type { Relay } from '../../../test/support/relay.ts';
import { isDecided } from '../checks/answers.ts';
import type { WallClock } from '../clock.ts';
import type { Readers } from '../feed/readers.ts';
import { type Call, type History, isWrite } from '../history.ts';
import type { Random } from '../random.ts';
import type { Postgres } from '../servers.ts';
import type { Service } from '../service.ts';
import type { Behaviour } from '../workload.ts';

/** The parts of a run that a fault acts on. */
export interface FaultContext {
  readonly primary: Postgres;
  readonly replica: Postgres;
  readonly relays: {
    /** From the service to the primary. */
    readonly primary: Relay;
    /** From the service to the replica. */
    readonly replica: Relay;
    /** From the replica to the primary, for its WAL stream. */
    readonly wal: Relay;
  };
  readonly services: readonly Service[];
  /** Those of the services, where they have clocks of their own. */
  readonly clocks: readonly WallClock[];
  readonly behaviour: Behaviour;
  readonly readers: Readers;
  readonly random: Random;
  readonly history: History;
  /** The folder of the primary's data. */
  readonly primaryFolder: string;
  /** The server that takes writes; a promotion changes it. */
  leader: Postgres;
  /** Waits; throws when the whole program is interrupted. */
  pause(ms: number): Promise<void>;
}

export interface Fault {
  /** Its name in commands and reports. */
  readonly kind: string;
  /** What it does, in a line for reports. */
  readonly what: string;
  /** How many processes of the service run: one if not set. */
  readonly services?: number;
  /** How the workload differs from the normal one during the whole run. */
  readonly behaviour?: Partial<Behaviour>;
  /** Each process of the service has a wall clock of its own, which can be set. */
  readonly ownClocks?: boolean;
  /** The probe port of the service is requested during the whole run, and must answer. */
  readonly probed?: boolean;
  /** The primary's data are on a disk that fills up soon. */
  readonly smallDisk?: boolean;
  /** Service and database are only ever stopped gracefully, so every accepted request must be answered. */
  readonly graceful?: boolean;
  /** Why it cannot be injected here; undefined where it can. */
  readonly obstacle?: () => Promise<string | undefined>;
  /** Whether the calls, or the rest of the history, show its effect; not set where they need not. */
  readonly hadEffect?: (calls: readonly Call[], history: Pick<History, 'resumes'>) => boolean;
  /** Injects the fault and keeps it for a while. */
  inject(context: FaultContext): Promise<void>;
  /** Ends the fault. The time of the recovery is counted from the start of this. */
  heal?(context: FaultContext): Promise<void>;
}

/**
 * Records an outage, in which no commit can be confirmed: after a fault was injected, before it is healed.
 */
export async function duringOutage({ history }: FaultContext, hold: () => Promise<void>): Promise<void> {
  const fromMs = history.note('no commit can be confirmed');
  await hold();
  history.outages.push({ fromMs, untilMs: history.note('commits may soon be confirmed again') });
}

/** Some write was not done, or its outcome was unknown at first. */
export function failedWrites(calls: readonly Call[]): boolean {
  return calls.some((call) => isWrite(call) && !isDecided(call));
}

/** The outcome of some write was unknown at first. */
export function interruptedWrites(calls: readonly Call[]): boolean {
  return calls.some((call) => isWrite(call) && call.outcome === 'unknown');
}

/** The process of the service that a fault acts on when it acts on one. */
export function firstService({ services }: FaultContext): Service {
  const [service] = services;
  if (service === undefined) throw new Error('there is no service');
  return service;
}

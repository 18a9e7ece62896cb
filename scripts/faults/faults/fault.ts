/** What a fault is, and what it may lay its hands on. */
import type { Relay } from '../../../test/support/relay.ts';
import { isDecided } from '../checks/answers.ts';
import { type Call, type History, isWrite } from '../history.ts';
import type { Behaviour } from '../lives.ts';
import type { Random } from '../random.ts';
import type { Postgres } from '../servers.ts';
import type { Service } from '../service.ts';

/** Everything of a run that a fault may harm. */
export interface Scene {
  readonly primary: Postgres;
  readonly replica: Postgres;
  readonly relays: {
    /** From the service to the primary. */
    readonly primary: Relay;
    /** From the service to the replica. */
    readonly replica: Relay;
    /** From the replica to the primary, which it receives its changes from. */
    readonly wal: Relay;
  };
  readonly services: readonly Service[];
  readonly behaviour: Behaviour;
  readonly random: Random;
  readonly history: History;
  /** The folder that the primary's data lie in. */
  readonly primaryFolder: string;
  /** The server that takes writes; a promotion changes it. */
  leader: Postgres;
  /** Waits; throws when the whole program is interrupted. */
  pause(ms: number): Promise<void>;
}

export interface Fault {
  /** Its name in commands and reports. */
  readonly kind: string;
  /** What is injected, in one line. */
  readonly what: string;
  /** How many processes of the service run; one without it. */
  readonly services?: number;
  /** How the load differs from the usual one during the whole run. */
  readonly behaviour?: Partial<Behaviour>;
  /** The primary's data lie on a disk that is soon full. */
  readonly smallDisk?: boolean;
  /** Nothing of the service or its database is ever cut off, so all that was accepted must be answered. */
  readonly orderly?: boolean;
  /** Why it cannot be run here, where it cannot. */
  readonly obstacle?: () => Promise<string | undefined>;
  /** Whether it can be seen in the calls that it did harm, where it must be seen there. */
  readonly bit?: (calls: readonly Call[]) => boolean;
  /** Does the harm and holds it for a while. */
  strike(scene: Scene): Promise<void>;
  /** Takes it back. Recovery is counted from the moment when this begins. */
  heal?(scene: Scene): Promise<void>;
}

/** Records the time during which a fault, already injected, lets no commit be confirmed. */
export async function withoutConfirmation({ history }: Scene, hold: () => Promise<void>): Promise<void> {
  const fromMs = history.note('no commit can be confirmed');
  await hold();
  history.outages.push({ fromMs, untilMs: history.note('commits may soon be confirmed again') });
}

/** Some write was not done, or nobody knows at first. */
export function hurtWrites(calls: readonly Call[]): boolean {
  return calls.some((call) => isWrite(call) && !isDecided(call));
}

/** Some write was running and its outcome is unknown. */
export function interruptedWrites(calls: readonly Call[]): boolean {
  return calls.some((call) => isWrite(call) && call.outcome === 'unknown');
}

/** The service that a fault hits where only one is hit. */
export function firstService({ services }: Scene): Service {
  const [service] = services;
  if (service === undefined) throw new Error('there is no service');
  return service;
}

/** How much the bench measures and for how long: once in full, once in under two minutes. */

export interface Plan {
  readonly quick: boolean;
  /** The length of a step, in seconds; the load clients take whole ones. */
  readonly stepSeconds: number;
  /** The length of a step in the parts that look for the best concurrency. */
  readonly sweepSeconds: number;
  readonly warmUpSeconds: number;
  /** How often all that is compared is measured in turns. */
  readonly rounds: number;
  /** Requests in flight that are tried. */
  readonly concurrencies: readonly number[];
  readonly sweepRounds: number;
  /** Numbers of clients at which the designs without a service are tried. */
  readonly clients: readonly number[];
  /** By how much the replica is slowed, in milliseconds. */
  readonly delays: readonly number[];
  readonly delayRounds: number;
  readonly overloadSeconds: number;
  /** What an overload offers, as a multiple of what is answered at the best concurrency. */
  readonly overloadFactor: number;
  readonly oneClientRounds: number;
}

/** In flight where the figure asks for many. */
export const MANY = 2_000;

/** In flight where no sweep has told what is best. */
export const USUAL = 128;

/**
 * Connections, or HTTP/2 streams, that an open loop may use. Past the first number a REST client would be
 * refused for its connections, which is not what is measured.
 */
export const OPEN_LOOP_MAX = { REST: 3_500, gRPC: 14_000 } as const;

/** Over how many connections gRPC's open loop comes: many clients, not a few that send a lot. */
export const OPEN_LOOP_CONNECTIONS = 64;

export const fullPlan: Plan = {
  quick: false,
  stepSeconds: 3,
  sweepSeconds: 3,
  warmUpSeconds: 5,
  rounds: 5,
  concurrencies: [1, 16, USUAL, 512, MANY],
  sweepRounds: 2,
  clients: [4, 16, 64],
  delays: [0, 1, 5, 20],
  delayRounds: 3,
  overloadSeconds: 8,
  overloadFactor: 3,
  oneClientRounds: 5,
};

export const quickPlan: Plan = {
  quick: true,
  stepSeconds: 1,
  sweepSeconds: 1,
  warmUpSeconds: 3,
  rounds: 2,
  concurrencies: [1, USUAL, 512, MANY],
  sweepRounds: 1,
  clients: [16],
  delays: [0, 5],
  delayRounds: 1,
  overloadSeconds: 2,
  overloadFactor: 3,
  oneClientRounds: 1,
};

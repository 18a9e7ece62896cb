/** How much the bench measures and for how long: once in full, once in under two minutes. */

export interface Plan {
  readonly quick: boolean;
  /** The length of a step, in whole seconds. */
  readonly stepSeconds: number;
  /** The length of a step in the parts that find the best concurrency. */
  readonly sweepSeconds: number;
  readonly warmUpSeconds: number;
  /** How often all that is compared is measured, in turns. */
  readonly rounds: number;
  /** Requests in flight that are tried. */
  readonly concurrencies: readonly number[];
  readonly sweepRounds: number;
  /** Numbers of clients at which the designs without a service are tried. */
  readonly clients: readonly number[];
  /** The delays of the replica, in milliseconds. */
  readonly delays: readonly number[];
  readonly delayRounds: number;
  readonly overloadSeconds: number;
  /** The rate of an overload, as a multiple of the rate at the best concurrency. */
  readonly overloadFactor: number;
  readonly oneClientRounds: number;
}

/** Requests in flight for the figure of many. */
export const MANY = 2_000;

/** Requests in flight where no sweep has found the best. */
export const USUAL = 128;

/**
 * Connections, or HTTP/2 streams, of an open loop. With more, a REST client would be refused for its
 * connections, which is not what is measured.
 */
export const OPEN_LOOP_MAX = { REST: 3_500, gRPC: 14_000 } as const;

/** Connections of gRPC's open loop: many clients, not a few that send a lot. */
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

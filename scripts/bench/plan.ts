/** How much the bench measures, and for how long: the full run, and a quick run of some four minutes. */
export interface Plan {
  readonly quick: boolean;
  /** The duration of a step, in seconds; the load generators need whole ones. */
  readonly stepSeconds: number;
  /** The duration of a step in the parts that find the best concurrency. */
  readonly sweepSeconds: number;
  readonly warmUpSeconds: number;
  /** The rounds of the interleaved part. */
  readonly rounds: number;
  /** The numbers of requests in flight. */
  readonly concurrencies: readonly number[];
  readonly sweepRounds: number;
  /** The numbers of clients of the designs without a service. */
  readonly clients: readonly number[];
  /** The delays of the replica, in milliseconds. */
  readonly delays: readonly number[];
  readonly delayRounds: number;
  readonly overloadSeconds: number;
  /** The rate of an overload, as a multiple of the rate at the best concurrency. */
  readonly overloadFactor: number;
  readonly oneClientRounds: number;
  readonly feed: FeedPlan;
}

/** How much of the event feed is measured. */
export interface FeedPlan {
  /** The rounds without and with many readers. */
  readonly rounds: number;
  /** The events that one reader reads from the beginning, and how long it may take. */
  readonly events: number;
  readonly readSeconds: number;
  readonly latencySeconds: number;
  /** How long readers stop; of each transport one for each. */
  readonly stopSeconds: readonly number[];
}

/** Requests in flight of the figures for many. */
export const MANY = 2_000;

/** Requests in flight where no sweep has found the best number. */
export const USUAL = 128;

/**
 * Connections, or HTTP/2 streams, that an open loop may use. With more, the service would refuse REST
 * connections, which is not what is measured.
 */
export const OPEN_LOOP_MAX = { REST: 3_500, gRPC: 14_000 } as const;

/** The connections of gRPC's open loop: many clients, not a few that send a lot. */
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
  feed: {
    rounds: 3,
    events: 1_000_000,
    readSeconds: 20,
    latencySeconds: 10,
    stopSeconds: [25, 35, 45, 55],
  },
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
  feed: { rounds: 1, events: 100_000, readSeconds: 5, latencySeconds: 3, stopSeconds: [] },
};

/** The parts of the bench, in their order. figures.ts evaluates their steps. */
import type { Bench } from './bench.ts';
import { MANY, OPEN_LOOP_CONNECTIONS, OPEN_LOOP_MAX, USUAL } from './plan.ts';
import type { Step } from './step.ts';
import type { Scenario } from './types.ts';

const transports = ['REST', 'gRPC'] as const;

/** Warms up servers and database: code is compiled, caches are filled. */
export async function warmUp({ plan, take }: Taking): Promise<void> {
  const common = { part: 'warm-up', round: 0, concurrency: USUAL, seconds: plan.warmUpSeconds } as const;
  for (const subject of ['border', 'fullQueue', 'loms'] as const) {
    for (const transport of transports) await take({ ...common, subject, transport, scenario: 'spread' });
  }
  await take({ ...common, subject: 'loms', transport: 'REST', scenario: 'stock' });
}

/** Finds the number of clients at which the designs without a service do most, where the plan has several. */
export async function findClients({ plan, take }: Taking): Promise<void> {
  if (plan.clients.length === 1) return;
  const common = { part: 'clients', round: 0, transport: 'SQL', seconds: plan.sweepSeconds } as const;
  for (const subject of ['seedDesign', 'singleStatement'] as const) {
    for (const scenario of ['spread', 'hot'] as const) {
      for (const concurrency of plan.clients) await take({ ...common, subject, scenario, concurrency });
    }
  }
}

/** Measures each concurrency, from one request in flight to thousands. */
export async function sweep({ plan, take }: Taking): Promise<void> {
  const scenarios: [Scenario, number][] = plan.quick
    ? [['spread', 1]]
    : [
        ['spread', plan.sweepRounds],
        ['hot', plan.sweepRounds],
        ['life', 1],
        ['stock', 1],
      ];
  for (const [scenario, rounds] of scenarios) {
    for (let round = 0; round < rounds; round++) {
      for (const transport of transports) {
        for (const concurrency of plan.concurrencies) {
          const common = { part: 'sweep', round, transport, scenario, seconds: plan.sweepSeconds };
          await take({ ...common, subject: 'loms', concurrency });
        }
      }
    }
  }
}

/** Measures all that is compared, in turns; every other round is in reverse order, against drift. */
export async function turns({ plan, take, bench }: Taking): Promise<void> {
  const spread = bench.peak('REST', 'spread');
  const grpcSpread = bench.peak('gRPC', 'spread');
  const stock = bench.peak('REST', 'stock');
  const clients = (subject: 'seedDesign' | 'singleStatement', scenario: Scenario) =>
    bench.best({ part: 'clients', subject, scenario }, plan.clients[0]);
  const rest = { transport: 'REST' } as const;
  const grpc = { transport: 'gRPC' } as const;
  const steps: Pick<Step, 'subject' | 'transport' | 'scenario' | 'concurrency' | 'ownClient'>[] = [
    ...(['seedDesign', 'singleStatement'] as const).flatMap((subject) =>
      (['spread', 'hot'] as const).map((scenario) => ({
        ...({ subject, transport: 'SQL', scenario, concurrency: clients(subject, scenario) } as const),
      })),
    ),
    { subject: 'loms', ...rest, scenario: 'spread', concurrency: spread },
    { subject: 'loms', ...rest, scenario: 'hot', concurrency: spread },
    { subject: 'border', ...rest, scenario: 'spread', concurrency: spread },
    { subject: 'loms', ...rest, scenario: 'stock', concurrency: stock },
    { subject: 'border', ...rest, scenario: 'stock', concurrency: stock },
    { subject: 'loms', ...rest, scenario: 'spread', concurrency: grpcSpread, ownClient: true },
    { subject: 'loms', ...grpc, scenario: 'spread', concurrency: grpcSpread },
    { subject: 'loms', ...grpc, scenario: 'hot', concurrency: grpcSpread },
    { subject: 'border', ...grpc, scenario: 'spread', concurrency: grpcSpread },
  ];
  for (let round = 0; round < plan.rounds; round++) {
    for (const step of round % 2 === 0 ? steps : steps.toReversed()) {
      const part = step.ownClient ? 'own client' : 'turns';
      await take({ ...step, part, round, seconds: plan.stepSeconds });
    }
    const many = { subject: 'loms', ...rest, scenario: 'spread', concurrency: MANY } as const;
    await take({ ...many, part: 'many', round, seconds: plan.stepSeconds });
  }
}

/** Orders that cannot be fulfilled: some, and all. */
export async function refusals({ plan, take, bench }: Taking): Promise<void> {
  for (const scenario of ['infeasible', 'soldOut'] as const) {
    for (const transport of transports) {
      const common = { part: 'refusals', round: 0, subject: 'loms', transport, scenario } as const;
      await take({ ...common, concurrency: bench.peak(transport, 'spread'), seconds: plan.stepSeconds });
    }
  }
}

/** Overload: an open loop at a multiple of the peak rate. */
export async function overload({ plan, take, bench }: Taking): Promise<void> {
  for (const transport of transports) {
    const peak = bench.median({ part: 'turns', subject: 'loms', transport, scenario: 'spread' });
    await take({
      ...{ part: 'overload', round: 0, subject: 'loms', transport, scenario: 'spread' },
      concurrency: OPEN_LOOP_MAX[transport],
      ...(transport === 'gRPC' ? { connections: OPEN_LOOP_CONNECTIONS } : {}),
      seconds: plan.overloadSeconds,
      rate: Math.round(peak * plan.overloadFactor),
    });
  }
}

/** A full queue for most of a usual load: how fast are its refusals? */
export async function fullQueue({ plan, take }: Taking): Promise<void> {
  for (const transport of transports) {
    const step = {
      part: 'full queue',
      round: 0,
      subject: 'fullQueue',
      transport,
      scenario: 'spread',
    } as const;
    await take({ ...step, concurrency: USUAL, seconds: plan.stepSeconds, ownClient: true });
  }
}

/**
 * Slows the replica. It is connected through the relay without a delay too, so that only the delay differs.
 */
export async function delays({ plan, take, bench }: Taking): Promise<void> {
  const relay = await bench.stage.detour(true);
  const common = { part: 'delay', subject: 'loms', transport: 'REST', scenario: 'spread' } as const;
  for (let round = 0; round < plan.delayRounds; round++) {
    for (const delayMs of plan.delays) {
      relay.delayMs = delayMs;
      await take({ ...common, round, concurrency: MANY, seconds: plan.stepSeconds, delayMs });
    }
  }
  relay.delayMs = 0;
  await bench.stage.detour(false);
}

/** One client: what the service adds to the time of the SQL. */
export async function oneClient({ plan, take }: Taking): Promise<void> {
  const common = { part: 'one client', scenario: 'spread', concurrency: 1 } as const;
  for (let round = 0; round < plan.oneClientRounds; round++) {
    for (const step of [
      { subject: 'sqlAlone', transport: 'SQL' },
      { subject: 'loms', transport: 'REST' },
      { subject: 'loms', transport: 'gRPC' },
    ] as const) {
      await take({ ...common, ...step, round, seconds: plan.stepSeconds });
    }
  }
}

/** What a part needs. */
export interface Taking {
  readonly bench: Bench;
  readonly plan: Bench['plan'];
  readonly take: (step: Step) => Promise<unknown>;
}

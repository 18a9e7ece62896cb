/** The parts of the bench, in their order. Each measures its steps; figures.ts evaluates them. */
import type { Bench } from './bench.ts';
import { MANY, OPEN_LOOP_CONNECTIONS, OPEN_LOOP_MAX, USUAL } from './plan.ts';
import type { Step } from './step.ts';
import type { Scenario } from './types.ts';

const transports = ['REST', 'gRPC'] as const;

/** Warms up the servers and the database: code compiled, caches filled. */
export async function warmUp({ plan, measure }: PartContext): Promise<void> {
  const common = { part: 'warm-up', round: 0, concurrency: USUAL, seconds: plan.warmUpSeconds } as const;
  for (const subject of ['transportOnly', 'fullQueue', 'loms'] as const) {
    for (const transport of transports) await measure({ ...common, subject, transport, scenario: 'spread' });
  }
  await measure({ ...common, subject: 'loms', transport: 'REST', scenario: 'stock' });
}

/** Finds the best number of clients for each design without a service, where there is a choice. */
export async function findClients({ plan, measure }: PartContext): Promise<void> {
  if (plan.clients.length === 1) return;
  const common = { part: 'clients', round: 0, transport: 'SQL', seconds: plan.sweepSeconds } as const;
  for (const subject of ['seedDesign', 'singleStatement'] as const) {
    for (const scenario of ['spread', 'hot'] as const) {
      for (const concurrency of plan.clients) await measure({ ...common, subject, scenario, concurrency });
    }
  }
}

/** Measures each concurrency, from one request in flight to thousands. */
export async function sweep({ plan, measure }: PartContext): Promise<void> {
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
          await measure({ ...common, subject: 'loms', concurrency });
        }
      }
    }
  }
}

/** Measures all that is compared, interleaved. Every other round runs backwards, so that no drift adds up. */
export async function interleaved({ plan, measure, bench }: PartContext): Promise<void> {
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
    { subject: 'transportOnly', ...rest, scenario: 'spread', concurrency: spread },
    { subject: 'loms', ...rest, scenario: 'stock', concurrency: stock },
    { subject: 'transportOnly', ...rest, scenario: 'stock', concurrency: stock },
    { subject: 'loms', ...rest, scenario: 'spread', concurrency: grpcSpread, ownClient: true },
    { subject: 'loms', ...grpc, scenario: 'spread', concurrency: grpcSpread },
    { subject: 'loms', ...grpc, scenario: 'hot', concurrency: grpcSpread },
    { subject: 'transportOnly', ...grpc, scenario: 'spread', concurrency: grpcSpread },
  ];
  for (let round = 0; round < plan.rounds; round++) {
    for (const step of round % 2 === 0 ? steps : steps.toReversed()) {
      const part = step.ownClient ? 'own client' : 'interleaved';
      await measure({ ...step, part, round, seconds: plan.stepSeconds });
    }
    const many = { subject: 'loms', ...rest, scenario: 'spread', concurrency: MANY } as const;
    await measure({ ...many, part: 'many', round, seconds: plan.stepSeconds });
  }
}

/** Measures orders that cannot be fulfilled: some of them, and all. */
export async function refusals({ plan, measure, bench }: PartContext): Promise<void> {
  for (const scenario of ['infeasible', 'soldOut'] as const) {
    for (const transport of transports) {
      const common = { part: 'refusals', round: 0, subject: 'loms', transport, scenario } as const;
      await measure({ ...common, concurrency: bench.peak(transport, 'spread'), seconds: plan.stepSeconds });
    }
  }
}

/** Offers a multiple of the peak rate in an open loop. */
export async function overload({ plan, measure, bench }: PartContext): Promise<void> {
  for (const transport of transports) {
    const peak = bench.median({ part: 'interleaved', subject: 'loms', transport, scenario: 'spread' });
    await measure({
      ...{ part: 'overload', round: 0, subject: 'loms', transport, scenario: 'spread' },
      concurrency: OPEN_LOOP_MAX[transport],
      ...(transport === 'gRPC' ? { connections: OPEN_LOOP_CONNECTIONS } : {}),
      seconds: plan.overloadSeconds,
      rate: Math.round(peak * plan.overloadFactor),
    });
  }
}

/** Loads a service whose queue is full, to measure how fast it refuses. */
export async function fullQueue({ plan, measure }: PartContext): Promise<void> {
  for (const transport of transports) {
    const step = {
      part: 'full queue',
      round: 0,
      subject: 'fullQueue',
      transport,
      scenario: 'spread',
    } as const;
    await measure({ ...step, concurrency: USUAL, seconds: plan.stepSeconds, ownClient: true });
  }
}

/** Slows the replica. At 0 ms it is connected through the relay too, so that only the delay differs. */
export async function delays({ plan, measure, bench }: PartContext): Promise<void> {
  const relay = await bench.stage.useRelay(true);
  const common = { part: 'delay', subject: 'loms', transport: 'REST', scenario: 'spread' } as const;
  for (let round = 0; round < plan.delayRounds; round++) {
    for (const delayMs of plan.delays) {
      relay.delayMs = delayMs;
      await measure({ ...common, round, concurrency: MANY, seconds: plan.stepSeconds, delayMs });
    }
  }
  relay.delayMs = 0;
  await bench.stage.useRelay(false);
}

/** Measures one client alone: the latency that the service adds to the SQL. */
export async function oneClient({ plan, measure }: PartContext): Promise<void> {
  const common = { part: 'one client', scenario: 'spread', concurrency: 1 } as const;
  for (let round = 0; round < plan.oneClientRounds; round++) {
    for (const step of [
      { subject: 'sqlAlone', transport: 'SQL' },
      { subject: 'loms', transport: 'REST' },
      { subject: 'loms', transport: 'gRPC' },
    ] as const) {
      await measure({ ...common, ...step, round, seconds: plan.stepSeconds });
    }
  }
}

/** What a part works with. */
export interface PartContext {
  readonly bench: Bench;
  readonly plan: Bench['plan'];
  readonly measure: (step: Step) => Promise<unknown>;
}

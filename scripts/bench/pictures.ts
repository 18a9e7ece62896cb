/** The pictures of the report. */
import { type Bench, scenarioNames } from './bench.ts';
import { barPlot, linePlot, type Plot } from './plot.ts';
import type { Scenario, Transport } from './types.ts';

export interface Picture {
  /** The file's name below `docs/images`. */
  readonly file: string;
  readonly title: string;
  readonly svg: string;
}

const transports = ['REST', 'gRPC'] as const;

/** Draws the pictures of a run. */
export function picturesOf(bench: Bench): Promise<Picture[]> {
  return Promise.all([
    picture('bench-throughput.svg', linePlot, throughput(bench)),
    picture('bench-hot-spread.svg', barPlot, hotAndSpread(bench)),
    picture('bench-latency.svg', linePlot, latency(bench)),
    picture('bench-others.svg', linePlot, others(bench)),
    picture('bench-delay.svg', barPlot, delay(bench)),
  ]);
}

async function picture(file: string, draw: (plot: Plot) => Promise<string>, plot: Plot): Promise<Picture> {
  return { file, title: plot.title, svg: await draw(plot) };
}

/** The x axis of requests in flight. */
function inFlight(bench: Bench) {
  const { concurrencies } = bench.plan;
  const places = concurrencies.map((concurrency) => concurrency.toLocaleString('en'));
  return { concurrencies, axis: { xName: 'requests in flight', places } };
}

function throughput(bench: Bench): Plot {
  const { concurrencies, axis } = inFlight(bench);
  const swept = (transport: Transport, scenario: Scenario) => ({
    name: `${transport}, ${scenario}`,
    values: concurrencies.map((concurrency) =>
      bench.median({ part: 'sweep', subject: 'loms', transport, scenario, concurrency }),
    ),
  });
  const level = (name: string, subject: 'seedDesign' | 'singleStatement') => {
    const rate = bench.median({ part: 'interleaved', subject, scenario: 'spread' });
    return { name, values: concurrencies.map(() => rate), dashed: true };
  };
  return {
    ...axis,
    title: 'Orders created a second',
    yName: 'orders a second',
    series: [
      ...transports.flatMap((transport) => [swept(transport, 'spread'), swept(transport, 'hot')]),
      level('seed design at its best, spread', 'seedDesign'),
      level('single statement at its best, spread', 'singleStatement'),
    ],
  };
}

function hotAndSpread(bench: Bench): Plot {
  const rates = (scenario: Scenario) => [
    bench.median({ part: 'interleaved', subject: 'seedDesign', scenario }),
    bench.median({ part: 'interleaved', subject: 'singleStatement', scenario }),
    bench.median({ part: 'interleaved', subject: 'loms', transport: 'REST', scenario }),
    bench.median({ part: 'interleaved', subject: 'loms', transport: 'gRPC', scenario }),
  ];
  return {
    title: 'Orders created a second, each at its best',
    yName: 'orders a second',
    xName: 'the first two without HTTP',
    places: ['seed design', 'single statement', 'loms over REST', 'loms over gRPC'],
    series: [
      { name: 'spread over 10,000 skus', values: rates('spread') },
      { name: 'one hot sku', values: rates('hot') },
    ],
  };
}

function latency(bench: Bench): Plot {
  const { concurrencies, axis } = inFlight(bench);
  const series = (['p50', 'p90', 'p99'] as const).flatMap((name, colour) =>
    (['spread', 'hot'] as const).map((scenario) => ({
      name: `${scenario}, ${name === 'p50' ? 'median' : `${name.slice(1)}th percentile`}`,
      values: concurrencies.map((concurrency) =>
        bench.median(
          { part: 'sweep', subject: 'loms', transport: 'REST', scenario, concurrency },
          (step) => step.latency[name],
        ),
      ),
      dashed: scenario === 'hot',
      colour,
    })),
  );
  return {
    ...axis,
    title: 'Latency of creating over REST',
    yName: 'milliseconds',
    logarithmic: true,
    series,
  };
}

function others(bench: Bench): Plot {
  const { concurrencies, axis } = inFlight(bench);
  const series = (['stock', 'life'] as const).flatMap((scenario) =>
    transports.map((transport) => ({
      name: `${scenarioNames[scenario]}, ${transport}`,
      values: concurrencies.map((concurrency) =>
        bench.median({ part: 'sweep', subject: 'loms', transport, scenario, concurrency }),
      ),
    })),
  );
  return { ...axis, title: 'Stock reads, and whole lives of orders', yName: 'done a second', series };
}

function delay(bench: Bench): Plot {
  const { delays } = bench.plan;
  const steps = (delayMs: number) => bench.find({ part: 'delay' }).filter((step) => step.delayMs === delayMs);
  const median = (delayMs: number) => {
    const sorted = steps(delayMs)
      .map((step) => step.perSecond)
      .sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? Number.NaN;
  };
  return {
    title: 'Orders created a second while the replica is slow',
    yName: 'orders a second',
    xName: 'by how much the replica is slowed, at 2,000 requests in flight',
    places: delays.map((delayMs) => `${delayMs} ms`),
    series: [{ name: 'REST, spread', values: delays.map(median) }],
  };
}

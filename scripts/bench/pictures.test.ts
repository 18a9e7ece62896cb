/** The pictures of the report, from invented measurements: each shows its series, labels and values. */
import { beforeAll, expect, test } from 'vitest';
import { Bench } from './bench.ts';
import { type Picture, picturesOf } from './pictures.ts';
import { quickPlan } from './plan.ts';
import { barPlot, linePlot, type Plot } from './plot.ts';
import type { Measured, Scenario, Transport } from './types.ts';

function step(more: Pick<Measured, 'part' | 'subject' | 'perSecond'> & Partial<Measured>): Measured {
  return {
    ...{ generator: 'invented', seconds: 1, ok: 1, refused: 0, failed: 0, heldBack: 0, round: 0 },
    ...{ transport: 'REST', scenario: 'spread', concurrency: 128, orders: 1, commits: 1, walBytes: 1 },
    latency: { p50: 1.2, p90: 30, p99: 150, max: 300 },
    ...more,
  };
}

function measured(): Measured[] {
  const transports: Transport[] = ['REST', 'gRPC'];
  const scenarios: Scenario[] = ['spread', 'hot', 'life', 'stock'];
  const sweep = transports.flatMap((transport) =>
    scenarios.flatMap((scenario) =>
      quickPlan.concurrencies.map((concurrency) =>
        step({
          part: 'sweep',
          subject: 'loms',
          transport,
          scenario,
          concurrency,
          perSecond: concurrency * 10,
        }),
      ),
    ),
  );
  const turns = (['spread', 'hot'] as const).flatMap((scenario) => [
    step({ part: 'interleaved', subject: 'seedDesign', transport: 'SQL', scenario, perSecond: 1_228 }),
    step({ part: 'interleaved', subject: 'singleStatement', transport: 'SQL', scenario, perSecond: 2_773 }),
    ...transports.map((transport) =>
      step({ part: 'interleaved', subject: 'loms', transport, scenario, perSecond: 12_941 }),
    ),
  ]);
  const delays = quickPlan.delays.map((delayMs) =>
    step({ part: 'delay', subject: 'loms', delayMs, perSecond: 13_345 - delayMs }),
  );
  return [...sweep, ...turns, ...delays];
}

let pictures: Picture[];

beforeAll(async () => {
  const bench = new Bench(quickPlan, undefined as never, false, () => false);
  bench.measured.push(...measured());
  pictures = await picturesOf(bench);
});

/** The texts that a picture shows. */
const textsOf = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1]);

/** The shapes of the data: a path for each line, point or bar. */
function shapesOf(svg: string, kind: 'mark-line' | 'mark-symbol' | 'mark-rect'): string[] {
  const groups = svg.matchAll(new RegExp(`<g class="${kind} role-mark layer[^>]*>(.*?)</g>`, 'gs'));
  return [...groups].flatMap((group) => group[1]?.match(/<path[^>]*>/g) ?? []);
}

const inFlight = ['requests in flight', '1', '128', '512', '2,000'];
const created = 'orders a second';

test.each([
  {
    file: 'bench-throughput.svg',
    labels: ['Orders created a second', created, ...inFlight, '20,000'],
    series: ['REST, spread', 'REST, hot', 'gRPC, spread', 'gRPC, hot'].concat(
      ['seed design', 'single statement'].map((name) => `${name} at its best, spread`),
    ),
    shapes: { lines: 6, points: 24, bars: 0 },
  },
  {
    file: 'bench-hot-spread.svg',
    labels: ['Orders created a second, each at its best', created, 'seed design', '1,228', '12,941'],
    series: ['spread over 10,000 skus', 'one hot sku'],
    shapes: { lines: 0, points: 0, bars: 8 },
  },
  {
    file: 'bench-latency.svg',
    labels: ['Latency of creating over REST', 'milliseconds', ...inFlight, '1', '10', '100', '1,000'],
    series: ['median', '90th percentile', '99th percentile'].flatMap((name) => [
      `spread, ${name}`,
      `hot, ${name}`,
    ]),
    shapes: { lines: 6, points: 24, bars: 0 },
  },
  {
    file: 'bench-others.svg',
    labels: ['Stock reads, and whole lives of orders', 'done a second', ...inFlight],
    series: ['stock info', 'create, pay, info'].flatMap((name) => [`${name}, REST`, `${name}, gRPC`]),
    shapes: { lines: 4, points: 16, bars: 0 },
  },
  {
    file: 'bench-delay.svg',
    labels: [
      'Orders created a second while the replica is slow',
      created,
      '0 ms',
      '5 ms',
      '13,345',
      '13,340',
    ],
    series: ['REST, spread'],
    shapes: { lines: 0, points: 0, bars: 2 },
  },
])('$file shows its labels and its series', ({ file, labels, series, shapes }) => {
  const picture = pictures.find((each) => each.file === file);
  const svg = picture?.svg ?? '';
  expect(picture?.title).toBe(labels[0]);
  expect(textsOf(svg)).toEqual(expect.arrayContaining([...labels, ...series]));
  expect(svg).not.toMatch(/NaN|undefined|null|Infinity/);
  expect({
    lines: shapesOf(svg, 'mark-line').length,
    points: shapesOf(svg, 'mark-symbol').length,
    bars: shapesOf(svg, 'mark-rect').length,
  }).toEqual(shapes);
});

const plot = (series: Plot['series'], more: Partial<Plot> = {}): Plot => ({
  ...{ title: 'a < b & c', xName: 'x', yName: 'y', places: ['one', 'two'], series },
  ...more,
});

test('the height of a bar is its value, and its number stands above', async () => {
  const svg = await barPlot(plot([{ name: 'a', values: [1_000, 250] }]));
  const heights = shapesOf(svg, 'mark-rect').map((bar) => Number(/v([\d.]+)/.exec(bar)?.[1]));
  expect(heights[0]).toBeGreaterThan(100);
  expect(heights[0]).toBeCloseTo(4 * (heights[1] ?? 0), 6);
  expect(textsOf(svg)).toEqual(expect.arrayContaining(['1,000', '250', 'a &lt; b &amp; c']));
});

test('a series has the dashes and the colour that are given', async () => {
  const values = [1, 2];
  const svg = await linePlot(
    plot([
      { name: 'a', values },
      { name: 'b', values, colour: 0, dashed: true },
    ]),
  );
  const [solid, dashed] = shapesOf(svg, 'mark-line');
  expect(solid).toContain('stroke="#0b62a8"');
  expect(solid).not.toContain('stroke-dasharray="6,5"');
  expect(dashed).toContain('stroke="#0b62a8"');
  expect(dashed).toContain('stroke-dasharray="6,5"');
});

test('missing values and series without values are not drawn', async () => {
  const series = [
    { name: 'a', values: [1, Number.NaN] },
    { name: 'b', values: [Number.NaN, Number.NaN] },
    { name: 'c', values: [0, 10] },
  ];
  for (const [logarithmic, points] of [[false, 3] as const, [true, 2] as const]) {
    const svg = await linePlot(plot(series, { logarithmic }));
    expect(shapesOf(svg, 'mark-symbol')).toHaveLength(points);
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['a', 'c', 'one', 'two']));
    expect(textsOf(svg)).not.toContain('b');
    expect(svg).not.toMatch(/NaN|undefined|null|Infinity/);
  }
});

test.each([linePlot, barPlot])('%o without any values draws its axes', async (draw) => {
  const svg = await draw(plot([{ name: 'a', values: [Number.NaN, Number.NaN] }]));
  expect(textsOf(svg)).toEqual(expect.arrayContaining(['x', 'y', 'one', 'two']));
  expect(svg).not.toMatch(/NaN|undefined|null|Infinity/);
});

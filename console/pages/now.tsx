/** What the service does at this moment, and did within the last hour. */
import { duration, number } from '../format.ts';
import { Chart, type Line } from '../parts/chart.tsx';
import { Tiles } from '../parts/tiles.tsx';
import { addressOf, place } from '../place.ts';
import { nodesOf, type SampleHistory, samples } from '../samples.ts';
import { useStore } from '../store.ts';

const outcomes: Line[] = [
  { column: 'orders.created', label: 'created', colour: 1 },
  { column: 'orders.payed', label: 'payed', colour: 2 },
  { column: 'orders.cancelled', label: 'cancelled', colour: 4 },
  { column: 'orders.expired', label: 'expired', colour: 5 },
  { column: 'orders.extended', label: 'extended', colour: 6 },
  { column: 'orders.failed', label: 'short of stock', colour: 3 },
];

const latencies: Line[] = [
  { column: 'creates.p50', label: 'create p50', colour: 1 },
  { column: 'creates.p99', label: 'create p99', colour: 3 },
  { column: 'reads.p50', label: 'read p50', colour: 2 },
  { column: 'reads.p99', label: 'read p99', colour: 5 },
];

const stages: Line[] = ['wait', 'lock', 'decide', 'write', 'commit'].map((stage, index) => ({
  column: `stages.${stage}.mean`,
  label: stage,
  colour: index + 1,
}));

const batches: Line[] = [
  { column: 'batches.mean', label: 'orders in a batch', colour: 1 },
  { column: 'queue', label: 'requests that wait', colour: 3 },
];

const refusals: Line[] = [
  { column: 'refusals.invalid', label: 'bad request', colour: 6 },
  { column: 'refusals.state', label: 'not possible', colour: 2 },
  { column: 'refusals.access', label: 'no access', colour: 5 },
  { column: 'refusals.overload', label: 'overload', colour: 4 },
  { column: 'refusals.unavailable', label: 'unavailable', colour: 3 },
  { column: 'refusals.internal', label: 'internal', colour: 1 },
];

const delays: Line[] = [
  { column: 'eventLoop', label: 'event loop', colour: 1 },
  { column: 'feedLag', label: 'event feed', colour: 2 },
  { column: 'expiryLag', label: 'release of holds', colour: 4 },
];

const ranges = ['5', '15', '60'];

export function NowPage() {
  const { filters } = useStore(place);
  const { history } = useStore(samples);
  const range = ranges.find((known) => known === filters.get('minutes')) ?? '5';
  const frame = { minutes: Number(range) };
  const lags = nodesOf(history).map(({ name }, index): Line => {
    return { column: `node.${name}.lag`, label: name, colour: (index % 6) + 1 };
  });
  return (
    <>
      <Tiles of={tilesOf(history)} />
      <nav class="ranges" aria-label="Range">
        {ranges.map((each) => (
          <a
            key={each}
            href={addressOf('now', { minutes: each })}
            aria-current={each === range ? 'true' : undefined}
          >
            {each} min
          </a>
        ))}
      </nav>
      <div class="charts">
        <Chart title="Orders a second" lines={outcomes} format={number} {...frame} />
        <Chart title="Time to a reply" lines={latencies} format={duration} {...frame} />
        <Chart title="Stages of a batch of creates" lines={stages} format={duration} {...frame} />
        <Chart title="Batches and queue" lines={batches} format={number} {...frame} />
        <Chart title="Refusals a second" lines={refusals} format={number} {...frame} />
        <Chart title="Replay lag of the nodes" lines={lags} format={duration} {...frame} />
        <Chart title="Delays" lines={delays} format={duration} {...frame} />
      </div>
    </>
  );
}

function tilesOf(history: SampleHistory) {
  const nodes = nodesOf(history);
  const primary = nodes.find(({ isPrimary }) => isPrimary);
  const down = nodes.filter(({ isUp }) => !isUp);
  const isKnown = history.times.length > 0;
  return [
    { name: 'Creates a second', value: number(history.latest('orders.created')) },
    { name: 'Create p99', value: duration(history.latest('creates.p99')) },
    { name: 'Read p99', value: duration(history.latest('reads.p99')) },
    { name: 'Waiting', value: number(history.latest('queue')) },
    { name: 'Open orders', value: number(history.latest('openOrders')) },
    {
      name: 'Primary',
      value: isKnown ? (primary?.name ?? 'none') : '–',
      isName: true,
      isBad: isKnown && primary === undefined,
    },
    {
      name: 'Nodes in use',
      value: isKnown ? `${nodes.length - down.length} of ${nodes.length}` : '–',
      isBad: isKnown && down.length > 0,
    },
  ];
}

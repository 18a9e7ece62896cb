/** The metrics of an instance: histograms in arrays, and both forms of the text. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ArrayHistogram } from './array-histogram.ts';
import { Metrics } from './metrics.ts';
import { definitions } from './register.ts';

const linesOf = (text: string, start: string) => text.split('\n').filter((line) => line.startsWith(start));

test('each value is in the first bucket that holds it, and the buckets are cumulative', async () => {
  const bounds = [0.5, 1, 10];
  // A value that is a bound is the one that is easily put into the wrong bucket.
  const value = fc.oneof(fc.constantFrom(...bounds), fc.double({ min: 0, max: 20, noNaN: true }));
  await fc.assert(
    fc.asyncProperty(fc.array(value), async (values) => {
      const histogram = new ArrayHistogram({ name: 'h', help: 'h', bounds });
      const series = histogram.of({ of: 'a' });
      for (const value of values) series.record(value);
      const shown = new Map((await histogram.get()).values.map((each) => [shownName(each), each.value]));
      for (const bound of bounds) {
        expect(shown.get(`h_bucket ${bound}`)).toBe(values.filter((value) => value <= bound).length);
      }
      expect(shown.get('h_bucket +Inf')).toBe(values.length);
      expect(shown.get('h_count')).toBe(values.length);
      expect(shown.get('h_sum')).toBeCloseTo(values.reduce((sum, value) => sum + value, 0));
    }),
  );
});

function shownName({ metricName, labels }: { metricName: string; labels: object }): string {
  return 'le' in labels ? `${metricName} ${labels.le}` : metricName;
}

test('OpenMetrics for those who accept it, the text format of Prometheus for the others', async () => {
  const metrics = new Metrics();
  metrics.counter('loms_transaction_retries_total').inc({ operation: 'payOrder' }, 2);
  const sample = 'loms_transaction_retries_total{operation="payOrder"} 2';
  for (let round = 0; round < 2; round++) {
    const [open, plain] = await Promise.all([
      metrics.render('application/openmetrics-text;version=1.0.0,text/plain;q=0.5'),
      metrics.render('*/*'),
    ]);
    expect(open.contentType).toMatch(/^application\/openmetrics-text/);
    expect(open.body.endsWith('\n# EOF\n')).toBe(true);
    expect(linesOf(open.body, '# TYPE loms_transaction_retries ')).toHaveLength(1);
    expect(linesOf(open.body, sample)).toHaveLength(1);
    expect(plain.contentType).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(linesOf(plain.body, '# TYPE loms_transaction_retries_total counter')).toHaveLength(1);
    expect(linesOf(plain.body, sample)).toHaveLength(1);
  }
});

test('every metric of the register is shown, and those of the process', async () => {
  const { body } = await new Metrics().render('');
  const shown = linesOf(body, '# TYPE ').map((line) => line.split(' ')[2] ?? '');
  const own = shown.filter((name) => !/^(process|nodejs)_/.test(name));
  expect(own.toSorted()).toEqual(Object.keys(definitions).toSorted());
  expect(shown).toContain('process_cpu_seconds_total');
  expect(shown).toContain('nodejs_eventloop_lag_p99_seconds');
});

/** The metrics of one instance: made from the register, recorded by its parts, shown at `/metrics`. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { ArrayHistogram } from './array-histogram.ts';
import { definitions, type MetricDefinition, type MetricName } from './register.ts';

/** What `/metrics` answers. */
export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

/** Those of the process, which all instances in it share. */
let ofProcess: Registry | undefined;

function processRegistry(): Registry {
  if (ofProcess === undefined) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
    // Gauges whose names are those of counters; the same is shown by type.
    for (const what of ['handles', 'requests', 'resources'])
      ofProcess.removeSingleMetric(`nodejs_active_${what}_total`);
  }
  return ofProcess;
}

/** The media type of OpenMetrics, as scrapers ask for it. */
const openMetrics = 'application/openmetrics-text';

export class Metrics {
  readonly #registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();
  readonly #histograms = new Map<string, ArrayHistogram>();
  readonly #collectors: (() => void)[] = [];
  #rendering: Promise<unknown> = Promise.resolve();

  constructor() {
    for (const [name, definition] of Object.entries<MetricDefinition>(definitions)) {
      const { type, help, labels, bounds = [] } = definition;
      const options = { name, help, labelNames: [...labels], registers: [this.#registry] };
      if (type === 'counter') this.#counters.set(name, new Counter(options));
      else if (type === 'gauge') {
        const gauge = new Gauge(options);
        // prom-client shows 0 until a value is set: a certificate that ends in 1970, where there is none.
        if (labels.length === 0) gauge.remove();
        this.#gauges.set(name, gauge);
      } else {
        const histogram = new ArrayHistogram({ name, help, bounds });
        this.#registry.registerMetric(histogram.registered);
        this.#histograms.set(name, histogram);
      }
    }
  }

  counter(name: MetricName<'counter'>): Counter {
    return this.#counters.get(name) as Counter;
  }

  gauge(name: MetricName<'gauge'>): Gauge {
    return this.#gauges.get(name) as Gauge;
  }

  histogram(name: MetricName<'histogram'>): ArrayHistogram {
    return this.#histograms.get(name) as ArrayHistogram;
  }

  /** Registers what sets gauges from the present state, at each scrape. */
  onScrape(collect: () => void): void {
    this.#collectors.push(collect);
  }

  /** Sets the gauges to the present state. */
  collect(): void {
    for (const collect of this.#collectors) collect();
  }

  /**
   * Prints all metrics, one scrape after the other.
   *
   * @param accept the media types that the scraper accepts: OpenMetrics if it is among them, else the text
   * format of Prometheus.
   */
  render(accept: string): Promise<Exposition> {
    const rendered = this.#rendering.then(() => this.#render(accept.includes(openMetrics)));
    this.#rendering = rendered.catch(() => {});
    return rendered;
  }

  async #render(isOpenMetrics: boolean): Promise<Exposition> {
    this.collect();
    const merged = Registry.merge([this.#registry, processRegistry()]);
    const contentType = isOpenMetrics ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE;
    // The types of these two constants allow either only.
    merged.setContentType(contentType as never);
    // In the names of counters OpenMetrics has no `_total`; prom-client takes it off for good.
    const names = merged.getMetricsAsArray().map((metric) => [metric, metric.name] as const);
    const body = await merged.metrics();
    for (const [metric, name] of names) metric.name = name;
    return { contentType, body };
  }
}

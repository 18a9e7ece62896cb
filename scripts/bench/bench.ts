/** A run of the bench: measures steps, prints each, and keeps the results. */
import { median } from '../lib/statistics.ts';
import { type Plan, USUAL } from './plan.ts';
import { runOwn } from './processes.ts';
import type { Stage } from './stage.ts';
import { runStep, type Step } from './step.ts';
import type {
  Measured,
  MeasuredReading,
  ReadersLoad,
  Reading,
  ReadingResult,
  Scenario,
  StopLoad,
  StopResult,
  Subject,
  Transport,
} from './types.ts';

/** The names of subjects and scenarios in reports. */
export const subjectNames: Record<Subject, string> = {
  loms: 'loms',
  fullQueue: 'queue full',
  transportOnly: 'transport only',
  seedDesign: 'seed design',
  singleStatement: 'single statement',
  sqlAlone: 'SQL alone',
};

export const scenarioNames: Record<Scenario, string> = {
  spread: 'create, spread',
  hot: 'create, hot sku',
  infeasible: 'create, 10% infeasible',
  soldOut: 'create, sold out',
  life: 'create, pay, info',
  stock: 'stock info',
};

/** Selects measured steps. */
export type Filter = Partial<Pick<Measured, 'part' | 'subject' | 'transport' | 'scenario' | 'concurrency'>>;

/** What readers that have stopped may take to go on. */
const RESUME_SECONDS = 30;

export class Bench {
  readonly plan: Plan;
  readonly stage: Stage;
  readonly measured: Measured[] = [];
  /** What readers of the feed have read, also those of measured steps. */
  readonly readings: (MeasuredReading & { readonly part: string })[] = [];
  readonly stops: StopResult[] = [];
  readonly #hasWrk: boolean;
  readonly #startMs = performance.now();
  readonly #isInterrupted: () => boolean;

  /** @param isInterrupted whether the run is to end early; the next step then fails. */
  constructor(plan: Plan, stage: Stage, hasWrk: boolean, isInterrupted: () => boolean) {
    this.plan = plan;
    this.stage = stage;
    this.#hasWrk = hasWrk;
    this.#isInterrupted = isInterrupted;
  }

  /** Measures a step and prints it. */
  async measure(step: Step): Promise<Measured> {
    if (this.#isInterrupted()) throw new Error('interrupted');
    const measured = await runStep(this.stage, step, this.#hasWrk);
    this.measured.push(measured);
    this.#print(measured);
    this.#keepReadings(step.part, measured.readings ?? []);
    return measured;
  }

  /** Reads the feed from its beginning, with one reader. */
  async read(part: string, reading: Reading, limits: { seconds: number; eventsMax: number }): Promise<void> {
    if (this.#isInterrupted()) throw new Error('interrupted');
    const load: ReadersLoad = { ...limits, ports: this.stage.loms.ports, readers: { [reading]: 1 } };
    const readings = await runOwn<readonly ReadingResult[]>('client/readers.ts', load, () => {});
    this.#keepReadings(part, readings);
  }

  /** Lets readers of the feed stop. @param stopSeconds how long: each time one reader of each transport. */
  async stop(stopSeconds: readonly number[]): Promise<void> {
    if (stopSeconds.length === 0) return;
    const load: StopLoad = {
      ports: this.stage.loms.ports,
      stopSeconds,
      seconds: Math.max(...stopSeconds) + RESUME_SECONDS,
    };
    this.stops.push(...(await runOwn<readonly StopResult[]>('client/stopped.ts', load, () => {})));
    for (const { transport, stopSeconds: seconds, isEnded, events } of this.stops) {
      const end = isEnded ? 'its stream had been ended' : 'its stream went on';
      process.stdout.write(
        `        stopped for ${seconds} s, ${transport}: ${end}, ${events} events without a gap\n`,
      );
    }
  }

  #keepReadings(part: string, readings: readonly MeasuredReading[]): void {
    for (const each of readings) {
      this.readings.push({ ...each, part });
      const { reading, readers, events, seconds, latency, behindSeconds = 0 } = each;
      const late = behindSeconds > 0 ? `, ${behindSeconds.toFixed(1)} s after the load` : '';
      const rate = `${Math.round(events / seconds).toLocaleString('en')} events/s`;
      const times = latency ? `, p50 ${latency.p50.toFixed(1)} ms, p99 ${latency.p99.toFixed(1)} ms` : '';
      process.stdout.write(`        ${part}: ${readers} by ${reading}: ${rate} each${times}${late}\n`);
    }
  }

  /** The measured steps that a filter selects. */
  find(filter: Filter): Measured[] {
    const wanted = Object.entries(filter);
    return this.measured.filter((step) =>
      wanted.every(([key, value]) => step[key as keyof Filter] === value),
    );
  }

  /** The median of a figure over the rounds. */
  median(filter: Filter, figure: (step: Measured) => number = (step) => step.perSecond): number {
    return median(this.find(filter).map(figure));
  }

  /** The concurrency with the highest median rate of a subject; `untried` when none was tried. */
  best(filter: Filter, untried = USUAL): number {
    const tried = [...new Set(this.find(filter).map((step) => step.concurrency))];
    const rate = (concurrency: number) => this.median({ ...filter, concurrency });
    return tried.sort((a, b) => rate(b) - rate(a))[0] ?? untried;
  }

  /** The concurrency with the highest rate of a transport in a scenario, by the sweep. */
  peak(transport: Transport, scenario: Scenario): number {
    return this.best({ part: 'sweep', subject: 'loms', transport, scenario });
  }

  #print(step: Measured): void {
    const { part, round, subject, transport, scenario, concurrency, perSecond, latency, refused } = step;
    const seconds = Math.floor((performance.now() - this.#startMs) / 1_000);
    const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    const delay = step.delayMs === undefined ? '' : `, replica +${step.delayMs} ms`;
    const what = `${subjectNames[subject]}, ${transport}: ${scenarioNames[scenario]}${delay}`;
    const rate = `${Math.round(perSecond).toLocaleString('en')}/s`;
    const times = `p50 ${latency.p50.toFixed(1)} ms, p99 ${latency.p99.toFixed(1)} ms`;
    const more = refused > 0 ? `, ${refused.toLocaleString('en')} refused` : '';
    const place = `${part} ${round + 1}`.padEnd(14);
    const load = `${place} ${what.padEnd(52)} x${String(concurrency).padEnd(5)}`;
    process.stdout.write(`${clock.padStart(6)}  ${load} ${rate.padStart(10)}  ${times}${more}\n`);
  }
}

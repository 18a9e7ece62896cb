/** A run of the bench: it makes steps, prints each, and keeps the results. */
import { median } from '../lib/statistics.ts';
import { type Plan, USUAL } from './plan.ts';
import type { Stage } from './stage.ts';
import { runStep, type Step } from './step.ts';
import type { Measured, Scenario, Subject, Transport } from './types.ts';

/** Names of subjects and scenarios for people. */
export const subjectNames: Record<Subject, string> = {
  loms: 'loms',
  fullQueue: 'queue full',
  border: 'border alone',
  seedDesign: 'seed design',
  singleStatement: 'single statement',
  sqlAlone: 'SQL by itself',
};

export const scenarioNames: Record<Scenario, string> = {
  spread: 'create, spread',
  hot: 'create, hot sku',
  infeasible: 'create, 10% infeasible',
  soldOut: 'create, sold out',
  life: 'create, pay, info',
  stock: 'stock info',
};

/** Which of the measured steps are meant. */
export type Filter = Partial<Pick<Measured, 'part' | 'subject' | 'transport' | 'scenario' | 'concurrency'>>;

export class Bench {
  readonly plan: Plan;
  readonly stage: Stage;
  readonly measured: Measured[] = [];
  readonly #hasWrk: boolean;
  readonly #beganMs = performance.now();
  readonly #isInterrupted: () => boolean;

  /** @param isInterrupted whether the run is to end early; the next step then fails. */
  constructor(plan: Plan, stage: Stage, hasWrk: boolean, isInterrupted: () => boolean) {
    this.plan = plan;
    this.stage = stage;
    this.#hasWrk = hasWrk;
    this.#isInterrupted = isInterrupted;
  }

  /** Takes a step and shows it. */
  async take(step: Step): Promise<Measured> {
    if (this.#isInterrupted()) throw new Error('interrupted');
    const measured = await runStep(this.stage, step, this.#hasWrk);
    this.measured.push(measured);
    this.#show(measured);
    return measured;
  }

  /** The steps that were measured and are meant. */
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

  /**
   * The concurrency at which a subject did most, by the medians of its rounds; `untried` where none was
   * tried.
   */
  best(filter: Filter, untried = USUAL): number {
    const tried = [...new Set(this.find(filter).map((step) => step.concurrency))];
    const done = (concurrency: number) => this.median({ ...filter, concurrency });
    return tried.sort((a, b) => done(b) - done(a))[0] ?? untried;
  }

  /** The concurrency at which a transport does most in a scenario, by the sweep. */
  peak(transport: Transport, scenario: Scenario): number {
    return this.best({ part: 'sweep', subject: 'loms', transport, scenario });
  }

  #show(step: Measured): void {
    const { part, round, subject, transport, scenario, concurrency, perSecond, latency, refused } = step;
    const seconds = Math.floor((performance.now() - this.#beganMs) / 1_000);
    const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    const delay = step.delayMs === undefined ? '' : `, replica +${step.delayMs} ms`;
    const who = `${subjectNames[subject]}, ${transport}: ${scenarioNames[scenario]}${delay}`;
    const speed = `${Math.round(perSecond).toLocaleString('en')}/s`;
    const times = `p50 ${latency.p50.toFixed(1)} ms, p99 ${latency.p99.toFixed(1)} ms`;
    const more = refused > 0 ? `, ${refused.toLocaleString('en')} refused` : '';
    const place = `${part} ${round + 1}`.padEnd(11);
    process.stdout.write(
      `${clock.padStart(6)}  ${place} ${who.padEnd(52)} x${String(concurrency).padEnd(5)} ${speed.padStart(10)}  ${times}${more}\n`,
    );
  }
}

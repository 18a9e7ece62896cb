/** Runs cases against the services, many at a time, and checks every answer. */
import fc, { type Arbitrary } from 'fast-check';
import type { Caller } from './callers.ts';
import { type Case, ofKinds, type ServiceName, WrongAnswer } from './case.ts';
import { CaseRunner } from './case-runner.ts';
import { frameKinds } from './frame-cases.ts';
import { grpcKinds } from './grpc-cases.ts';
import { guardedGrpcKinds, guardedRestKinds } from './guarded-cases.ts';
import { fetchOpenApi, type OpenApi } from './openapi.ts';
import type { Plan } from './plan.ts';
import { operationKinds } from './rest-cases.ts';
import { RestCheck } from './rest-check.ts';
import { syntaxKinds } from './rest-syntax.ts';
import type { Services } from './services.ts';

/** A case whose answer is not as documented. */
export interface Finding {
  readonly index: number;
  readonly sent: Case;
  readonly message: string;
}

export interface Report {
  readonly cases: number;
  readonly kinds: ReadonlyMap<string, number>;
  /** How often each status or code was answered. */
  readonly answers: ReadonlyMap<string, number>;
  readonly findings: readonly Finding[];
  /** What each idle service held after each round, in bytes. */
  readonly memory: Readonly<Record<ServiceName, readonly number[]>>;
}

const WORKERS = 32;
/** Each round has a seed of its own, so that a case can be repeated without those before it. */
export const ROUND = 500;
const FINDINGS_MAX = 20;

/**
 * Runs cases until all are done or too many were answered wrongly.
 *
 * @param onProgress is called after each round with the number of cases done.
 */
export async function fuzz(
  services: Services,
  { cases, seed, only }: Plan,
  onProgress: (done: number) => void = () => {},
): Promise<Report> {
  const { open, guarded, callers } = services;
  const documents = {
    open: await fetchOpenApi(open.ports.REST),
    guarded: await fetchOpenApi(guarded.ports.REST),
  };
  const arbitrary = allCases(documents, callers);
  const run = new Run(services, documents);
  const memory: Record<ServiceName, number[]> = { open: [], guarded: [] };
  const first = only === undefined ? 0 : Math.floor(only / ROUND);
  const end = only === undefined ? cases : only + 1;
  for (let round = first; round * ROUND < end && run.findings.length < FINDINGS_MAX; round++) {
    const numRuns = Math.min(ROUND, end - round * ROUND);
    const made = fc.sample(arbitrary, { numRuns, seed: (seed + 7_919 * round) | 0 });
    const numbered = made.map((sent, at) => ({ index: round * ROUND + at, sent }));
    await run.round(numbered.filter(({ index }) => only === undefined || index === only));
    memory.open.push(await open.heldBytes());
    memory.guarded.push(await guarded.heldBytes());
    onProgress(run.cases);
  }
  return { cases: run.cases, kinds: run.kinds, answers: run.answers, findings: run.findings, memory };
}

type Documents = Readonly<Record<ServiceName, OpenApi>>;

function allCases({ open, guarded }: Documents, callers: readonly Caller[]): Arbitrary<Case> {
  return fc.oneof(
    { weight: 3, arbitrary: ofKinds(operationKinds(open)) },
    { weight: 3, arbitrary: ofKinds(syntaxKinds(open)) },
    { weight: 5, arbitrary: ofKinds(grpcKinds()) },
    { weight: 1, arbitrary: ofKinds(frameKinds()) },
    { weight: 1, arbitrary: ofKinds(guardedRestKinds(guarded, callers), 'guarded') },
    { weight: 1, arbitrary: ofKinds(guardedGrpcKinds(callers), 'guarded') },
  );
}

class Run {
  readonly kinds = new Map<string, number>();
  readonly answers = new Map<string, number>();
  readonly findings: Finding[] = [];
  cases = 0;
  readonly #runnerOf: (name: ServiceName) => CaseRunner;

  constructor(services: Services, documents: Documents) {
    const checks = { open: new RestCheck(documents.open), guarded: new RestCheck(documents.guarded) };
    this.#runnerOf = (name) =>
      new CaseRunner(services[name], checks[name], (status) => count(this.answers, status));
  }

  /** Runs cases, each by the worker that is free first. */
  async round(cases: readonly { index: number; sent: Case }[]): Promise<void> {
    const waiting = cases.values();
    const work = async () => {
      const runners = { open: this.#runnerOf('open'), guarded: this.#runnerOf('guarded') };
      for (const { index, sent } of waiting) {
        this.cases++;
        count(this.kinds, `${sent.via}: ${sent.kind}`);
        const runner = runners[sent.service];
        await runner.run(sent).catch((error: Error) => {
          runner.close();
          const message = error instanceof WrongAnswer ? error.message : (error.stack ?? String(error));
          this.findings.push({ index, sent, message });
        });
      }
      runners.open.close();
      runners.guarded.close();
    };
    await Promise.all(Array.from({ length: WORKERS }, work));
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

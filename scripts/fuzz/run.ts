/** Runs cases against a service, many at a time, and checks every answer. */
import fc, { type Arbitrary } from 'fast-check';
import { GrpcSession } from '../../test/grpc-session.ts';
import type { Server } from '../support/server.ts';
import { type Case, type FramesCase, type GrpcCase, type RestCase, WrongAnswer } from './case.ts';
import { frameKinds } from './frame-cases.ts';
import { sayFrames } from './frames-client.ts';
import { callKinds } from './grpc-cases.ts';
import { checkCode, checkGrpc } from './grpc-check.ts';
import { settledBytes } from './memory.ts';
import { fetchOpenApi, type OpenApi } from './openapi.ts';
import { ofKinds, operationKinds } from './rest-cases.ts';
import { RestCheck } from './rest-check.ts';
import { RestConnection } from './rest-client.ts';
import { lineKinds } from './rest-lines.ts';

export interface Plan {
  readonly cases: number;
  readonly seed: number;
  /** Only this case is run. */
  readonly only?: number;
  /** Is told after each round how many cases are done. */
  readonly onProgress?: (done: number) => void;
}

/** A case whose answer is not as documented. */
export interface Wrong {
  readonly index: number;
  readonly sent: Case;
  readonly what: string;
}

export interface Report {
  readonly cases: number;
  readonly kinds: ReadonlyMap<string, number>;
  /** How often each status or code was answered. */
  readonly answers: ReadonlyMap<string, number>;
  readonly wrong: readonly Wrong[];
  /** What the service held at rest after each round, in bytes. */
  readonly memory: readonly number[];
}

const WORKERS = 32;
/** The cases of a round are made from a seed of its own, so a case is found again without those before it. */
const ROUND = 500;
const WRONG_MAX = 20;

/** Runs cases until all are done or too many were answered wrongly. */
export async function fuzz(server: Pick<Server, 'pid' | 'ports'>, plan: Plan): Promise<Report> {
  const document = await fetchOpenApi(server.ports.REST);
  const arbitrary = allCases(document);
  const run = new Run(server, new RestCheck(document));
  const memory: number[] = [];
  let done = 0;
  for (let round = 0; done < plan.cases && run.wrong.length < WRONG_MAX; round++) {
    const numRuns = Math.min(ROUND, plan.cases - round * ROUND);
    const cases = fc.sample(arbitrary, { numRuns, seed: (plan.seed + 7_919 * round) | 0 });
    const numbered = cases.map((sent, at) => ({ index: round * ROUND + at, sent }));
    await run.round(numbered.filter(({ index }) => plan.only === undefined || index === plan.only));
    if (plan.only === undefined) memory.push(await settledBytes(server.pid));
    done += numRuns;
    plan.onProgress?.(done);
  }
  return { cases: run.cases, kinds: run.kinds, answers: run.answers, wrong: run.wrong, memory };
}

function allCases(document: OpenApi): Arbitrary<Case> {
  return fc.oneof(
    { weight: 3, arbitrary: ofKinds<RestCase>(operationKinds(document)) },
    { weight: 3, arbitrary: ofKinds<RestCase>(lineKinds(document)) },
    { weight: 5, arbitrary: ofKinds<GrpcCase>(callKinds()) },
    { weight: 1, arbitrary: ofKinds<FramesCase>(frameKinds()) },
  );
}

/** The connections of one worker, kept as long as they carry cases. */
interface Lines {
  rest?: RestConnection | undefined;
  grpc?: GrpcSession | undefined;
}

class Run {
  readonly kinds = new Map<string, number>();
  readonly answers = new Map<string, number>();
  readonly wrong: Wrong[] = [];
  cases = 0;
  readonly #server: Pick<Server, 'ports'>;
  readonly #check: RestCheck;

  constructor(server: Pick<Server, 'ports'>, check: RestCheck) {
    this.#server = server;
    this.#check = check;
  }

  /** Runs some cases, each by the worker who is free first. */
  async round(cases: readonly { index: number; sent: Case }[]): Promise<void> {
    const waiting = cases.values();
    const work = async () => {
      const lines: Lines = {};
      for (const { index, sent } of waiting) {
        await this.#runCase(lines, sent).catch((error: Error) => {
          lines.rest?.close();
          lines.grpc?.close();
          const what = error instanceof WrongAnswer ? error.message : (error.stack ?? String(error));
          this.wrong.push({ index, sent, what });
        });
      }
      lines.rest?.close();
      lines.grpc?.close();
    };
    await Promise.all(Array.from({ length: WORKERS }, work));
  }

  async #runCase(lines: Lines, sent: Case): Promise<void> {
    this.cases++;
    count(this.kinds, `${sent.via}: ${sent.kind}`);
    switch (sent.via) {
      case 'REST':
        return await this.#rest(lines, sent);
      case 'gRPC':
        return await this.#grpc(lines, sent);
      case 'frames':
        for (const status of await sayFrames(this.#server.ports.gRPC, sent)) {
          count(this.answers, `gRPC ${status}`);
          checkCode(status);
        }
    }
  }

  async #rest(lines: Lines, sent: RestCase): Promise<void> {
    if (lines.rest?.usable !== true) lines.rest = await RestConnection.open(this.#server.ports.REST);
    const heard = await lines.rest.say(sent);
    for (const { status } of heard.answers) count(this.answers, `REST ${status}`);
    this.#check.check(sent, heard);
  }

  async #grpc(lines: Lines, sent: GrpcCase): Promise<void> {
    if (lines.grpc?.usable !== true) lines.grpc = await GrpcSession.open(this.#server.ports.gRPC);
    const heard = await lines.grpc.say(sent);
    if (heard === undefined) return;
    count(this.answers, `gRPC ${heard.fields['grpc-status'] ?? `HTTP ${heard.fields[':status']}`}`);
    checkGrpc(sent, heard);
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Whether an answer of REST is in the documented form: the OpenAPI document's, or that of all errors. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'lossless-json';
import { codes, ERROR_DOMAIN, type Reason, reasons } from '../../src/domain/errors.ts';
import { type Ask, checkReason, must, type RestCase } from './case.ts';
import { type OpenApi, operationsOf } from './openapi.ts';
import type { RestAnswer, RestHeard } from './rest-client.ts';

/** What any request can be answered before it is known what it asks for. */
const beforeRouting = [400, 408, 413, 417, 431];
/** Where there is no operation. */
const noOperation = [404, 405];
/** What a caller hears whose time is up: that nothing was done, or that nobody knows. */
const lateStatuses: readonly number[] = [503, 504];
const lateReasons: readonly string[] = ['DEADLINE_EXCEEDED', 'OUTCOME_UNKNOWN'];

/** Pages, and the way to them, have no operation either. */
const pages = [200, 302, 304];

interface ErrorBody {
  readonly code: number;
  readonly details: readonly { readonly reason?: string; readonly domain?: string }[];
}

export class RestCheck {
  readonly #schemas = new Map<string, ValidateFunction>();
  readonly #operations: ReadonlySet<string>;
  readonly #error: ValidateFunction;

  constructor(document: OpenApi) {
    // Words that are OpenAPI's and not JSON Schema's, such as `example`, are no mistakes.
    const ajv = new Ajv2020({ strict: false, formats: { int64: true, int32: true } });
    ajv.addSchema(document, 'document');
    this.#operations = new Set(operationsOf(document).map(({ name }) => name));
    this.#error = compile('document#/components/schemas/Error');
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { responses }] of Object.entries(methods)) {
        for (const status of Object.keys(responses)) {
          const steps = ['paths', path, method, 'responses', status, 'content', 'application/json', 'schema'];
          const pointer = steps.map((step) => step.replaceAll('~', '~0').replaceAll('/', '~1'));
          const place = pointer.map(encodeURIComponent).join('/');
          this.#schemas.set(`${method} ${path} ${status}`, compile(`document#/${place}`));
        }
      }
    }

    function compile($ref: string): ValidateFunction {
      return ajv.compile({ $ref });
    }
  }

  /** @throws WrongAnswer unless what was heard is what the document lets a caller expect. */
  check(sent: RestCase, { answers, rest }: RestHeard): void {
    must(rest.length === 0, `behind the answers stands ${JSON.stringify(rest.toString('latin1', 0, 200))}`);
    must(answers.length >= sent.answersMin, `${answers.length} answers instead of ${sent.answersMin}`);
    for (const [index, answer] of answers.entries()) this.#checkOne(sent.asks[index], answer);
  }

  #checkOne(ask: Ask | undefined, answer: RestAnswer): void {
    const { status, headers, body } = answer;
    const isLate = ask?.mayExpire === true && lateStatuses.includes(status);
    must(status < 500 || isLate, `status ${status}: ${body.toString('utf8', 0, 500)}`);
    if (ask?.method === 'HEAD') return;
    const operation = ask?.operation ?? '';
    must(this.#operations.has(operation) || operation === '', `no operation is named ${operation}`);
    const schema = this.#schemas.get(`${operation} ${status}`);
    if (schema === undefined) this.#checkStray(operation, answer);
    if (pages.includes(status) && schema === undefined) return;
    must(headers.get('content-type') === 'application/json', `content type ${headers.get('content-type')}`);
    const value = readJson(body);
    const validate = schema ?? this.#error;
    must(validate(value), `${JSON.stringify(validate.errors)}: ${body.toString('utf8', 0, 500)}`);
    const reason = status >= 400 ? checkError(value as ErrorBody) : undefined;
    must(!isLate || lateReasons.includes(reason ?? ''), `the time is up: ${body}`);
    checkReason(ask?.expect ?? 'any', reason, body.toString('utf8', 0, 500));
  }

  /** The status is one that no operation lists. */
  #checkStray(operation: string, { status, body }: RestAnswer): void {
    const allowed = operation === '' ? [...beforeRouting, ...noOperation, ...pages] : beforeRouting;
    must(allowed.includes(status), `${operation} answers ${status}: ${body.toString('utf8', 0, 500)}`);
  }
}

/** @returns the reason of an error body that has the form of one. */
export function checkError({ code, details }: ErrorBody): Reason {
  const { reason = '', domain } = details[0] ?? {};
  must(isReason(reason), `no reason is called ${reason}`);
  must(codes[reasons[reason]] === code, `${reason} travels under ${code}`);
  must(domain === ERROR_DOMAIN, `the domain is ${domain}`);
  return reason;
}

function isReason(text: string): text is Reason {
  return Object.hasOwn(reasons, text);
}

/** Reads numbers only where they are whole, as all of ours are; the validator takes them rounded. */
function readJson(body: Buffer): unknown {
  return parse(body.toString('utf8'), undefined, (literal) => {
    must(/^-?\d+$/.test(literal), `${literal} is no whole number`);
    return Number(literal);
  });
}

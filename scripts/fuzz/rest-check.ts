/** Checks that an answer of REST is in the documented form: that of OpenAPI, or that of all errors. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'lossless-json';
import { codes, ERROR_DOMAIN, type Reason, reasons } from '../../src/domain/errors.ts';
import { parseInstant } from '../../src/domain/instant.ts';
import { checkReason, expect, type RestCase, type SentRequest } from './case.ts';
import { type OpenApi, operationsOf } from './openapi.ts';
import type { RestAnswer, RestResponses } from './rest-client.ts';

/** Statuses of any request, before it is routed. */
const beforeRouting = [400, 403, 408, 413, 417, 431];
/** Statuses where there is no operation. */
const noOperation = [404, 405];
/** Answers after the deadline: nothing was done, or the outcome is unknown. */
const lateStatuses: readonly number[] = [503, 504];
const lateReasons: readonly string[] = ['DEADLINE_EXCEEDED', 'OUTCOME_UNKNOWN'];

/** Statuses of pages and the redirects to them, which are no operations. */
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
    const formats = { int64: true, int32: true, 'date-time': isTime } as const;
    // Not strict: OpenAPI has keywords that JSON Schema does not have, such as `example`.
    const ajv = new Ajv2020({ strict: false, formats });
    ajv.addSchema(document, 'document');
    this.#operations = new Set(operationsOf(document).map(({ name }) => name));
    this.#error = compile('document#/components/schemas/Status');
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { responses }] of Object.entries(methods)) {
        for (const [status, { content }] of Object.entries(responses)) {
          // A stream has no body that could be checked as a whole.
          if (content?.['application/json'] === undefined) continue;
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

  /** @throws WrongAnswer unless the document allows the answers. */
  check(sent: RestCase, { answers, rest }: RestResponses): void {
    expect(rest.length === 0, `after the answers follows ${JSON.stringify(rest.toString('latin1', 0, 200))}`);
    expect(answers.length >= sent.answersMin, `${answers.length} answers instead of ${sent.answersMin}`);
    for (const [index, answer] of answers.entries()) this.#checkOne(sent.requests[index], answer);
  }

  #checkOne(request: SentRequest | undefined, answer: RestAnswer): void {
    const { status, headers, body } = answer;
    const isLate = request?.mayExpire === true && lateStatuses.includes(status);
    const isUnchecked = request?.expected === 'forged' && status === 503;
    expect(status < 500 || isLate || isUnchecked, `status ${status}: ${body.toString('utf8', 0, 500)}`);
    if (request?.method === 'HEAD') return;
    const operation = request?.operation ?? '';
    expect(this.#operations.has(operation) || operation === '', `there is no operation ${operation}`);
    const schema = this.#schemas.get(`${operation} ${status}`);
    if (schema === undefined) this.#checkUnlisted(operation, answer);
    if (pages.includes(status) && schema === undefined) return;
    expect(headers.get('content-type') === 'application/json', `content type ${headers.get('content-type')}`);
    const value = readJson(body);
    const validate = schema ?? this.#error;
    expect(validate(value), `${JSON.stringify(validate.errors)}: ${body.toString('utf8', 0, 500)}`);
    const reason = status >= 400 ? checkError(value as ErrorBody) : undefined;
    expect(!isLate || lateReasons.includes(reason ?? ''), `after the deadline: ${body}`);
    checkReason(request?.expected ?? 'any', reason, body.toString('utf8', 0, 500), request?.operation);
  }

  /** Checks a status that the operation does not list. */
  #checkUnlisted(operation: string, { status, body }: RestAnswer): void {
    const allowed = operation === '' ? [...beforeRouting, ...noOperation, ...pages] : beforeRouting;
    expect(allowed.includes(status), `${operation} answers ${status}: ${body.toString('utf8', 0, 500)}`);
  }
}

/** @returns the reason of an error body, whose form is checked. */
export function checkError({ code, details }: ErrorBody): Reason {
  const { reason = '', domain } = details[0] ?? {};
  expect(isReason(reason), `unknown reason ${reason}`);
  expect(codes[reasons[reason]] === code, `${reason} has the code ${code}`);
  expect(domain === ERROR_DOMAIN, `the domain is ${domain}`);
  return reason;
}

function isTime(text: string): boolean {
  return parseInstant(text) !== undefined;
}

function isReason(text: string): text is Reason {
  return Object.hasOwn(reasons, text);
}

/** Accepts whole numbers only, like all of the contract; the validator gets them rounded. */
function readJson(body: Buffer): unknown {
  return parse(body.toString('utf8'), undefined, (literal) => {
    expect(/^-?\d+$/.test(literal), `${literal} is not a whole number`);
    return Number(literal);
  });
}

/** The cases for the service that wants tokens: good and bad requests of all kinds of callers. */
import fc from 'fast-check';
import type { Caller } from './callers.ts';
import type { Expectation, GrpcCase, RestCase } from './case.ts';
import { plain, spoilt, valid } from './grpc-cases.ts';
import type { Kind } from './kinds.ts';
import type { OpenApi } from './openapi.ts';
import { type Meant, single, spoiltRequests, validRequests } from './rest-cases.ts';

/** Makes the kinds for REST. Who asks does not matter where the document wants no token. */
export function guardedRestKinds(document: OpenApi, callers: readonly Caller[]): Kind<RestCase>[] {
  const good = validRequests(document).map((meant): [Meant, Expectation] => [meant, 'accepted']);
  const requests = fc.oneof(
    { weight: 3, arbitrary: good },
    { weight: 1, arbitrary: spoiltRequests(document) },
  );
  return callers.map(({ who, weight, authorization, expect }) => [
    who,
    weight,
    fc.tuple(requests, authorization).map(([[{ operation, request }, own], shown]) => {
      const headers = [
        ...request.headers,
        ...(shown === undefined ? [] : [['Authorization', shown] as const]),
      ];
      const meant = { operation, request: { ...request, headers } };
      return single(meant, operation.isGuarded ? (expect ?? own) : own);
    }),
  ]);
}

/** Makes the kinds for gRPC. */
export function guardedCallKinds(callers: readonly Caller[]): Kind<GrpcCase>[] {
  const good = valid.map((call) => [call, 'accepted'] as const);
  const calls = fc.oneof({ weight: 3, arbitrary: good }, { weight: 1, arbitrary: spoilt });
  return callers.map(({ who, weight, authorization, expect }) => [
    who,
    weight,
    fc.tuple(calls, authorization).map(([[call, own], shown]) => {
      return plain(call, expect ?? own, shown === undefined ? {} : { authorization: shown });
    }),
  ]);
}

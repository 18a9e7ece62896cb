/** Cases for the service that requires tokens: valid and invalid requests of all kinds of callers. */
import fc from 'fast-check';
import type { Caller } from './callers.ts';
import type { Expectation, GrpcCase, Kind, RestCase } from './case.ts';
import { faulty, plain, valid } from './grpc-cases.ts';
import type { OpenApi } from './openapi.ts';
import { faultyRequests, type OperationRequest, single, validRequests } from './rest-cases.ts';

/** The kinds for REST. The caller does not matter where the document requires no token. */
export function guardedRestKinds(document: OpenApi, callers: readonly Caller[]): Kind<RestCase>[] {
  const good = validRequests(document).map((base): [OperationRequest, Expectation] => [base, 'accepted']);
  const requests = fc.oneof(
    { weight: 3, arbitrary: good },
    { weight: 1, arbitrary: faultyRequests(document) },
  );
  return callers.map(({ name, weight, authorization, expected }) => [
    name,
    weight,
    fc.tuple(requests, authorization).map(([[{ operation, request }, own], header]) => {
      const headers = [
        ...request.headers,
        ...(header === undefined ? [] : [['Authorization', header] as const]),
      ];
      const base = { operation, request: { ...request, headers } };
      return single(base, operation.isGuarded ? (expected ?? own) : own);
    }),
  ]);
}

/** The kinds for gRPC. */
export function guardedGrpcKinds(callers: readonly Caller[]): Kind<GrpcCase>[] {
  const good = valid.map((call) => [call, 'accepted'] as const);
  const calls = fc.oneof({ weight: 3, arbitrary: good }, { weight: 1, arbitrary: faulty });
  return callers.map(({ name, weight, authorization, expected }) => [
    name,
    weight,
    fc.tuple(calls, authorization).map(([[call, own], header]) => {
      return plain(call, expected ?? own, header === undefined ? {} : { authorization: header });
    }),
  ]);
}

/** All faults, in the order in which they are run and reported. */
import { clientDisconnects, deadlines, duplicateKeys } from './callers.ts';
import { clockStep, clockWrong } from './clocks.ts';
import {
  backendCancel,
  backendTerminate,
  connectionsExhausted,
  diskFull,
  migration,
  nothing,
  poolExhausted,
} from './database.ts';
import type { Fault } from './fault.ts';
import { feedRetention, publisherKill, publisherPromote, slowReaders, twoPublishers } from './feed.ts';
import { pipelinedReads, resetBursts } from './floods.ts';
import {
  blackHole,
  connectionHalfOpen,
  connectionReset,
  latency,
  slicing,
  walBlackHole,
  walLatency,
  walReset,
} from './network.ts';
import {
  primaryFreeze,
  primaryKill,
  primaryPromote,
  primaryReturns,
  replicaFreeze,
  replicaKill,
  serviceKill,
  serviceTerminate,
  twoServices,
} from './processes.ts';

export const faults: readonly Fault[] = [
  nothing,
  serviceKill,
  serviceTerminate,
  twoServices,
  primaryKill,
  primaryPromote,
  primaryReturns,
  primaryFreeze,
  replicaKill,
  replicaFreeze,
  backendTerminate,
  backendCancel,
  connectionReset,
  connectionHalfOpen,
  latency,
  slicing,
  blackHole,
  walReset,
  walLatency,
  walBlackHole,
  poolExhausted,
  connectionsExhausted,
  diskFull,
  migration,
  duplicateKeys,
  clientDisconnects,
  deadlines,
  resetBursts,
  pipelinedReads,
  clockStep,
  clockWrong,
  publisherKill,
  publisherPromote,
  twoPublishers,
  slowReaders,
  feedRetention,
];

/** One of each group that is fast to run, for the smoke test. */
export const quickKinds: readonly string[] = [
  serviceKill,
  serviceTerminate,
  primaryKill,
  primaryPromote,
  duplicateKeys,
  resetBursts,
].map(({ kind }) => kind);

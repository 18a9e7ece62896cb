/**
 * When each alert fires, and when it does not: series of two instances, and which alerts fire at a time.
 * What goes wrong begins at the tenth step.
 */

/** Samples of series in promtool's notation, by name and labels; undefined is a series that is not there. */
type Samples = Readonly<Record<string, string | undefined>>;

export interface Case {
  readonly title: string;
  /** What differs from two healthy instances, in the first one or in both. */
  readonly first?: Samples;
  readonly both?: Samples;
  /** The time between two samples; 1 if not set. */
  readonly stepMinutes?: number;
  /** The alerts that fire, by minute. */
  readonly firing: Readonly<Record<number, readonly string[]>>;
}

/** More steps than any case has. */
const MANY = 250;

const always = (value: number) => `${value}+0x${MANY}`;
/** Another value from the tenth step on. */
const change = (before: number, after: number) => `${before}+0x9 ${after}+0x${MANY}`;
/** A counter that rises from the tenth step on, by this in each. */
const rise = (each: number) => `0+0x9 ${each}+${each}x${MANY}`;
/** A counter that rises at once, at the tenth step. */
const jump = (to: number) => change(0, to);

/** 600 creates a step over each transport, all of them in time. */
const rest = '{http_request_method="POST",http_route="/order/create",http_response_status_code="200"';
const grpc = '{rpc_method="loms.order.v1.OrderService/CreateOrder",rpc_response_status_code="OK"';
const restCount = `http_server_request_duration_seconds_count${rest}}`;
const restInTime = `http_server_request_duration_seconds_bucket${rest},le="0.25"}`;
const grpcCount = `rpc_server_call_duration_seconds_count${grpc}}`;
const grpcInTime = `rpc_server_call_duration_seconds_bucket${grpc},le="0.25"}`;
const lateCount = restCount.replace('"200"', '"504"');
const lateInTime = restInTime.replace('"200"', '"504"');
const traffic = `0+600x${MANY}`;

const refused = (reason: string) =>
  `loms_refusals_total{transport="REST",operation="createOrder",reason="${reason}"}`;
const unhealthy = (node: string, reason: string) => `loms_node_unhealthy{node="${node}",reason="${reason}"}`;
const asynchronous = (node: string) => unhealthy(node, 'not synchronous');
const unreachable = (node: string) => unhealthy(node, 'not reachable');
const failed = (task: string) => `loms_background_failures_total{task="${task}"}`;

export const healthy: Samples = {
  [restCount]: traffic,
  [restInTime]: traffic,
  [grpcCount]: traffic,
  [grpcInTime]: traffic,
  [refused('DATABASE_UNAVAILABLE')]: always(0),
  [refused('INTERNAL')]: always(0),
  [refused('OUTCOME_UNKNOWN')]: always(0),
  [refused('QUEUE_FULL')]: always(0),
  [failed('publish-events')]: always(0),
  [failed('remove-orders')]: always(0),
  up: always(1),
  process_start_time_seconds: always(0),
  nodejs_eventloop_lag_p99_seconds: always(0.012),
  loms_ready: always(1),
  loms_writable: always(1),
  loms_confirming_replicas: always(1),
  'loms_node_up{node="one"}': always(1),
  'loms_node_up{node="two"}': always(1),
  'loms_node_primary{node="one"}': always(1),
  'loms_node_primary{node="two"}': always(0),
  'loms_node_replay_lag_seconds{node="two"}': always(0.01),
  'loms_node_clock_ahead_seconds{node="two"}': always(0.1),
  loms_expiry_lag_seconds: always(0.4),
  loms_feed_lag_seconds: always(0.1),
  loms_audit_findings: always(0),
  loms_audit_age_seconds: always(40_000),
  loms_keys_usable: always(1),
  loms_keys_age_seconds: always(250),
  loms_certificate_expiry_timestamp_seconds: always(60 * 86_400),
};

const objectives: Case[] = [
  {
    title: 'a twentieth of the requests fails',
    both: { [refused('DATABASE_UNAVAILABLE')]: rise(60) },
    firing: { 12: [], 30: ['LomsErrorsBurnFast'], 120: ['LomsErrorsBurnFast', 'LomsErrorsBurnSlowly'] },
  },
  {
    title: 'a twentieth of the requests fails for a minute',
    both: { [refused('DATABASE_UNAVAILABLE')]: jump(60) },
    firing: { 13: [], 30: [], 120: [] },
  },
  {
    title: 'five of a thousand requests fail',
    both: { [refused('DATABASE_UNAVAILABLE')]: rise(6) },
    firing: { 30: [], 120: ['LomsErrorsBurnSlowly'] },
  },
  {
    title: 'fewer requests fail than the objective allows',
    both: { [refused('DATABASE_UNAVAILABLE')]: `0+0.6x${MANY}` },
    firing: { 30: [], 240: [] },
  },
  {
    title: 'a third of the creates is slow',
    both: { [restInTime]: `0+600x9 5800+400x${MANY}`, [grpcInTime]: `0+600x9 5800+400x${MANY}` },
    firing: { 12: [], 60: ['LomsLatencyBurnsFast'], 120: ['LomsLatencyBurnsFast', 'LomsLatencyBurnsSlowly'] },
  },
  {
    title: 'four of a hundred creates are slow, over one transport only',
    both: { [grpcInTime]: `0+552x${MANY}` },
    firing: { 30: [], 120: ['LomsLatencyBurnsSlowly'] },
  },
  {
    title: 'requests that miss their deadline are failures, and no slow creates',
    both: { [lateCount]: rise(600), [lateInTime]: always(0) },
    firing: { 30: [], 120: [] },
  },
];

const instances: Case[] = [
  {
    title: 'no instance is ready',
    both: { loms_ready: change(1, 0) },
    firing: { 10: [], 11: ['LomsUnavailable'], 13: ['LomsNotReady', 'LomsUnavailable'] },
  },
  {
    title: 'one instance is not ready',
    first: { loms_ready: change(1, 0) },
    firing: { 11: [], 13: ['LomsNotReady'] },
  },
  {
    title: 'one instance does not answer',
    first: { up: change(1, 0), loms_ready: '1+0x9' },
    firing: { 11: [], 13: ['LomsInstanceDown'], 20: ['LomsInstanceDown'] },
  },
  {
    title: 'no instance answers',
    both: { up: change(1, 0), loms_ready: '1+0x9' },
    firing: { 20: ['LomsInstanceDown', 'LomsUnavailable'] },
  },
  {
    title: 'three restarts',
    first: { process_start_time_seconds: `0+0x9 600 660 720+0x${MANY}` },
    firing: { 11: [], 13: ['LomsRestarts'], 30: [] },
  },
  {
    title: 'two restarts, as of a deployment that is repeated',
    first: { process_start_time_seconds: `0+0x9 600 660+0x${MANY}` },
    firing: { 13: [] },
  },
  {
    title: 'an event loop that is late',
    first: { nodejs_eventloop_lag_p99_seconds: change(0.01, 0.5) },
    firing: { 14: [], 16: ['LomsEventLoopBlocked'] },
  },
];

const database: Case[] = [
  {
    title: 'writes are refused',
    first: { loms_writable: change(1, 0) },
    firing: { 10: [], 12: ['LomsWritesRefused'] },
  },
  {
    title: 'the primary is lost',
    both: { 'loms_node_up{node="one"}': change(1, 0), 'loms_node_primary{node="one"}': change(1, 0) },
    firing: { 10: [], 11: ['LomsNoPrimary'], 13: ['LomsNoPrimary', 'LomsNodeUnhealthy'] },
  },
  {
    title: 'the primary is unhealthy, and none replaces it',
    both: { 'loms_node_up{node="one"}': change(1, 0) },
    firing: { 13: ['LomsNoPrimary', 'LomsNodeUnhealthy'] },
  },
  {
    title: 'another node is the primary',
    both: { 'loms_node_primary{node="one"}': change(1, 0), 'loms_node_primary{node="two"}': change(0, 1) },
    firing: { 20: [] },
  },
  {
    title: 'a replica is lost',
    both: { 'loms_node_up{node="two"}': change(1, 0) },
    firing: { 11: [], 13: ['LomsNodeUnhealthy'] },
  },
  {
    title: 'a second replica is asynchronous by design',
    both: { 'loms_node_up{node="three"}': always(0), [asynchronous('three')]: always(1) },
    firing: { 13: [], 240: [] },
  },
  {
    title: 'a second replica is lost',
    both: { 'loms_node_up{node="three"}': change(1, 0), [unreachable('three')]: `_x9 1+0x${MANY}` },
    firing: { 11: [], 13: ['LomsNodeUnhealthy'] },
  },
  {
    title: 'the only replica is not synchronous',
    both: { 'loms_node_up{node="two"}': change(1, 0), [asynchronous('two')]: `_x9 1+0x${MANY}` },
    firing: { 11: [], 13: ['LomsNodeUnhealthy'] },
  },
  {
    title: 'a replica is lost beside an asynchronous one',
    both: {
      'loms_node_up{node="two"}': change(1, 0),
      [unreachable('two')]: `_x9 1+0x${MANY}`,
      'loms_node_up{node="three"}': always(0),
      [asynchronous('three')]: always(1),
    },
    firing: { 9: [], 13: ['LomsNodeUnhealthy'] },
  },
  {
    title: 'no replica is to confirm commits',
    both: { loms_confirming_replicas: change(1, 0) },
    firing: { 10: [], 12: ['LomsReplicaNotSynchronous'] },
  },
  {
    title: 'a replica replays late',
    first: { 'loms_node_replay_lag_seconds{node="two"}': change(0, 2) },
    firing: { 14: [], 16: ['LomsReplayLag'] },
  },
  {
    title: 'a clock is behind',
    first: { 'loms_node_clock_ahead_seconds{node="two"}': change(0, -4) },
    firing: { 14: [], 16: ['LomsClockDiffers'] },
  },
];

const work: Case[] = [
  {
    title: 'one write with an unknown outcome',
    first: { [refused('OUTCOME_UNKNOWN')]: jump(1) },
    firing: { 9: [], 11: ['LomsOutcomeUnknown'], 25: [] },
  },
  {
    title: 'one internal error',
    first: { [refused('INTERNAL')]: jump(1) },
    firing: { 9: [], 11: ['LomsInternalErrors'], 25: [] },
  },
  {
    title: 'a queue that stays full',
    first: { [refused('QUEUE_FULL')]: rise(5) },
    firing: { 11: [], 15: ['LomsQueueFull'] },
  },
  {
    title: 'a queue that is full for a moment',
    first: { [refused('QUEUE_FULL')]: jump(500) },
    firing: { 11: [], 13: [], 15: [] },
  },
  {
    title: 'reservations are released late',
    both: { loms_expiry_lag_seconds: change(0.4, 20) },
    firing: { 11: [], 13: ['LomsExpiryLag'] },
  },
  {
    title: 'events are published late',
    both: { loms_feed_lag_seconds: change(0.1, 20) },
    firing: { 11: [], 13: ['LomsFeedLag'] },
  },
  {
    title: 'a background task that fails every minute',
    first: { [failed('publish-events')]: rise(1) },
    firing: { 20: [], 28: ['LomsBackgroundTaskFails'] },
  },
  {
    title: 'an hourly task that fails twice',
    first: { [failed('remove-orders')]: `0+0x9 1+0x59 2+0x${MANY}` },
    firing: { 60: [], 75: [], 90: ['LomsBackgroundTaskFails'] },
  },
  {
    title: 'a background task that fails once',
    first: { [failed('publish-events')]: jump(1), [failed('remove-orders')]: jump(1) },
    firing: { 19: [], 26: [], 60: [] },
  },
  {
    title: 'the audit finds a fault',
    first: { loms_audit_findings: change(0, 1) },
    firing: { 9: [], 10: ['LomsStockDrift'] },
  },
  {
    title: 'audits are over for long',
    both: { loms_audit_age_seconds: always(150_000) },
    stepMinutes: 10,
    firing: { 2150: [], 2180: ['LomsAuditTooOld'] },
  },
  {
    title: 'no audit since the start',
    both: { loms_audit_findings: undefined, loms_audit_age_seconds: undefined },
    stepMinutes: 10,
    firing: { 2150: [], 2180: ['LomsAuditTooOld'] },
  },
  {
    title: 'one of two instances audits',
    first: { loms_audit_findings: undefined, loms_audit_age_seconds: undefined },
    stepMinutes: 10,
    firing: { 2180: [] },
  },
];

const access: Case[] = [
  {
    title: 'tokens cannot be checked',
    first: { loms_keys_usable: change(1, 0) },
    firing: { 10: [], 12: ['LomsKeysUnusable'] },
  },
  {
    title: 'the keys of the issuer cannot be read again',
    first: { loms_keys_age_seconds: change(250, 1_000) },
    firing: { 14: [], 16: ['LomsKeysOld'] },
  },
  {
    title: 'a certificate that ends in 13 days',
    first: { loms_certificate_expiry_timestamp_seconds: always(13 * 86_400) },
    firing: { 10: ['LomsCertificateEndsSoon'] },
  },
  {
    title: 'a certificate that ends in two days',
    first: { loms_certificate_expiry_timestamp_seconds: always(2 * 86_400) },
    firing: { 10: ['LomsCertificateEnds', 'LomsCertificateEndsSoon'] },
  },
  {
    title: 'neither TLS nor tokens',
    both: {
      loms_certificate_expiry_timestamp_seconds: undefined,
      loms_keys_age_seconds: undefined,
      loms_keys_usable: undefined,
    },
    firing: { 30: [] },
  },
];

export const cases: readonly Case[] = [
  { title: 'two healthy instances', firing: { 1: [], 30: [], 240: [] } },
  ...objectives,
  ...instances,
  ...database,
  ...work,
  ...access,
];

/**
 * Primary election and node health, as a pure function: the topology before and the nodes' answers of one
 * round give the topology after. No I/O, no clock, no log: the router queries the nodes and applies the
 * result.
 *
 * The primary is the node that is not in recovery on the highest timeline that a node of our cluster has ever
 * shown. A promotion raises the timeline. So a promoted replica takes over, and an old primary that comes
 * back is recognised by its lower timeline and fenced. See docs/decisions/timeline-check.md.
 *
 * A replica is healthy while it answers, keeps up, and is one that every commit waits for (applied there
 * before the write is acknowledged), once it has replayed what was acknowledged before that. So a read after
 * an acknowledged write sees it, on every healthy node.
 * See docs/decisions/synchronous-reads.md.
 */
import type { INodeStateResult } from '../../generated/sql/cluster.ts';
import { type Backlog, nextBacklog, replayLagMs } from './replay-lag.ts';

export type NodeState = INodeStateResult;

/** A node's answer in one round; an error when the node was not reachable. */
export type Answer = NodeState | Error;

export interface Round {
  /** One for each node, in the same order in every round. */
  readonly answers: readonly Answer[];
  /** The time of the round on a monotonic clock, in milliseconds. */
  readonly nowMs: number;
  /** A replica whose replay is further behind is unhealthy. */
  readonly replicaLagMaxMs: number;
}

/** `unknown` until the node has answered once. */
export type Role = 'primary' | 'replica' | 'unknown';

/** Why a node must not be used. */
export type UnhealthyReason =
  | 'not checked yet'
  | 'not reachable'
  | 'other cluster'
  | 'same server as another node'
  | 'old primary'
  | 'two primaries on one timeline'
  | 'replay lag'
  | 'no primary'
  | 'other timeline'
  | 'cannot see replication'
  | 'streams without a slot'
  | 'not synchronous'
  | 'catching up';

/** The server at a node's address to which connections may be used. */
export interface AcceptedServer {
  /** Its start time. A restarted server, or another one at the same address, has a different one. */
  readonly started: string;
  /** The slot that it streamed through when it last streamed from the primary. */
  readonly slot: string | undefined;
  readonly backlog: Backlog | undefined;
}

/** What is known of a node by its latest answer, and the verdict of the latest round. */
export interface TopologyNode {
  readonly role: Role;
  /** The cluster that it belongs to; undefined until it has answered once. */
  readonly system: string | undefined;
  /** The timeline that it writes or follows; 0 until it has answered once. */
  readonly timeline: number;
  /** The start time of the server that answered last, accepted or not. */
  readonly lastStarted: string | undefined;
  /** That server itself, by whatever name it is reached. */
  readonly server: string | undefined;
  /** Undefined while no connection to this node may be used: it is fenced, or has never answered. */
  readonly accepted: AcceptedServer | undefined;
  /** Undefined when the node is healthy. */
  readonly reason: UnhealthyReason | undefined;
}

/** The slot of a replica that commits wait for. */
export interface SynchronousSlot {
  readonly slot: string;
  /**
   * How far the primary's WAL was flushed when the slot was first listed, in bytes. Commits before that may
   * have been acknowledged without this replica.
   */
  readonly from: bigint;
}

export interface Topology {
  /** The cluster that this service works on: that of its first primary. */
  readonly system: string | undefined;
  /** The highest timeline that a node of the cluster has ever shown. */
  readonly timeline: number;
  /** The index of the primary in force. It stays in force while it only does not answer. */
  readonly primary: number | undefined;
  /** The slots of the replicas that commits wait for, by the primary's latest answer. */
  readonly synchronousSlots: readonly SynchronousSlot[];
  /** How many replicas confirm each commit, by the primary's latest answer; undefined before its first. */
  readonly confirmedBy: number | undefined;
  /** Whether a commit would hang, with its locks and its connection, by the primary's latest answer. */
  readonly commitsHang: boolean;
  /** In the order of the answers. */
  readonly nodes: readonly TopologyNode[];
}

/** A node before its first round. */
export const unknownNode: TopologyNode = {
  role: 'unknown',
  system: undefined,
  timeline: 0,
  lastStarted: undefined,
  server: undefined,
  accepted: undefined,
  reason: 'not checked yet',
};

/** The topology before the first round. */
export function unknownTopology(nodeCount: number): Topology {
  return {
    system: undefined,
    timeline: 0,
    primary: undefined,
    synchronousSlots: [],
    confirmedBy: undefined,
    commitsHang: false,
    nodes: Array(nodeCount).fill(unknownNode),
  };
}

/**
 * Whether all nodes must be queried again before they are judged: a primary answered that was started since
 * it was last queried. It may be an old one that came up after another node had answered as a replica, and
 * that node may have been promoted in between. The answers of the repeated round are all given after the
 * start. Each repetition takes a server's start, so there are few.
 */
export function mustRepeat(before: Topology, answers: readonly Answer[]): boolean {
  return before.nodes.some((node, index) => {
    const state = stateOf(answers[index]);
    return state !== undefined && !state.in_recovery && state.started !== node.lastStarted;
  });
}

/** Records what each node showed, without judging it: for the answers of a round that is repeated. */
export function observe(before: Topology, answers: readonly Answer[]): Topology {
  const nodes = before.nodes.map((node, index) => {
    const state = stateOf(answers[index]);
    if (state === undefined) return node;
    const role: Role = state.in_recovery ? 'replica' : 'primary';
    const { system, timeline, started: lastStarted, server } = state;
    return { ...node, role, system, timeline, lastStarted, server };
  });
  return { ...before, nodes };
}

/** Elects the primary and judges every node by the answers of a round. */
export function judge(before: Topology, round: Round): Topology {
  const after = elect(observe(before, round.answers), round.answers);
  const nodes = after.nodes.map((node, index) => ({ ...node, ...verdict(after, index, node, round) }));
  return { ...after, nodes };
}

const stateOf = (answer: Answer | undefined) => (answer instanceof Error ? undefined : answer);

/**
 * Whether another node's URL reaches the same server, under another name, and that node is used in place of
 * this one. Of such nodes those that answered come first, then the primary in force, then the order of the
 * URLs.
 */
function isSameServer({ nodes, primary }: Topology, answers: readonly Answer[], index: number): boolean {
  const node = nodes[index];
  if (node?.server === undefined) return false;
  const rank = (at: number) => (stateOf(answers[at]) === undefined ? 2 : 0) + (at === primary ? 0 : 1);
  const isBefore = (at: number) => rank(at) - rank(index) || at - index;
  return nodes.some(
    ({ system, server }, at) => system === node.system && server === node.server && isBefore(at) < 0,
  );
}

/**
 * How many standbys confirm a commit, by `synchronous_standby_names`: none where it is empty, else the number
 * before the list, or one where there is only a list.
 */
export function confirmationsOf(standbyNames: string): number {
  if (standbyNames.trim() === '') return 0;
  const [, count = '1'] = /^\s*(?:(?:FIRST|ANY)\s+)?(\d+)\s*\(/i.exec(standbyNames) ?? [];
  return Number(count);
}

/**
 * Elects the primary from the latest known state of the nodes. The one in force stays until a higher timeline
 * appears. Of several that claim the same timeline none can be trusted (split brain).
 */
function elect(topology: Topology, answers: readonly Answer[]): Topology {
  const { nodes, primary: inForce } = topology;
  const system = ourSystem(topology);
  const isOurs = (node: TopologyNode) => system !== undefined && node.system === system;
  const timeline = Math.max(topology.timeline, ...nodes.filter(isOurs).map((node) => node.timeline));
  const claimants = nodes.flatMap((node, index) =>
    isOurs(node) &&
    node.role === 'primary' &&
    node.timeline === timeline &&
    !isSameServer(topology, answers, index)
      ? index
      : [],
  );
  const stays = inForce !== undefined && claimants.includes(inForce);
  const primary = stays ? inForce : claimants.length === 1 ? claimants[0] : undefined;
  const state = primary === undefined ? undefined : stateOf(answers[primary]);
  return {
    system: topology.system ?? (primary === undefined ? undefined : system),
    timeline,
    primary,
    synchronousSlots: synchronousSlots(topology, primary, state),
    confirmedBy: state === undefined ? topology.confirmedBy : confirmationsOf(state.standby_names),
    commitsHang: state === undefined ? topology.commitsHang : commitsHang(state),
    nodes,
  };
}

/**
 * The replicas that commits wait for. What the last primary showed of them means nothing for a new one. Of
 * the same one a slot keeps its position only while it is listed in every round: where the primary did not
 * answer, or was restarted, commits may have been acknowledged without this replica meanwhile.
 */
function synchronousSlots(
  { primary: inForce, synchronousSlots: known, nodes }: Topology,
  primary: number | undefined,
  state: NodeState | undefined,
): readonly SynchronousSlot[] {
  const before = primary === inForce ? known : [];
  if (primary === undefined || state === undefined) return before;
  const { reason, accepted } = nodes[primary] ?? unknownNode;
  const kept = reason === undefined && accepted?.started === state.started ? before : [];
  return state.synchronous_slots.map(
    (slot) => kept.find((each) => each.slot === slot) ?? { slot, from: state.flushed },
  );
}

/** Whether commits cannot be confirmed: too few standbys are connected, or a commit already hangs. */
function commitsHang({ standby_names, confirming, commit_hangs }: NodeState): boolean {
  return commit_hangs || confirming < confirmationsOf(standby_names);
}

/**
 * The cluster of this service. A wrong address may lead to another one, whose timeline means nothing here.
 * Before the first primary, while the nodes belong to several clusters, none of these is known to be ours.
 */
function ourSystem({ system, nodes }: Topology): string | undefined {
  const systems = new Set(nodes.flatMap((node) => node.system ?? []));
  return system ?? (systems.size === 1 ? [...systems][0] : undefined);
}

type Verdict = Pick<TopologyNode, 'accepted' | 'reason'>;

function verdict(topology: Topology, index: number, node: TopologyNode, round: Round): Verdict {
  const state = stateOf(round.answers[index]);
  const isPrimary = index === topology.primary;
  const isFenced = node.role === 'primary' && !isPrimary;
  const accepted = isFenced ? undefined : acceptedServer(node, state);
  if (state === undefined) return { accepted, reason: 'not reachable' };
  if (isSameServer(topology, round.answers, index)) {
    return { accepted: undefined, reason: 'same server as another node' };
  }
  if (isPrimary) return { accepted, reason: undefined };
  if (node.system !== ourSystem(topology)) return { accepted, reason: 'other cluster' };
  if (accepted !== undefined) return replicaVerdict(topology, accepted, state, round);
  const isOld = node.timeline < topology.timeline;
  return { accepted, reason: isOld ? 'old primary' : 'two primaries on one timeline' };
}

/** The server that answered. What was known of another one in its place is forgotten. */
function acceptedServer({ accepted }: TopologyNode, state: NodeState | undefined) {
  if (state === undefined || accepted?.started === state.started) return accepted;
  return { started: state.started, slot: undefined, backlog: undefined };
}

function replicaVerdict(topology: Topology, server: AcceptedServer, state: NodeState, round: Round): Verdict {
  const { answers, nowMs, replicaLagMaxMs } = round;
  const backlog = nextBacklog(server.backlog, state, nowMs);
  const unhealthy = (reason: UnhealthyReason) => ({ accepted: { ...server, backlog }, reason });
  if (replayLagMs(backlog, nowMs) > replicaLagMaxMs) return unhealthy('replay lag');
  if (topology.primary === undefined) return unhealthy('no primary');
  if (!state.may_read_stats) return unhealthy('cannot see replication');
  const isStreaming = state.slot_name !== null;
  if (state.streams && !isStreaming) return unhealthy('streams without a slot');
  const primaryTimeline = topology.nodes[topology.primary]?.timeline;
  if (isStreaming && state.timeline !== primaryTimeline) return unhealthy('other timeline');
  const slot = state.slot_name ?? server.slot;
  // While the primary is away no commit is acknowledged without this replica. So one that was synchronous
  // before, and does not stream now, still has every acknowledged write. An operator who lets the primary
  // go on without it must stop it first (docs/replication.md, part 5): this process may be the only one cut
  // off from the primary.
  const mayFollow = isStreaming || stateOf(answers[topology.primary]) === undefined;
  const listed = topology.synchronousSlots.find((each) => each.slot === slot);
  const accepted = { ...server, backlog, slot };
  if (!mayFollow || listed === undefined) return { accepted, reason: 'not synchronous' };
  return { accepted, reason: state.replayed < listed.from ? 'catching up' : undefined };
}

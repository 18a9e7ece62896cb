/**
 * Hedged reads: when a node has not answered within `hedgeDelayMs`, the next one gets the same read, and the
 * first answer wins. A node whose process is frozen, or whose network drops packets, rejects nothing, so no
 * error comes in time.
 */
import type { Deadlines } from '../../timing/deadlines.ts';

export interface HedgeTarget {
  /** The number of its reads in flight that have taken longer than the hedge delay. */
  slowReads: number;
  /** How often another node got a read of it too, because it was slow. */
  hedges: number;
}

export interface HedgeOptions<Node, T> {
  readonly read: (node: Node) => Promise<T>;
  /** How long a node may take, in milliseconds, before the next one gets the read too. */
  readonly hedgeDelayMs: number;
  /** Whether another node may succeed after this error. */
  readonly isNodeError: (error: unknown) => boolean;
  readonly deadlines: Deadlines;
}

/**
 * Reads from the nodes in the order given: from the next one when the one before failed, or is slow and the
 * next is not.
 *
 * @returns the first answer.
 * @throws the last error when all nodes have failed, or at once the first error that is not the node's.
 */
export function hedgedRead<Node extends HedgeTarget, T>(
  nodes: readonly [Node, ...Node[]],
  { read, hedgeDelayMs, isNodeError, deadlines }: HedgeOptions<Node, T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const remaining = [...nodes];
    let inFlight = 0;
    let isSettled = false;
    const settle = (how: () => void) => {
      isSettled = true;
      how();
    };
    const readNext = () => {
      const node = remaining.shift();
      if (node === undefined || isSettled) return;
      inFlight++;
      let isHedged = false;
      const onTimeout = () => {
        node.slowReads++;
        // A next node that is slow too gets no extra load: it would only get slower.
        if (remaining[0]?.slowReads !== 0) return;
        isHedged = true;
        node.hedges++;
        readNext();
      };
      const delay = { deadlineMs: deadlines.now() + hedgeDelayMs, onTimeout };
      deadlines.add(delay);
      const onAnswer = () => {
        inFlight--;
        const wasSlow = !deadlines.delete(delay);
        if (wasSlow) node.slowReads--;
      };
      read(node).then(
        (answer) => {
          onAnswer();
          settle(() => resolve(answer));
        },
        (error) => {
          onAnswer();
          if (!isNodeError(error)) return settle(() => reject(error));
          if (!isHedged) readNext();
          if (inFlight === 0) settle(() => reject(error));
        },
      );
    };
    readNext();
  });
}

/** Orders the nodes by their slow reads, the fewest first; where these are equal the order stays. */
export function slowLast<Node extends HedgeTarget>(nodes: readonly Node[]): readonly Node[] {
  return nodes.toSorted((one, other) => one.slowReads - other.slowReads);
}

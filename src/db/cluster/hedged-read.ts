/**
 * Reads that do not wait for a node that has fallen silent: another is asked as well, and the first answer counts.
 * A node whose process is frozen or whose network swallows packets refuses nothing, so nothing tells in time.
 */

export interface Askable {
  /** How many of its answers are waited for longer than one should have to. */
  overdue: number;
}

export interface Asking<Node, T> {
  readonly ask: (node: Node) => Promise<T>;
  /** How long a node may be silent, in milliseconds, before the next one is asked too. */
  readonly patienceMs: number;
  /** Whether another node may do better after such an error. */
  readonly isOfNode: (error: unknown) => boolean;
}

/**
 * Asks the nodes one after the other, each when the one before it failed or has been silent for too long; the latter
 * only while the next is not silent itself.
 *
 * @returns the first answer.
 * @throws the last error when all have failed, or at once the first that is not the node's.
 */
export function askInTurn<Node extends Askable, T>(
  nodes: readonly [Node, ...Node[]],
  { ask, patienceMs, isOfNode }: Asking<Node, T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const left = [...nodes];
    let open = 0;
    let isSettled = false;
    const settle = (how: () => void) => {
      isSettled = true;
      how();
    };
    const askNext = () => {
      const node = left.shift();
      if (node === undefined || isSettled) return;
      open++;
      let isOverdue = false;
      let isPassed = false;
      const timer = setTimeout(() => {
        isOverdue = true;
        node.overdue++;
        // One that is silent as well is not given more to do: where all are slow, that would make them slower.
        if (left[0]?.overdue !== 0) return;
        isPassed = true;
        askNext();
      }, patienceMs);
      const heard = () => {
        open--;
        clearTimeout(timer);
        if (isOverdue) node.overdue--;
      };
      ask(node).then(
        (answer) => {
          heard();
          settle(() => resolve(answer));
        },
        (error) => {
          heard();
          if (!isOfNode(error)) return settle(() => reject(error));
          if (!isPassed) askNext();
          if (open === 0) settle(() => reject(error));
        },
      );
    };
    askNext();
  });
}

/** Those first whose fewest answers are overdue, and otherwise in the order given. */
export function silentLast<Node extends Askable>(nodes: readonly Node[]): readonly Node[] {
  return nodes.toSorted((one, other) => one.overdue - other.overdue);
}

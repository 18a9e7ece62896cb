/** A task in the background: one loop for all, with a log line and a count of its failures and rows. */
import type { Logger } from 'pino';
import type { Metrics } from '../telemetry/metrics.ts';
import { type PeriodicOptions, PeriodicTask, type RunResult } from '../timing/periodic.ts';
import type { Closers } from './lifecycle.ts';

/** What every task in the background is given. */
export interface TaskParts {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly closers: Closers;
}

/** What the result of a run shows of what it did, by the name that the task has for it. */
interface Done extends RunResult {
  readonly released?: number;
  readonly batches?: number;
  readonly removed?: number;
}

/** A task as it is run: its name, when, and one run. */
interface Task {
  readonly name: string;
  readonly schedule: Pick<PeriodicOptions, 'intervalMs' | 'minGapMs'>;
  runOnce(): Promise<Done | undefined>;
}

/** A task in the background, which the app stops. After a failed run the next one has the same to do. */
export function createTask(each: Task, { metrics, logger, closers }: TaskParts): PeriodicTask {
  const { name, schedule } = each;
  const rows = metrics.counter('loms_background_rows_total').labels({ task: name });
  const failures = metrics.counter('loms_background_failures_total').labels({ task: name });
  failures.inc(0);
  const run = async () => {
    const result = await each.runOnce();
    const { released = 0, batches = 0, removed = 0 } = result ?? {};
    rows.inc(released + batches + removed);
    return result;
  };
  const onError = (error: unknown) => {
    failures.inc();
    logger.warn({ err: error, task: name }, 'background task failed');
  };
  const task = new PeriodicTask({ ...schedule, run, onError });
  closers.push(() => task.stop());
  return task;
}

/** A task that runs from now on. */
export function startTask(
  name: string,
  schedule: Task['schedule'],
  runOnce: Task['runOnce'],
  parts: TaskParts,
): void {
  void createTask({ name, schedule, runOnce }, parts).start();
}

/**
 * What a component shows of the service: loaded when its inputs change, at an interval, and when the service
 * is back after an outage.
 */
import { useEffect, useState } from 'preact/hooks';
import { ApiError } from './api-error.ts';
import { session } from './session.ts';

export interface Loaded<T> {
  /** The latest value; it stays while a newer one is loaded, and where that fails. */
  readonly value: T | undefined;
  readonly problem: ApiError | undefined;
  /** Loads again. */
  reload(): void;
}

export interface LoadOptions {
  /** Loads again this long after each load, in milliseconds; without it only on request. */
  readonly everyMs?: number;
  /** Loads nothing while this is false. */
  readonly isOn?: boolean;
}

/**
 * Loads a value.
 *
 * @param key names what is loaded: with another one the value is dropped.
 */
export function useLoaded<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  { everyMs, isOn = true }: LoadOptions = {},
): Loaded<T> {
  const [state, setState] = useState<{ key: string; value?: T; problem?: ApiError }>({ key });
  const [turn, setTurn] = useState(0);
  const reload = () => setTurn((before) => before + 1);
  useEffect(() => onReturn(reload), []);
  useEffect(() => {
    if (!isOn) return;
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const finish = (next: (before: typeof state) => typeof state) => {
      if (controller.signal.aborted) return;
      setState(next);
      if (everyMs !== undefined) timer = setTimeout(reload, everyMs);
    };
    load(controller.signal).then(
      (value) => finish(() => ({ key, value })),
      (error) =>
        finish((before) => ({ ...(before.key === key ? before : { key }), problem: problemOf(error) })),
    );
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [key, turn, isOn]);
  const current = state.key === key ? state : { key };
  return { value: current.value, problem: current.problem, reload };
}

/** Calls back each time that the service can be reached again. Returns a function that ends it. */
function onReturn(listener: () => void): () => void {
  let wasLost = session.value.state === 'lost';
  return session.subscribe(() => {
    const isLost = session.value.state === 'lost';
    if (wasLost && !isLost) listener();
    wasLost = isLost;
  });
}

/** A bug is shown like a refusal. */
export function problemOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(0, 'CONSOLE_FAILED', (error as Error).message, '');
}

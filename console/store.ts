/** State outside of components: a value, and those who are called when it changes. */
import { useEffect, useReducer } from 'preact/hooks';

export class Store<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    this.#value = value;
    for (const listener of this.#listeners) listener();
  }

  /** Returns a function that ends the subscription. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** The value of a store; the component is rendered again when it changes. */
export function useStore<T>(store: Store<T>): T {
  const [, update] = useReducer((count: number) => count + 1, 0);
  const { value } = store;
  useEffect(() => {
    // It may have changed between the rendering and this subscription.
    if (store.value !== value) update(undefined);
    return store.subscribe(() => update(undefined));
  }, [store]);
  return value;
}

/** For what is not loaded again by itself: why it failed, and a button. */
import type { Loaded } from '../load.ts';
import { Problem } from './common.tsx';

export function Reload({ of: { problem, reload } }: { readonly of: Loaded<unknown> }) {
  return (
    <>
      <Problem of={problem} />
      <div class="buttons start">
        <button type="button" onClick={reload}>
          Reload
        </button>
      </div>
    </>
  );
}

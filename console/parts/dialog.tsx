/** Dialogs. The browser's own element keeps the focus inside, and closes with Esc. */
import { type ComponentChildren, createContext } from 'preact';
import { useContext, useEffect, useId, useRef, useState } from 'preact/hooks';
import type { ApiError } from '../api-error.ts';
import { problemOf } from '../load.ts';
import { Problem } from './common.tsx';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** Whether a dialog waits for the outcome of a request, which would be lost if it closed. */
const Waiting = createContext({ current: false });

export function Dialog({ title, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const waiting = useRef(false);
  const heading = useId();
  useEffect(() => {
    const opener = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  // Browsers close it at a second Esc, even if `cancel` was prevented: it opens again.
  const close = () => (waiting.current ? dialog.current?.showModal() : onClose());
  return (
    <dialog ref={dialog} aria-labelledby={heading} onClose={close}>
      <h2 id={heading}>{title}</h2>
      <Waiting.Provider value={waiting}>{children}</Waiting.Provider>
    </dialog>
  );
}

interface ConfirmProps<T> {
  readonly title: string;
  /** The name of the button that does it. */
  readonly verb: string;
  readonly onDone: (reply: T) => void;
  readonly onClose: () => void;
  /** Sends the request. It may be called again after a failure. */
  readonly run: () => Promise<T>;
  /** What will change. */
  readonly children: ComponentChildren;
}

/** Asks before something is written, and shows why it was refused. */
export function Confirm<T>({ title, onClose, ...confirmation }: ConfirmProps<T>) {
  return (
    <Dialog title={title} onClose={onClose}>
      <Confirmation {...confirmation} onBack={onClose} />
    </Dialog>
  );
}

type ConfirmationProps<T> = Omit<ConfirmProps<T>, 'title' | 'onClose'> & { readonly onBack: () => void };

/** The last step of a dialog: what will change, and the button that does it. */
export function Confirmation<T>({ verb, onDone, onBack, run, children }: ConfirmationProps<T>) {
  const [problem, setProblem] = useState<ApiError>();
  const [isRunning, setRunning] = useState(false);
  const waiting = useContext(Waiting);
  // A refusal is one of what was confirmed: another choice may be accepted.
  useEffect(() => setProblem(undefined), [verb]);
  const confirm = async () => {
    waiting.current = true;
    setRunning(true);
    setProblem(undefined);
    try {
      onDone(await run());
    } catch (error) {
      setProblem(problemOf(error));
      setRunning(false);
    } finally {
      waiting.current = false;
    }
  };
  return (
    <>
      {children}
      <Problem of={problem} />
      {problem?.isUnknown && <p class="note">The outcome may be unknown. Look at the page before a retry.</p>}
      <div class="buttons">
        <button type="button" onClick={onBack} disabled={isRunning}>
          Back
        </button>
        {(problem === undefined || problem.isPassing) && (
          <button type="button" class="primary" onClick={confirm} disabled={isRunning}>
            {problem === undefined ? verb : 'Try again'}
          </button>
        )}
      </div>
    </>
  );
}

interface ChangeProps {
  readonly name: string;
  readonly before: ComponentChildren;
  readonly after: ComponentChildren;
}

/** A value before and after. */
export function Change({ name, before, after }: ChangeProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <span class="num before">{before}</span> → <strong class="num after">{after}</strong>
      </dd>
    </div>
  );
}

/** Faults of callers: they disconnect, set short deadlines, or repeat a request concurrently. */
import { usualBehaviour } from '../lives.ts';
import type { Fault } from './fault.ts';

const LONG_MS = 2_000;

export const clientDisconnects: Fault = {
  kind: 'client-disconnects',
  what: 'three in ten callers disconnect within 40 ms, for 2 seconds',
  bit: (calls) => calls.some(({ reason }) => reason === 'ABANDONED'),
  async strike({ behaviour, pause }) {
    behaviour.abandonShare = 0.3;
    await pause(LONG_MS);
  },
  async heal({ behaviour }) {
    behaviour.abandonShare = 0;
  },
};

export const deadlines: Fault = {
  kind: 'deadlines',
  what: 'deadlines of 1 to 200 ms, for 2 seconds',
  bit: (calls) => calls.some(({ reason }) => reason === 'DEADLINE_EXCEEDED'),
  async strike({ behaviour, pause }) {
    behaviour.deadlinesMs = [1, 2, 3, 5, 8, 12, 20, 50, 200];
    await pause(LONG_MS);
  },
  async heal({ behaviour }) {
    behaviour.deadlinesMs = usualBehaviour.deadlinesMs;
  },
};

export const duplicateKeys: Fault = {
  kind: 'duplicate-keys',
  what:
    'six in ten creates sent two to four times at once with one key, to two processes over both ' +
    'transports, while callers disconnect',
  services: 2,
  bit: (calls) => calls.some(({ replayed }) => replayed),
  behaviour: { duplicateShare: 0.6 },
  async strike({ behaviour, pause }) {
    behaviour.abandonShare = 0.2;
    await pause(LONG_MS);
  },
  async heal({ behaviour }) {
    behaviour.abandonShare = 0;
  },
};

/**
 * Faults of callers: they disconnect, have short deadlines, or send the same request several times at once.
 */
import { normalBehaviour } from '../workload.ts';
import type { Fault } from './fault.ts';

const LONG_MS = 2_000;

export const clientDisconnects: Fault = {
  kind: 'client-disconnects',
  what: '30% of the callers disconnect within 40 ms, for 2 seconds',
  hadEffect: (calls) => calls.some(({ reason }) => reason === 'ABANDONED'),
  async inject({ behaviour, pause }) {
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
  hadEffect: (calls) => calls.some(({ reason }) => reason === 'DEADLINE_EXCEEDED'),
  async inject({ behaviour, pause }) {
    behaviour.deadlinesMs = [1, 2, 3, 5, 8, 12, 20, 50, 200];
    await pause(LONG_MS);
  },
  async heal({ behaviour }) {
    behaviour.deadlinesMs = normalBehaviour.deadlinesMs;
  },
};

export const duplicateKeys: Fault = {
  kind: 'duplicate-keys',
  what: '60% of the creates sent 2 to 4 times at once with one key, to two processes; callers disconnect',
  services: 2,
  hadEffect: (calls) => calls.some(({ replayed }) => replayed),
  behaviour: { duplicateShare: 0.6 },
  async inject({ behaviour, pause }) {
    behaviour.abandonShare = 0.2;
    await pause(LONG_MS);
  },
  async heal({ behaviour }) {
    behaviour.abandonShare = 0;
  },
};

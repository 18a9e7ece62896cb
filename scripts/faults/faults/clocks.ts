/** Faults of clocks: the wall clock of a service jumps, or is wrong when it starts. */
import { clockObstacle } from '../clock.ts';
import type { Fault, FaultContext } from './fault.ts';

const HOUR_S = 3_600;
const SEEN_LIMIT_MS = 20_000;
const LOOK_INTERVAL_MS = 100;
const HOLD_MS = 1_000;

/** Waits until a service has logged that its clock differs: otherwise there was no fault. */
async function waitForWarning({ services, history, pause }: FaultContext, index: number): Promise<void> {
  const limitMs = history.now() + SEEN_LIMIT_MS;
  while (!services[index]?.log.some((line) => line.includes('clock differs'))) {
    if (history.now() > limitMs) throw new Error('the service did not see the clock jump');
    await pause(LOOK_INTERVAL_MS);
  }
}

export const clockStep: Fault = {
  kind: 'clock-step',
  what: 'the wall clock of the service an hour back, then an hour ahead, then right again',
  ownClocks: true,
  obstacle: clockObstacle,
  async inject(context) {
    await context.clocks[0]?.setAhead(-HOUR_S);
    await waitForWarning(context, 0);
    await context.pause(HOLD_MS);
    await context.clocks[0]?.setAhead(HOUR_S);
    await context.pause(2 * HOLD_MS);
  },
  heal: async ({ clocks }) => clocks[0]?.setAhead(0),
};

export const clockWrong: Fault = {
  kind: 'clock-wrong',
  what: 'two processes of the service, one of them restarted with its wall clock two days ahead',
  services: 2,
  ownClocks: true,
  obstacle: clockObstacle,
  async inject(context) {
    await context.clocks[1]?.setAhead(48 * HOUR_S);
    await context.services[1]?.kill();
    await context.services[1]?.start();
    await waitForWarning(context, 1);
    await context.pause(HOLD_MS);
  },
};

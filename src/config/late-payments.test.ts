/** How late a payment may be. */
import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

test('late payments end clearly before an expired order may be removed', () => {
  const read = (text: string) => readConfig({ LATE_PAYMENT_WINDOW_MS: text }).settings.latePaymentWindowMs;
  expect(readConfig({}).settings.latePaymentWindowMs).toBe(86_400_000);
  expect(['0', '1000', '518400000'].map(read)).toEqual([0, 1_000, 518_400_000]);
  const message = 'LATE_PAYMENT_WINDOW_MS: must be 0, or a whole number from 1000 to 518400000';
  for (const bad of ['1', '999', '518400001', '604800000']) expect(() => read(bad)).toThrow(message);
});

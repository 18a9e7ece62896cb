/** What `/metrics` shows of the queues, while a batch is held. */
import { expect, test } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openService } from '../../test/support/database.ts';
import { manualClock } from '../../test/support/manual-clock.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { Deadlines } from '../timing/deadlines.ts';

test('requests that wait behind a batch are shown with their number and age, and the batch', async () => {
  const clock = manualClock();
  const metrics = new Metrics();
  // A database that never answers.
  const hang = () => new Promise<never>(() => {});
  const deadlines = new Deadlines(clock.now, clock.setTimer);
  const loms = openService({ read: hang, write: hang }, { metrics, deadlines, readLanes: 1 });

  const shown = async (operation: string) => {
    const { body } = await metrics.render('');
    const lines = body.split('\n').filter((line) => line.includes(`{operation="${operation}"}`));
    const states = lines.filter((line) => /^loms_(queue|running)_/.test(line));
    return states.map((line) => line.replace(`{operation="${operation}"}`, ''));
  };

  void loms.getStock(1, anyCall);
  const running = ['loms_queue_requests 0', 'loms_queue_age_seconds 0', 'loms_running_batches 1'];
  await expect.poll(() => shown('getStock')).toEqual(running);
  for (const sku of [2, 3]) {
    clock.moveTo(clock.now() + 1_000);
    void loms.getStock(sku, anyCall);
  }
  clock.moveTo(3_500);
  expect(await shown('getStock')).toEqual([
    'loms_queue_requests 2',
    'loms_queue_age_seconds 2.5',
    'loms_running_batches 1',
  ]);
  expect(await shown('getOrder')).toEqual([
    'loms_queue_requests 0',
    'loms_queue_age_seconds 0',
    'loms_running_batches 0',
  ]);
});

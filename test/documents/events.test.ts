/** The document of the event feed names what there is. */
import { expect, test } from 'vitest';
import { eventTypes } from '../../src/domain/events/event.ts';
import { named, table } from '../support/tables.ts';

test('docs/events.md lists every type of event', () => {
  const types = table('docs/events.md', 'The attributes are those of CloudEvents').flatMap(([type]) =>
    named(type),
  );
  expect(types.sort()).toEqual([...eventTypes].sort());
});

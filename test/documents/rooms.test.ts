/** The folders of the source are in the README, and the table of who may import whom is the rules' own. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';

interface Rule {
  readonly name: string;
  readonly from: { readonly path?: string };
  /** What may be imported, where a rule forbids the rest. */
  readonly to: { readonly pathNot?: readonly string[] };
}

const { forbidden } = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as {
  forbidden: Rule[];
};

/** A rule of another kind, or of a part of a room. */
const others = ['probe', 'embedded-by-import-only', 'no-test-in-the-product'];

const rules = forbidden.filter(({ name, to }) => Array.isArray(to.pathNot) && !others.includes(name));

const text = readFileSync('docs/architecture.md', 'utf8');
const table = text.slice(text.indexOf('## Rooms'), text.indexOf('## The way of a request'));
const rows = [...table.matchAll(/^\| (`.*?) \| .* \| (.*) \|$/gm)].map(([, rooms = '', allowed = '']) => ({
  rooms: namesIn(rooms),
  allowed: namesIn(allowed),
}));

function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}

/** A file of the room, or the file that it is. */
function fileOf(room: string): string {
  return `src/${room}${room.endsWith('/') ? 'x.ts' : ''}`;
}

/** A path of a rule as the table names it; undefined where it is the room's own. */
function nameOf(path: string, file: string): string | undefined {
  if (new RegExp(path).test(file)) return undefined;
  return path
    .replace(/^\^src\//, '')
    .replace('[^/]+\\.ts$', '')
    .replace('\\.ts$', '.ts');
}

test.each(rules.map((rule) => [rule.name, rule] as const))('the table has the rule of %s', (_, rule) => {
  const own = rows.filter(({ rooms }) =>
    rooms.some((room) => new RegExp(rule.from.path ?? '').test(fileOf(room))),
  );
  expect(own).toHaveLength(1);
  const [row = { rooms: [], allowed: [] }] = own;
  const file = fileOf(row.rooms.at(-1) ?? '');
  const expected = (rule.to.pathNot ?? []).flatMap((path) => nameOf(path, file) ?? []);
  expect([...row.allowed].sort()).toEqual(expected.sort());
});

test('the README names each folder of the source', () => {
  const readme = readFileSync('README.md', 'utf8');
  const tree = readme.slice(readme.indexOf('## The source tree'));
  const folders = readdirSync('src', { withFileTypes: true }).map(
    (entry) => entry.name + (entry.isDirectory() ? '/' : ''),
  );
  expect(folders.length).toBeGreaterThan(10);
  for (const folder of folders) expect(tree).toContain(`src/${folder}`);
});

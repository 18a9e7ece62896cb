/**
 * Checks the style that neither the formatter nor the linter holds: columns of code, comments and documents alike, the
 * length of files and functions, plain English, and the form of migrations.
 *
 *     tsx scripts/verify/tidy.ts     lists what is not tidy, and then fails
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import ts from 'typescript';

const COLUMNS_MAX = 110;
const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;

const checked = /\.(tsx?|css|js|mjs|cjs|sql|md|sh|proto|yaml)$|(^|\/)(Makefile|Dockerfile)$/;

/** Not written by hand, or, as this file, about the phrases. */
const exempt =
  /^(src\/generated\/|examples\/openapi\.ts$|db\/schema\.sql$|scripts\/verify\/tidy(\.test)?\.ts$)/;

/**
 * Words of a private dialect: verbs of speech for software, and inversions that a reader has to translate. What to
 * write instead: rejects, returns, reports, logs, is refused, again, fix, each, a late request.
 */
const banned = [
  /\bhears?\b/i,
  /\bheard\b/i,
  /\b(is|are|was|were|been|be) told\b/i,
  /\btells? (of|it|us|them|whether|how|what|when|which|who|that|nobody|everybody|whoever)\b/i,
  /\bwhoever\b/i,
  /\banew\b/i,
  /\bmend(s|ed|ing)?\b/i,
  /\bso many\b/i,
  /\bwho is late\b/i,
  /\bgives? up on\b/i,
  /\bsays?\b/i,
  /\bbelieves?\b/i,
];

/** Checks one file. Returns a line for each finding. */
export function check(path: string, text: string): string[] {
  const lines = text.split('\n');
  const findings = lines.flatMap((line, index) =>
    checkLine(path, line).map((problem) => `${path}:${index + 1}: ${problem}`),
  );
  const size = text.endsWith('\n') ? lines.length - 1 : lines.length;
  if (size > FILE_LINES_MAX && !path.endsWith('.md'))
    findings.push(`${path}: ${size} lines, ${FILE_LINES_MAX} at most`);
  if (/\.tsx?$/.test(path)) findings.push(...longFunctions(path, text));
  if (isNewMigration(path)) findings.push(...checkMigration(text).map((problem) => `${path}: ${problem}`));
  return findings;
}

function checkLine(path: string, line: string): string[] {
  const phrases = banned.flatMap((pattern) => pattern.exec(line)?.[0] ?? []);
  const problems = phrases.map((phrase) => `"${phrase}" is not plain English`);
  if (line.length > COLUMNS_MAX && !mayBeLong(path, line)) {
    problems.push(`${line.length} columns, ${COLUMNS_MAX} at most`);
  }
  return problems;
}

/** Migrations up to this one were written before the rules for them. */
const LAST_FREE_MIGRATION = '20261120090000';

function isNewMigration(path: string): boolean {
  const [, version] = /^db\/migrations\/(\d+)_/.exec(path) ?? [];
  return version !== undefined && version > LAST_FREE_MIGRATION;
}

/** A sharded database takes one statement at a time, and no constraint of a column that is added. */
function checkMigration(text: string): string[] {
  const [, ...parts] = text.split(/^-- migrate:(?:up|down).*$/m).map((part) => part.replace(/--.*/g, ''));
  const problems = parts
    .filter((part) => !/^[^;]*[^;\s][^;]*;\s*$/.test(part))
    .map(() => 'one statement in each direction');
  if (parts.length !== 2) problems.push('one part for each direction');
  if (/ADD COLUMN[^;]*\b(CONSTRAINT|CHECK|REFERENCES|UNIQUE|PRIMARY KEY)\b/i.test(parts.join(''))) {
    problems.push('a constraint is added by a statement of its own');
  }
  return problems;
}

/** Rows of tables and recipes of make cannot be broken, nor can addresses. */
function mayBeLong(path: string, line: string): boolean {
  if (path.endsWith('.md') && line.startsWith('|')) return true;
  if (path === 'Makefile' && (line.startsWith('\t') || line.includes(' ## '))) return true;
  return /https?:\/\/\S{60}/.test(line);
}

/** Functions that are too long. A `describe` of tests is a chapter, not a function. */
function longFunctions(path: string, text: string): string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const findings: string[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isFunctionLike(node) && !isDescribe(node)) {
      const [first, last] = [node.getStart(), node.end].map(
        (at) => source.getLineAndCharacterOfPosition(at).line,
      );
      const size = (last ?? 0) - (first ?? 0) + 1;
      if (size > FUNCTION_LINES_MAX) {
        findings.push(
          `${path}:${(first ?? 0) + 1}: a function of ${size} lines, ${FUNCTION_LINES_MAX} at most`,
        );
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return findings;
}

function isDescribe({ parent }: ts.Node): boolean {
  return ts.isCallExpression(parent) && /^describe\b/.test(parent.expression.getText());
}

/** The files of the project, those that are not committed yet included. */
function files(): string[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' });
  return listed.split('\n').filter((path) => checked.test(path) && !exempt.test(path) && existsSync(path));
}

if (import.meta.filename === process.argv[1]) {
  const findings = files().flatMap((path) => check(path, readFileSync(path, 'utf8')));
  for (const finding of findings) console.error(finding);
  if (findings.length > 0) process.exitCode = 1;
}

// Prints what failed and what was skipped, and how many tests passed and failed. Its arguments are the tasks
// of make that failed.
import { existsSync, readFileSync } from 'node:fs';

const tasks = process.argv.slice(2);
const main = 'build/test-results.json';
const browser = 'build/browser/test-results.json';
const reports = [main, browser]
  .filter((path) => existsSync(path))
  .map((path) => JSON.parse(readFileSync(path, 'utf8')));
const files = reports.flatMap(({ testResults }) => testResults);

// The end of the output is where it is looked for.
for (const { name, assertionResults } of files) {
  const skipped = assertionResults.filter(({ status }) => /skipped|pending|todo/.test(status));
  if (skipped.length > 0) console.log(`skipped: ${skipped.length} of ${assertionResults.length} in ${name}`);
}
if (!existsSync(browser)) console.log('skipped: all tests in a browser, which have no report');
for (const { name, message, status, assertionResults } of files) {
  for (const { fullName, failureMessages } of assertionResults) {
    for (const each of failureMessages ?? []) console.log(`failed: ${fullName}\n${each.slice(0, 800)}`);
  }
  if (status === 'failed' && message) console.log(`failed: ${name}\n${message.slice(0, 800)}`);
}
if (!existsSync(main) && !tasks.includes('test')) tasks.push('test (it left no report)');
for (const task of tasks) console.log(`make ${task} failed`);

const passed = reports.reduce((sum, report) => sum + report.numPassedTests, 0);
const failed = reports.reduce((sum, report) => sum + report.numFailedTests, 0);
// A task may fail without a test: a rule that is broken, a test file that cannot be loaded.
const broken = files.filter(({ status }) => status === 'failed').length;
const problems = Math.max(failed, broken, tasks.length);
console.log(`${passed} passed, ${problems} failed`);
process.exitCode = problems > 0 ? 1 : 0;

// Prints what failed, and how many tests passed and failed. Its arguments are the tasks of make that failed.
import { existsSync, readFileSync } from 'node:fs';

const tasks = process.argv.slice(2);
const reports = ['build/test-results.json', 'build/browser/test-results.json']
  .filter((path) => existsSync(path))
  .map((path) => JSON.parse(readFileSync(path, 'utf8')));

// The end of the output is where it is looked for.
for (const { testResults } of reports) {
  for (const { fullName, failureMessages } of testResults.flatMap((file) => file.assertionResults)) {
    for (const message of failureMessages ?? []) console.log(`failed: ${fullName}\n${message.slice(0, 800)}`);
  }
}
for (const task of tasks) console.log(`make ${task} failed`);

const passed = reports.reduce((sum, report) => sum + report.numPassedTests, 0);
const failed = reports.reduce((sum, report) => sum + report.numFailedTests, 0);
// A task may fail without a test: a rule that is broken, a test file that cannot be loaded.
console.log(`${passed} passed, ${Math.max(failed, tasks.length)} failed`);
process.exitCode = failed > 0 || tasks.length > 0 ? 1 : 0;

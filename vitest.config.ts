/** Every test runs against real PostgreSQL: one cluster for the run, a database of its own for each file. */
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The longest files: begun last, one of them would run alone while the other workers have nothing to do. */
const LONGEST =
  /(fuzz\/smoke|cluster\/failover|e2e\/processes|embedded\/cluster|e2e\/stock-files)\.test\.ts$/;

/** Checks the times of replies, so nothing else may run beside it: it comes last. */
const ALONE = 'scripts/faults/smoke.test.ts';

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => LONGEST.test(moduleId);
    return files.filter(isLong).concat(files.filter((file) => !isLong(file)));
  }
}

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // The machine may be busy with other work: the default of a second is too little.
    expect: { poll: { timeout: 15_000 } },
    // A test that was left alone by mistake would pass as the whole suite.
    allowOnly: false,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', ['json', { outputFile: 'build/test-results.json' }]],
    projects: [
      {
        extends: true,
        test: {
          name: 'tests',
          include: ['src', 'console', 'test', 'scripts'].map((folder) => `${folder}/**/*.test.ts`),
          exclude: ['test/browser/**', 'test/nats/**', 'test/prometheus/**', ALONE],
          globalSetup: 'test/support/cluster.ts',
          // Tests mostly wait, for timeouts and failovers: two at once take half of the time on two cores.
          maxWorkers: 2,
          // Files of a worker share the modules that they import, whose loading is most of the time of small
          // files. What a file changes of its process, it must restore.
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'faults', include: [ALONE], maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});

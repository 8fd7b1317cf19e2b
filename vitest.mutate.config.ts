import { configDefaults, defineConfig } from 'vitest/config';

/**
 * What `npm run mutate` runs against each changed rule: the tests of the rules and of rewards alone, without those that
 * judge whole histories or hold documents, for they take seconds and would run again for every change.
 */
export default defineConfig({
  test: {
    include: ['test/protocol/verify/**/*.test.ts', 'test/protocol/reward/**/*.test.ts'],
    exclude: [
      ...configDefaults.exclude,
      'test/protocol/verify/{incremental,flood,rule-table,rule-table-document,figures}.test.ts',
    ],
    testTimeout: 30_000,
  },
});

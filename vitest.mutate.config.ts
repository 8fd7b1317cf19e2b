import { defineConfig } from 'vitest/config';

/** What `npm run mutate` runs against each changed rule: the tests of the rules and of rewards alone. */
export default defineConfig({
  test: {
    include: ['test/protocol/verify/**/*.test.ts', 'test/protocol/reward/**/*.test.ts'],
    testTimeout: 30_000,
  },
});

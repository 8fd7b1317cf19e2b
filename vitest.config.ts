import { configDefaults, defineConfig } from 'vitest/config';

/** Functions of their arguments: a process may load them once for many files. */
const RULES = [
  'test/{conformance,programs,settlement-model}/**/*.test.ts',
  // `engine` looks at what calls the engine's own functions, from when modules are loaded on.
  'test/protocol/**/!(engine).test.ts',
];

export default defineConfig({
  test: {
    // Tests wait for the real thing, for one of two cores at worst: a timeout says that something hangs, not that it is slow.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    reporters: ['default', ['json', { outputFile: '.tsbuild/test-results.json' }]],
    projects: [
      { extends: true, test: { name: 'rules', include: RULES, isolate: false } },
      {
        extends: true,
        test: {
          name: 'live',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...RULES],
        },
      },
    ],
  },
});

import n from 'eslint-plugin-n';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

const stages = [
  ...['ingest', 'verify', 'follow', 'settle', 'witness', 'claim', 'audit', 'explore', 'simulate', 'route'],
  'localnet',
];
// A regex, because in a group a leading # begins a comment and would forbid nothing.
const otherThan = (...folders) => ({
  regex: `^(#services/|(\\./)?(\\.\\./)+(services/)?)(?!${folders.map((folder) => `${folder}/`).join('|')})[^./]+/`,
  message: `Only ${folders.map((folder) => `services/${folder}`).join(' and ')} may be imported here: stages meet in the log, the queue and tables.`,
});

export default tseslint.config(
  {
    ignores: [
      'node_modules',
      '.tsbuild',
      '.coverant',
      'programs/target',
      'web/*.js',
      'services/runtime/grpc/generated',
      '**/*.mjs',
      'eslint.config.js',
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { n, 'import-x': importX },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      'no-duplicate-case': 'error',
      'no-fallthrough': 'error',
      'no-self-assign': 'error',
      'no-unsafe-finally': 'error',
      'n/prefer-node-protocol': 'error',
      'import-x/no-default-export': 'error',
    },
  },
  {
    files: ['protocol/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        'Date',
        'process',
        'Buffer',
        'fetch',
        'console',
        'setTimeout',
        'performance',
        'crypto',
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random' },
        { object: 'Date', property: 'now' },
      ],
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^(node:|#services/|#client$)|/(services|programs-client)/' }] },
      ],
    },
  },
  ...stages.map((stage) => ({
    files: [`services/${stage}/**/*.ts`],
    rules: { 'no-restricted-imports': ['error', { patterns: [otherThan(stage, 'runtime')] }] },
  })),
  {
    files: ['services/runtime/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [otherThan('runtime')] }] },
  },
  { files: ['vitest*.config.ts', '**/*.d.ts'], rules: { 'import-x/no-default-export': 'off' } },
);

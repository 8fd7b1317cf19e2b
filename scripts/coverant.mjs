#!/usr/bin/env node
// `npx coverant ...`: the commands of cli/, run as every TypeScript file of this repository but in the caller's folder,
// from which the paths that they are given count.
process.argv.splice(2, 0, '--here', 'cli/main.ts');
await import('./run.mjs');

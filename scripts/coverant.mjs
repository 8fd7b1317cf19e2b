#!/usr/bin/env node
// `npx coverant ...`: the commands of cli/, run as every TypeScript file of this repository.
process.argv.splice(2, 0, 'cli/main.ts');
await import('./run.mjs');

import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ensureMosquitto } from './mosquitto.ts';
import { findOnPath, installPackage } from './packages.ts';
import { ensureRedisServer } from './redis.ts';

function say(line: string): void {
  console.error(line);
}

const path = process.env['PATH'] ?? '';
if ((process.env['REDIS_URL'] ?? '') === '') ensureRedisServer({ path, say });
ensureMosquitto({ path, say });
if (findOnPath('chromium', path) === null && !installPackage({ name: 'chromium', path, say }))
  say('chromium is not on the PATH and could not be installed: the test that opens the page skips itself.');

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const child = spawn(process.execPath, [vitest, 'run', ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    child.kill(signal);
  });
// vitest has Ctrl-C from the terminal already; this process only waits for it.
process.on('SIGINT', () => undefined);
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});

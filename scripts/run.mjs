// Runs a TypeScript file of this repository: `node scripts/run.mjs [--here] [--node-flag ...] FILE [arguments]`. It runs
// in the repository's root, or by --here in the caller's folder.
// Plain JavaScript without dependencies, because it is what installs them.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const given = process.argv.slice(2);
const first = given.findIndex((word) => !word.startsWith('--'));
const flags = given.slice(0, first < 0 ? given.length : first);
const here = flags.includes('--here');
const nodeFlags = flags.filter((flag) => flag !== '--here');
const [file, ...args] = given.slice(flags.length);

function fail(message) {
  console.error(message);
  process.exit(2);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  fail(
    `Node 20.19 or newer is needed; this is ${process.versions.node}. Install a newer Node and try again.`,
  );
}

/** Installs when the packages do not come from this lock file; its hash beside them says which they come from. */
function installPackages() {
  const stamp = join(root, 'node_modules', '.coverant-lock');
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.error('Installing the packages of pnpm-lock.yaml (pnpm 10, no install scripts) ...');
  const started = Date.now();
  const install = spawnSync(
    'npx',
    ['-y', 'pnpm@10', 'install', '--frozen-lockfile', '--ignore-scripts', '--reporter=append-only'],
    // Standard output belongs to the file that is run; CI=true: never ask before node_modules is replaced.
    { cwd: root, stdio: ['ignore', 2, 2], env: { ...process.env, CI: 'true' } },
  );
  if (install.error) fail(`npx could not be started (${install.error.message}); npm comes with Node.`);
  if (install.status !== 0) fail('The packages could not be installed; the lines above say why.');
  writeFileSync(stamp, lock);
  console.error(`Packages installed in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
}

if (!file) fail('Name a TypeScript file: node scripts/run.mjs FILE [arguments]');
checkNode();
installPackages();

// By its address: from another folder, Node would look for tsx there, and tsx for a tsconfig.json.
const child = spawn(
  process.execPath,
  [...nodeFlags, '--import', import.meta.resolve('tsx'), join(root, file), ...args],
  {
    cwd: here ? process.cwd() : root,
    env: { ...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') },
    stdio: 'inherit',
  },
);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => {
    // Ctrl-C in a terminal reaches the whole process group: the child has it already.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  });
child.on('error', (error) => fail(`Node could not be started again: ${error.message}`));
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));

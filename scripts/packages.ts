import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The path of a program on PATH, or null. */
export function findOnPath(name: string, path: string): string | null {
  for (const folder of path.split(delimiter)) {
    if (folder === '') continue;
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      continue;
    }
  }
  return null;
}

/** Installs a package of the distribution where that is Debian's and we are root, and says so; false where it cannot. */
export function installPackage(options: {
  readonly name: string;
  readonly path: string;
  readonly say: (line: string) => void;
}): boolean {
  const apt = findOnPath('apt-get', options.path);
  if (apt === null || process.getuid?.() !== 0) return false;
  options.say(`Installing ${options.name} with apt-get ...`);
  const run = (args: readonly string[]): boolean =>
    spawnSync(apt, args, {
      stdio: ['ignore', 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0;
  const install = ['install', '-y', '--no-install-recommends', options.name];
  // Package lists may be missing or old: then one update, and a second try.
  return run(install) || (run(['update']) && run(install));
}

import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = join(root, 'services/runtime/grpc');

it('the generated code is what buf makes of the protos', { timeout: 60_000 }, () => {
  const copy = mkdtempSync(join(tmpdir(), 'coverant-grpc-'));
  try {
    cpSync(join(folder, 'proto'), join(copy, 'proto'), { recursive: true });
    cpSync(join(folder, 'buf.gen.yaml'), join(copy, 'buf.gen.yaml'));
    execFileSync('buf', ['generate'], {
      cwd: copy,
      env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}` },
    });
    const read = (base: string): Record<string, string> =>
      Object.fromEntries(
        readdirSync(join(base, 'generated'))
          .sort()
          .map((name) => [name, readFileSync(join(base, 'generated', name), 'utf8')]),
      );
    expect(read(copy)).toEqual(read(folder));
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});

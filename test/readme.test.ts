import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const packageJson = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Readonly<
  Record<
    'scripts' | 'dependencies' | 'devDependencies' | 'optionalDependencies',
    Readonly<Record<string, string>>
  >
>;
const { scripts } = packageJson;

interface Ran {
  readonly code: number;
  readonly out: string;
}

/** Runs a command of the README as a reader would, in the repository's root. */
function run(command: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const [program = '', ...args] = command.split(' ');
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      { cwd: ROOT, env: { ...process.env, ...env }, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), out: `${stdout}${stderr}` });
      },
    );
  });
}

/** First cells of the rows of the table that follows a heading row. */
function firstCells(heading: string): readonly string[] {
  const lines = readme.split('\n');
  const start = lines.findIndex((line) => line.startsWith('|') && line.includes(heading));
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'));
  return lines.slice(start + 2, end).map((line) => line.split('|')[1]?.trim() ?? '');
}

/** What the row of `npx coverant` names. */
const operatorCommands = (): readonly string[] => {
  const row = readme.split('\n').find((line) => line.startsWith('| `npx coverant`')) ?? '';
  return codes(row).slice(1);
};
const codes = (cell: string): readonly string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

describe('the README', () => {
  it('names only commands that package.json has, and all of them', () => {
    const named = firstCells('command')
      .flatMap(codes)
      .filter((command) => command !== 'npx coverant')
      .map((command) => /^npm (?:run )?(\S+)/.exec(command)?.[1]);
    expect(named.toSorted()).toEqual(Object.keys(scripts).toSorted());
  });

  it('uses only commands that exist in its examples', () => {
    const blocks = [...readme.matchAll(/```sh\n([^`]+)```/g)].flatMap(([, block = '']) =>
      block.trim().split('\n'),
    );
    expect(blocks.length).toBeGreaterThan(3);
    for (const line of blocks) {
      const name = /^npm (?:run )?(\S+)/.exec(line)?.[1];
      const asked = /^npx coverant (\S+)/.exec(line)?.[1];
      if (name !== undefined) expect(Object.keys(scripts)).toContain(name);
      else if (asked !== undefined) expect(operatorCommands()).toContain(asked);
      else expect(line).toMatch(/^docker compose up /);
    }
  });

  it('names the commands of npx coverant, and all of them', async () => {
    const { code, out } = await run('node --import tsx cli/main.ts --help', { NO_COLOR: '1' });
    const commands = [...out.slice(out.indexOf('Commands:')).matchAll(/^ {2}([a-z]+) /gm)].map(
      ([, name]) => name,
    );
    expect(code).toBe(0);
    expect(operatorCommands()).toEqual(commands.filter((name) => name !== 'help'));
  }, 120_000);

  it('maps places that exist, and every stage among them', () => {
    const places = firstCells('place').flatMap(codes);
    for (const place of places) expect(existsSync(join(ROOT, place)), place).toBe(true);
    const folders = readdirSync(join(ROOT, 'services'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `services/${entry.name}`);
    expect(places.filter((place) => place.startsWith('services/')).toSorted()).toEqual(folders.toSorted());
  });

  it.each([
    'README.md',
    'docs/trust.md',
    'docs/formats.md',
    'docs/figures.md',
    'docs/dependencies.md',
    'docs/audit.md',
    'docs/bill.md',
    'docs/operate.md',
    'docs/deny.md',
    'docs/rules.md',
    'docs/hotspot-why.md',
    'docs/hotspots.md',
    'docs/settlement-model.md',
    'docs/spec/README.md',
  ])('has no dead link in %s', (file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)[^)]*\)/g))
      if (!/^https?:/.test(target)) expect(existsSync(join(ROOT, dirname(file), target)), target).toBe(true);
  });

  it('and docs/hotspots.md give commands of npx coverant hotspot with options that they have', async () => {
    const text = readFileSync(join(ROOT, 'docs/hotspots.md'), 'utf8');
    const lines = text.split('\n').map((line) => line.trim());
    const examples = lines.filter((line) => /^npx coverant hotspot \S+ /.test(line));
    expect(examples).toHaveLength(2);
    for (const line of examples) {
      const [, command = ''] = /^npx coverant (hotspot \S+)/.exec(line) ?? [];
      const { out } = await run(`node --import tsx cli/main.ts ${command} --help`, { NO_COLOR: '1' });
      for (const [option] of line.matchAll(/--[a-z-]+/g)) expect(out).toContain(`${option} `);
      // Those that it cannot do without.
      for (const option of ['--key', '--network', '--rpc']) expect(line).toContain(`${option} `);
    }
  }, 120_000);

  it('judges the reports of real hotspots by npm run replay', async () => {
    const { code, out } = await run('npm run -s replay');
    expect(out).toContain('Everything verified');
    expect(code).toBe(0);
  });

  it('says what the demo takes, and refuses what it does not', async () => {
    expect(await run('npm run -s demo -- --help')).toMatchObject({ code: 0 });
    const refused = await run('npm run -s demo -- --twice');
    expect(refused.code).toBe(2);
    expect(refused.out).toContain('--twice');
  });

  it('ends an audit that cannot be made with exit code 2 and why', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'coverant-readme-'));
    const { code, out } = await run('npm run -s audit -- --epoch 0', { DATA_DIR: folder });
    await rm(folder, { recursive: true });
    expect(code).toBe(2);
    expect(out).toMatch(/network\.json/);
  });
});

describe('each stage', () => {
  const stages = readdirSync(join(ROOT, 'services')).filter((name) =>
    existsSync(join(ROOT, 'services', name, 'main.ts')),
  );
  const named = [...stages, 'verify'];

  it.each(named)(
    '%s has a README of at most 25 lines that says what it reads, writes and refuses',
    (stage) => {
      const text = readFileSync(join(ROOT, 'services', stage, 'README.md'), 'utf8');
      expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(25);
      if (stage === 'localnet' || stage === 'simulate') return;
      for (const heading of ['Reads', 'Checks', 'Writes', 'Refuses'])
        expect(text).toContain(`**${heading}**`);
    },
  );

  it('has a container of its name in docker-compose.yml', () => {
    const compose = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
    const commands = [...compose.matchAll(/command: \[(services\/\S+\.ts)\]/g)].map(([, file = '']) => file);
    for (const file of commands) expect(existsSync(join(ROOT, file)), file).toBe(true);
    for (const stage of named.filter((name) => name !== 'localnet' && name !== 'audit'))
      expect(
        commands.some((file) => file.startsWith(`services/${stage}/`)),
        stage,
      ).toBe(true);
  });
});

describe('package.json', () => {
  it('pins every version exactly', () => {
    const all = {
      ...packageJson.dependencies,
      ...packageJson.devDependencies,
      ...packageJson.optionalDependencies,
    };
    for (const [name, version] of Object.entries(all)) expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('runs files that exist', () => {
    for (const command of Object.values(scripts))
      for (const [file] of command.matchAll(/\S+\.(?:ts|mjs)/g))
        expect(existsSync(join(ROOT, file)), file).toBe(true);
  });
});

import { ESLint, Linter } from 'eslint';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url).pathname;
const linter = new ESLint({ cwd: root });

/** Messages of the import rule that the project's own configuration has for a file. */
async function refusals(file: string, imports: readonly string[]): Promise<readonly string[]> {
  const config = (await linter.calculateConfigForFile(`${root}${file}`)) as {
    readonly rules: Linter.RulesRecord;
  };
  const rule = config.rules['no-restricted-imports'];
  if (rule === undefined) return [];
  const text = imports.map((name) => `import '${name}';`).join('\n');
  const found = new Linter({ cwd: root }).verify(text, { rules: { 'no-restricted-imports': rule } });
  return found.map(({ line }) => imports[line - 1] ?? '');
}

const STAGES = [
  'ingest',
  'verify',
  'follow',
  'settle',
  'claim',
  'audit',
  'explore',
  'simulate',
  'localnet',
  'witness',
  'route',
];

describe('the linter', () => {
  it('keeps every stage from importing another one, however the path is written', async () => {
    for (const stage of STAGES)
      for (const other of STAGES.filter((each) => each !== stage)) {
        const imports = [
          `#services/${other}/main`,
          `#services/${other}/log/open-log`,
          `../${other}/main.ts`,
          `./../${other}/main.ts`,
          `../../services/${other}/main.ts`,
        ];
        expect(await refusals(`services/${stage}/main.ts`, imports)).toEqual(imports);
        expect(await refusals(`services/${stage}/log/main.ts`, [`../../${other}/main.ts`])).toHaveLength(1);
      }
  });

  it('lets a stage import its own files, runtime, the protocol, the client and packages', async () => {
    for (const stage of STAGES)
      expect(
        await refusals(`services/${stage}/main.ts`, [
          `#services/${stage}/x`,
          './x.ts',
          './log/x.ts',
          '#services/runtime/config',
          '../runtime/evidence/native-hash.ts',
          '#protocol/epoch',
          '#client',
          'node:fs',
          'commander',
        ]),
      ).toEqual([]);
    expect(await refusals('services/runtime/log/x.ts', ['../../runtime/x.ts', '../x.ts', './x.ts'])).toEqual(
      [],
    );
    expect(await refusals('services/runtime/x.ts', ['#services/settle/x', '../settle/x.ts'])).toHaveLength(2);
  });

  it('keeps the protocol from everything above it', async () => {
    const imports = ['#services/runtime/chain', '#client', 'node:fs', '../../services/runtime/chain.ts'];
    expect(await refusals('protocol/epoch.ts', imports)).toEqual(imports);
    expect(await refusals('protocol/epoch.ts', ['./units.ts', '#protocol/units', '@noble/hashes'])).toEqual(
      [],
    );
  });
});

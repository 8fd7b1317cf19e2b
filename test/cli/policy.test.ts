import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '#protocol/policy';
import { policyBytes, policyHash } from '#protocol/settle/policy-codec';
import type { Hash } from '#protocol/units';
import { openPolicies } from '#services/runtime/policies';
import { signedDenyFile } from '../support/deny-file.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coverant-policy-'));
});
afterAll(() => rm(dir, { recursive: true }));

function policy(...args: readonly string[]): {
  readonly code: number | null;
  readonly out: string;
  readonly said: string;
} {
  const run = spawnSync(process.execPath, ['--import', 'tsx', 'cli/main.ts', 'policy', ...args], {
    encoding: 'utf8',
  });
  return { code: run.status, out: run.stdout.trim(), said: run.stderr };
}

async function file(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(join(dir, name), content);
  return join(dir, name);
}

describe('coverant policy', () => {
  it('puts a policy with its deny list where every stage finds it by its hash', async () => {
    const { denyFile, deny } = signedDenyFile({});
    const named = { ...DEFAULT_POLICY, deny };
    const [json, list] = [
      await file('p.json', JSON.stringify(named, null, 2)),
      await file('d.json', denyFile),
    ];
    const data = join(dir, 'data');
    expect(policy('check', json, '--deny', list)).toMatchObject({ code: 0, out: policyHash(named) });
    expect(policy('put', json, '--deny', list, '--data', data)).toMatchObject({
      code: 0,
      out: policyHash(named),
    });
    const kept = join(data, 'policies', policyHash(named), 'policy.json');
    expect(new Uint8Array(await readFile(kept))).toEqual(policyBytes(named));
    const held = await openPolicies(data)(policyHash(named));
    expect(held).toMatchObject({ policy: named, denyFile });
  });

  it('refuses a policy without the list that it names, and one that does not fit the schema', async () => {
    const { deny } = signedDenyFile({});
    const missing = policy('check', await file('m.json', JSON.stringify({ ...DEFAULT_POLICY, deny })));
    expect([missing.code, missing.said.includes('deny_list_mismatch')]).toEqual([1, true]);
    const wrong = policy('check', await file('w.json', JSON.stringify({ ...DEFAULT_POLICY, holdback: -1 })));
    expect([wrong.code, wrong.said.includes('field=holdback')]).toEqual([1, true]);
  });

  it('is not at hand where its folder is missing or holds another one', async () => {
    const data = join(dir, 'other');
    const hash = 'ab'.repeat(32) as Hash;
    await expect(openPolicies(data)(hash)).rejects.toMatchObject({ code: 'policy_unavailable' });
    policy('put', await file('p2.json', JSON.stringify(DEFAULT_POLICY)), '--data', data);
    const path = join(data, 'policies', policyHash(DEFAULT_POLICY), 'policy.json');
    await writeFile(path, policyBytes({ ...DEFAULT_POLICY, holdback: 6 }));
    await expect(openPolicies(data)(policyHash(DEFAULT_POLICY))).rejects.toMatchObject({
      code: 'policy_unavailable',
    });
  });
});

import { describe, expect, it } from 'vitest';
import { folderFiles } from '#protocol/settle/folder';
import { emptyState } from '#protocol/settle/state';
import { checkSybils, earningsTable, sybilEarnings } from '../../scripts/demo/report/sybils.ts';
import type { JudgedReport } from '../../scripts/demo/report/verdicts.ts';
import { computed, testHotspot, TestWorld } from '../protocol/epoch/world.ts';

const hotspots = [0, 1].map((at) => testHotspot(`sybil ${at}`, at, { tier: 'open' }));
const keys = hotspots.map(({ key }) => key);
const sybils = keys.map((key) => ({ name: key, key, role: 'sybil', endorsed: false }) as const);

function earnings(): ReturnType<typeof sybilEarnings> {
  const world = new TestWorld({ hotspots, epochs: 1 });
  const [first, second] = hotspots;
  if (first === undefined || second === undefined) throw new Error('two hotspots');
  const start = world.facts(0).start * 1000;
  world.poc({ beaconer: first, witnesses: [second], at: start + 1000 });
  world.poc({ beaconer: second, witnesses: [first], at: start + 2000 });
  const input = world.input(0, { state: emptyState(), parent: null });
  return sybilEarnings({ folders: [folderFiles(input, computed(input))], keys });
}

const valid: JudgedReport = {
  kind: 'witness',
  reporter: keys[0] ?? hotspots[0]?.key ?? fail(),
  beaconer: keys[1] ?? null,
  reason: null,
  inherited: false,
  note: 'untrusted_pair',
  paid: false,
};

function fail(): never {
  throw new Error('no key');
}

describe('what two software keys earn from each other', () => {
  it('is nothing as settled, and something under terms that trust them', () => {
    const { settled, oneTrusted, anyPair } = earnings();
    expect(settled).toBe(0n);
    expect(oneTrusted > 0n).toBe(true);
    // The open one of them is capped where only one is trusted.
    expect(anyPair > oneTrusted).toBe(true);
    expect(earningsTable({ settled, oneTrusted, anyPair })[0]).toContain('0.00  as settled');
  });

  it('fails the demo where they were paid, or never met', () => {
    const good = earnings();
    const holds = (of: Partial<Parameters<typeof checkSybils>[0]>): boolean =>
      checkSybils({ sybils, reports: [valid], earnings: good, ...of }).holds;
    expect(holds({})).toBe(true);
    expect(holds({ earnings: { ...good, settled: 1n } })).toBe(false);
    expect(holds({ earnings: { ...good, anyPair: 0n } })).toBe(false);
    expect(holds({ reports: [{ ...valid, reason: 'bad_rssi' }] })).toBe(false);
  });
});

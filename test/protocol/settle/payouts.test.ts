import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '#protocol/policy';
import { payOut } from '#protocol/settle/epoch/payouts';
import { hotspotLeafKey, payeeLeafKey } from '#protocol/settle/leaf';
import { amount, epochNumber } from '#protocol/units';
import { GENESIS, testAddress, testHotspot } from '../epoch/world.ts';

const SHARE = 10n ** 8n;
/** Beacon and witness shares and credits, and what they are paid: the vector of poc.md 5. */
const VECTOR = [
  ['g1', [10n, 300n, 502n], [2_166_977_856n, 51_442_169_996n, 13_983_286n]],
  ['g2', [200n, 550n, 5000n], [43_339_557_139n, 94_310_644_993n, 139_275_766n]],
  ['g3', [75n, 400n, 5000n], [16_252_333_927n, 68_589_559_995n, 139_275_766n]],
  ['g4', [0n, 0n, 0n], null],
  ['g5', [20n, 700n, 0n], [4_333_955_713n, 120_031_729_992n, 0n]],
  ['g6', [150n, 350n, 50_000n], [32_504_667_854n, 60_015_864_996n, 1_392_757_660n]],
] as const;
const hotspots = VECTOR.map(([name], place) => testHotspot(name, place));
const keyOf = (place: number) => {
  const key = hotspots[place]?.key;
  if (key === undefined) throw new RangeError(`no hotspot ${place}`);
  return key;
};

describe('an epoch with data credits', () => {
  it('pays hotspots the vector of the rules, for coverage and for data apart', () => {
    const operations = testAddress('operations');
    const { payouts, rewards, earned } = payOut({
      epoch: {
        facts: {
          network: testAddress('network'),
          epoch: epochNumber(0n),
          start: GENESIS,
          end: GENESIS + 86_400,
          emission: amount(618_340_943_683n),
          holdback: 7,
          creditPrice: 3_590_000n,
          operations,
        },
        policy: DEFAULT_POLICY,
        registry: {
          keyNetwork: 'mainnet',
          hotspots: new Map(hotspots.map(({ key, facts }) => [key, facts])),
          credits: [],
          voters: [],
        },
      },
      shares: new Map(
        VECTOR.flatMap(([, [beacon, witness]], place) =>
          beacon + witness === 0n
            ? []
            : [[keyOf(place), { beacon: beacon * SHARE, witness: witness * SHARE }]],
        ),
      ),
      credits: new Map(
        VECTOR.flatMap(([, [, , credits]], place) => (credits === 0n ? [] : [[keyOf(place), credits]])),
      ),
      scales: new Map(),
    });
    for (const [place, [name, , paid]] of VECTOR.entries()) {
      const amounts = payouts.find(({ key }) => key === keyOf(place))?.amounts;
      const found = amounts === undefined ? null : [amounts.beacon, amounts.witness, amounts.data];
      expect([name, found]).toEqual([name, paid]);
      const leaf = hotspotLeafKey(keyOf(place));
      const [beacon, witness, data] = paid ?? [0n, 0n, 0n];
      expect(earned.coverage.get(leaf) ?? 0n).toBe(beacon + witness);
      expect(earned.data.get(leaf) ?? 0n).toBe(data);
    }
    expect(rewards.unallocated).toBe(7n);
    expect(earned.coverage.get(payeeLeafKey(operations))).toBe(43_283_866_057n);
  });
});

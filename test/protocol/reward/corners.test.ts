import { cellToCenterChild, gridRing } from 'h3-js';
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '#protocol/policy';
import { cellsAround, densityOfCell } from '#protocol/reward/density-of-cell';
import { densityScales } from '#protocol/reward/density';
import { rewardEpoch } from '#protocol/reward/pools';
import { pocShares } from '#protocol/reward/shares';
import { amount, millis, type Cell, type Hash } from '#protocol/units';
import type { ReportVerdict } from '#protocol/verify/poc';
import { keyNumber } from '../../support/poc-world.ts';

const SHARE = 10n ** 8n;
const FIRST = 631_210_990_448_411_135n as Cell;
const childOf = (coarse: string): Cell => BigInt(`0x${cellToCenterChild(coarse, 12)}`) as Cell;

describe('the cells around a cell', () => {
  it('are those whose parent is at most so many rings away, each as often as it was given', () => {
    const own = '841f1d5ffffffff';
    const [first = '', second = '', third = ''] = [1, 2, 3].map((rings) => gridRing(own, rings)[0]);
    const [cell, near, far, farther] = [childOf(own), childOf(first), childOf(second), childOf(third)];
    const around = (rings: number) =>
      cellsAround(cell, { cells: [cell, near, far, near, farther], rings, resolution: 4 });
    expect(around(0)).toEqual([cell]);
    expect(around(1)).toEqual([cell, near, near]);
    expect(around(2)).toEqual([cell, near, far, near]);
  });
});

describe('a table without any resolution', () => {
  it('lowers no scale', () => {
    const cells = [FIRST, FIRST];
    expect(densityOfCell(FIRST, { cells, table: [] })).toEqual({ scale: 10_000n, levels: [] });
    expect(densityScales(cells, [])).toEqual(new Map([[FIRST, 10_000n]]));
  });
});

describe('a rate that was rounded up', () => {
  it('may pay a unit more than its pool holds: then nothing is unallocated, and nothing is owed', () => {
    // 16 units over 2.9 * 10^15 shares are 5.517 * 10^-15 each, rounded to 6 * 10^-15: 17.4 units.
    const hotspot = { key: 'a', beacon: 2_900_000_000_000_000n * SHARE, witness: SHARE, credits: 0n };
    const { amounts, unallocated, capped } = rewardEpoch({
      emission: amount(100n),
      policy: DEFAULT_POLICY,
      shares: [{ ...hotspot, open: false }],
      voters: 1,
    });
    expect([amounts, unallocated, capped]).toEqual([
      [{ key: 'a', beacon: 17n, witness: 64n, data: 0n }],
      0n,
      0n,
    ]);
  });
});

describe('a beaconer that the registry does not know', () => {
  it('has the scale of an unknown cell, as one without a cell has', () => {
    const verdict = (number: number, of: Partial<ReportVerdict>): ReportVerdict => ({
      kind: 'witness',
      position: { receivedAt: millis(1), origin: 'o', index: 0 },
      reportId: '0'.repeat(64) as Hash,
      key: keyNumber(number),
      reason: null,
      side: null,
      numbers: {},
      selected: false,
      note: null,
      ...of,
    });
    const shares = pocShares({
      verdicts: [
        {
          payload: '00',
          beacon: verdict(1, { kind: 'beacon' }),
          witnesses: [verdict(2, { selected: true })],
          others: [],
        },
      ],
      registry: new Map(),
      scales: new Map([[FIRST, 10_000n]]),
      policy: DEFAULT_POLICY,
    });
    expect(shares).toEqual(
      new Map([
        [keyNumber(1), { beacon: 5_000_000n, witness: 0n }],
        [keyNumber(2), { beacon: 0n, witness: 20_000_000n }],
      ]),
    );
  });
});

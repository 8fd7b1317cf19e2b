import { DEFAULT_POLICY } from '#protocol/policy';
import { pocShares } from '#protocol/reward/shares';
import { millis, type Cell, type Hash, type HotspotKey } from '#protocol/units';
import type { PocVerdict, ReportVerdict } from '#protocol/verify/poc';
import { describe, expect, it } from 'vitest';
import { testHotspot } from '../epoch/world.ts';

const hotspots = Array.from({ length: 4 }, (_, at) => testHotspot(`shares ${at}`, at));
const keyAt = (at: number): HotspotKey => (hotspots[at] ?? testHotspot('', 0)).key;
const [beaconer, a, b, c] = [keyAt(0), keyAt(1), keyAt(2), keyAt(3)];
const registry = new Map(hotspots.map(({ key, facts }) => [key, facts]));
const cell = registry.get(beaconer)?.cell ?? (0n as Cell);

function verdict(key: HotspotKey, of: Partial<ReportVerdict>): ReportVerdict {
  return {
    kind: 'witness',
    position: { receivedAt: millis(1), origin: 'o', index: 0 },
    reportId: '0'.repeat(64) as Hash,
    key,
    reason: null,
    side: null,
    numbers: {},
    selected: false,
    note: null,
    ...of,
  };
}

function poc(
  beacon: Partial<ReportVerdict>,
  selected: readonly HotspotKey[],
  others: readonly HotspotKey[],
): PocVerdict {
  return {
    payload: '00',
    beacon: verdict(beaconer, { kind: 'beacon', ...beacon }),
    witnesses: [
      ...selected.map((key) => verdict(key, { selected: true })),
      ...others.map((key) => verdict(key, { note: 'not_selected' })),
    ],
    others: [],
  };
}

describe('shares of an epoch', () => {
  const scales = new Map([[cell, 5000n]]);

  it("are units times the beaconer's scale, for the beaconer as for its selected witnesses", () => {
    const verdicts = [poc({}, [a, b], [c]), poc({}, [a], [])];
    const shares = pocShares({ verdicts, registry, scales, policy: DEFAULT_POLICY });
    // Half a unit and a quarter; a unit for each selected report; all at 0.5.
    expect(shares.get(beaconer)).toEqual({ beacon: 37_500_000n, witness: 0n });
    expect(shares.get(a)).toEqual({ beacon: 0n, witness: 100_000_000n });
    expect(shares.get(b)).toEqual({ beacon: 0n, witness: 50_000_000n });
    expect(shares.has(c)).toBe(false);
  });

  it('are nothing for an invalid beacon, and for one without selected witnesses', () => {
    const verdicts = [poc({ reason: 'denied', side: 'beaconer' }, [a], []), poc({}, [], [b])];
    expect(pocShares({ verdicts, registry, scales, policy: DEFAULT_POLICY }).size).toBe(0);
    expect(
      pocShares({
        verdicts: [{ ...poc({}, [a], []), beacon: null }],
        registry,
        scales,
        policy: DEFAULT_POLICY,
      }).size,
    ).toBe(0);
  });

  it('are at 0.2 where the cell has no scale', () => {
    const shares = pocShares({
      verdicts: [poc({}, [a], [])],
      registry,
      scales: new Map(),
      policy: DEFAULT_POLICY,
    });
    expect(shares.get(a)).toEqual({ beacon: 0n, witness: 20_000_000n });
  });
});

import { beforeAll, describe, expect, it } from 'vitest';
import { ProtocolError } from '#protocol/errors';
import type { Advice } from '#protocol/hotspot/advice';
import { hotspotEpoch, type HotspotEpoch } from '#protocol/hotspot/hotspot-epoch';
import { HOTSPOT_FILES, openHotspotSources } from '#protocol/hotspot/sources';
import { densityScales } from '#protocol/reward/density';
import { activeCells } from '#protocol/settle/epoch/judge-epoch';
import { FILES, openFolder, type FolderFiles } from '#protocol/settle/folder';
import { verdictsBytes, openVerdicts } from '#protocol/settle/folder/verdicts-file';
import type { HotspotKey } from '#protocol/units';
import { verifySignature } from '#services/runtime/signature';
import { ACTORS, EPOCH, hotspotFolders, STRANGER } from '../../support/hotspot-folders.ts';
import { GENESIS } from '../epoch/world.ts';

let folders: readonly FolderFiles[];
beforeAll(() => {
  ({ folders } = hotspotFolders());
});

/** From the files that the command reads, and no others. */
function tell(
  key: HotspotKey,
  epoch = EPOCH,
  change: readonly (readonly [string, Uint8Array])[] = [],
): HotspotEpoch {
  const whole = new Map([...(folders[epoch] ?? []), ...change]);
  const files = new Map([...whole].filter(([name]) => HOTSPOT_FILES.includes(name)));
  return hotspotEpoch(openHotspotSources({ files, key, verify: verifySignature }), key);
}
const kinds = (advice: readonly Advice[]): readonly string[] =>
  advice.map((each) => ('cause' in each ? `${each.kind} ${each.cause}` : each.kind));
const outcomes = (
  reports: HotspotEpoch['reports']['given'] | HotspotEpoch['reports']['sent'],
): readonly string[] =>
  [...new Set(reports.map(({ verdict }) => verdict.reason ?? verdict.note ?? 'valid'))].sort();
const refusal = (code: string, context: object): Error =>
  expect.objectContaining({ code, context: expect.objectContaining(context) as object }) as Error;

describe('why a hotspot earned what it earned', () => {
  it('adds up for everybody, in every epoch: shares by report, amounts by pool, and the state', () => {
    for (const epoch of [0, 1, EPOCH])
      for (const { key } of Object.values(ACTORS)) {
        const { pay, reports, holdings, facts } = tell(key, epoch);
        const sum = (of: readonly { readonly shares: bigint }[]): bigint =>
          of.reduce((all, each) => all + each.shares, 0n);
        expect(sum(reports.sent)).toBe(pay?.beacon.shares ?? 0n);
        expect(sum(reports.given)).toBe(pay?.witness.shares ?? 0n);
        for (const pool of pay === null ? [] : [pay.beacon, pay.witness, pay.data])
          expect(pool.amount).toBe((pool.rate * pool.shares) / 10n ** 23n);
        const held = holdings.pending.find((each) => each.epoch === facts.epoch);
        expect(held?.amount ?? 0n).toBe(pay?.total ?? 0n);
      }
  });

  it('tells of an honest one what is paid, held back and until when', () => {
    const { pay, holdings, clocks, reports, density, region, advice } = tell(ACTORS.honest.key);
    expect(region).toBe('EU868');
    expect(pay).toMatchObject({ open: false });
    expect(pay?.uncapped).toBe(pay?.total);
    // Epoch 0 is paid with epoch 2, epochs 1 and 2 with 3 and 4, which end a minute later each.
    expect(holdings.added).toBe(holdings.cumulative);
    expect(
      holdings.pending.map(({ epoch, paidWith, earliest }) => [epoch, paidWith, earliest - GENESIS]),
    ).toEqual([
      [1n, 3n, 240],
      [2n, 4n, 300],
    ]);
    const start = (GENESIS + 120) * 1000;
    expect(clocks.lastBeacon).toEqual({ at: start + 32_500, age: 27_500, until: start + 60_000 });
    expect(clocks.lastHeard?.until).toBe(start + 32_500 + 48 * 3_600_000);
    expect(clocks.activeUntil).toBe(start + 32_500 + 61 * 3_600_000);
    expect(density?.scale).toBe(10_000n);
    expect(outcomes(reports.sent)).toEqual(['valid']);
    expect(reports.sent.map(({ attached, valid, selected }) => [attached, valid, selected])).toEqual([
      [9, 8, 8],
      [2, 1, 1],
    ]);
    expect(outcomes(reports.received)).toEqual(['bad_rssi', 'denied', 'valid']);
    expect(kinds(advice)).toEqual(['more_witnesses']);
  });

  it('tells of a cheat which of its reports were refused, and by what', () => {
    const { pay, reports, advice } = tell(ACTORS.cheat.key);
    expect(outcomes(reports.given)).toEqual(['bad_rssi']);
    expect(outcomes(reports.sent)).toEqual(['irregular_interval', 'valid']);
    expect(pay?.witness.amount).toBe(0n);
    expect(reports.given[0]?.says).toMatch(
      /^Heard at -40\.0 dBm, but free space allows at most -\d+\.\d dBm over [\d,]+ m\.$/,
    );
    expect(reports.given.map(({ other }) => other)).toEqual([ACTORS.honest.key, ACTORS.second.key]);
    expect(kinds(advice)).toEqual([
      'fix_beacons irregular_interval',
      'more_witnesses',
      'fix_witnesses bad_rssi',
    ]);
  });

  it('tells a lone one that nobody hears it, and what depends on that', () => {
    const { pay, density, clocks, advice, reports } = tell(ACTORS.lone.key);
    expect([pay, density, clocks.lastHeard, clocks.lastWitness]).toEqual([null, null, null, null]);
    expect(outcomes(reports.sent)).toEqual(['gateway_no_valid_witnesses']);
    expect(advice).toEqual([
      { kind: 'be_heard', unheard: 1, sound: 1 },
      { kind: 'send_witnesses' },
      { kind: 'witness_others', until: null },
      { kind: 'be_heard_again', until: null },
    ]);
    // Before reciprocity is asked for, its beacon is valid and worth nothing.
    expect(outcomes(tell(ACTORS.lone.key, 0).reports.sent)).toEqual(['valid']);
    expect(kinds(tell(ACTORS.lone.key, 0).advice)).toEqual(['be_heard', 'send_witnesses']);
  });

  it('tells an open one what its tier costs', () => {
    const { pay, advice, reports } = tell(ACTORS.open.key);
    const full = tell(ACTORS.honest.key).pay;
    expect(pay?.open).toBe(true);
    expect(outcomes(reports.given)).toContain('untrusted_pair');
    expect(pay?.uncapped).toBe(
      ((pay?.beacon.shares ?? 0n) * (full?.beacon.rate ?? 0n)) / 10n ** 23n +
        ((pay?.witness.shares ?? 0n) * (full?.witness.rate ?? 0n)) / 10n ** 23n,
    );
    expect(advice).toEqual([
      { kind: 'get_endorsed', untrusted: 2, capped: (pay?.uncapped ?? 0n) - (pay?.total ?? 0n) },
    ]);
  });

  it('tells a denied one its entry, and what of its pending amounts would be dropped', () => {
    const { pay, denials, holdings, advice, reports } = tell(ACTORS.denied.key);
    expect(pay).toBeNull();
    expect(denials).toMatchObject({
      inForce: true,
      entry: { from: EPOCH, reason: 'impossible_lag' },
      pairs: [],
    });
    expect(holdings.pending.map(({ epoch, dropped }) => [epoch, dropped])).toEqual([[1n, false]]);
    expect(outcomes(reports.given)).toEqual(['denied']);
    expect(kinds(advice)).toEqual(['answer_denial']);
    expect(tell(ACTORS.denied.key, 1).denials).toEqual({ entry: null, inForce: false, pairs: [] });
    expect(tell(ACTORS.second.key).denials.pairs).toHaveLength(1);
    expect(outcomes(tell(ACTORS.second.key).reports.given)).toContain('denied_edge');
  });

  it('tells a crowded one who shares its cells, and where it would stand better', () => {
    const { density, policy, facts, advice } = tell(ACTORS.crowded.key);
    const lowering = density?.levels.filter(({ clipped, unclipped }) => clipped < unclipped) ?? [];
    expect(
      lowering.map(({ resolution, unclipped, limit, nearest }) => [
        resolution,
        unclipped,
        limit,
        nearest.map(({ key }) => key),
      ]),
    ).toEqual([
      [10, 2, 1, [ACTORS.neighbour.key]],
      [8, 2, 1, [ACTORS.neighbour.key, ACTORS.nextDoor.key]],
    ]);
    expect(density?.scale).toBe(2500n);
    expect(kinds(advice)).toEqual(['fix_witnesses below_min_distance', 'move']);
    // The better places are true: with the hotspot there, settlement's own function gives that scale.
    const { registry, state } = openFolder(folders[EPOCH] ?? new Map());
    expect(density?.better.length).toBeGreaterThan(0);
    for (const { cell, scale, metres } of density?.better ?? []) {
      const moved = new Map(registry.hotspots);
      moved.set(ACTORS.crowded.key, { ...ACTORS.crowded.facts, cell });
      const active = activeCells({
        state: state.poc,
        registry: moved,
        end: facts.end,
        windows: policy.windows,
      });
      expect(densityScales(active, policy.density).get(cell)).toBe(scale);
      expect(scale).toBeGreaterThan(2500n);
      expect(metres).toBeGreaterThan(100);
    }
  });

  it('tells a silent one that nothing arrived', () => {
    expect(kinds(tell(ACTORS.silent.key).advice)).toEqual([
      'send_beacons',
      'send_witnesses',
      'witness_others',
      'be_heard_again',
    ]);
  });

  it('is refused for a key that the epoch does not have', () => {
    expect(() => tell(STRANGER.key)).toThrow(refusal('unknown_hotspot', { reports: 0, epoch: 2n }));
  });

  it('is refused where a file is missing, of another epoch, or not what the tuple or the state says', () => {
    const { key } = ACTORS.honest;
    const other = (name: string, epoch: number) =>
      [[name, folders[epoch]?.get(name) ?? new Uint8Array()]] as const;
    for (const name of [FILES.epoch, FILES.policy, FILES.registry, FILES.state])
      expect(() => tell(key, EPOCH, [[name, new Uint8Array()]]), name).toThrow(ProtocolError);
    expect(() => tell(key, EPOCH, other(FILES.epoch, 1))).toThrow(
      refusal('malformed_folder', { file: FILES.epoch }),
    );
    expect(() => tell(key, EPOCH, other(FILES.state, 1))).toThrow(
      refusal('malformed_folder', { file: FILES.state }),
    );
    expect(() => tell(key, EPOCH, [[FILES.deny, Uint8Array.of(1)]])).toThrow(
      refusal('deny_list_mismatch', {}),
    );
    expect(() => tell(key, EPOCH, other(FILES.shares, 1))).toThrow(
      refusal('malformed_folder', { file: FILES.shares }),
    );
    const { verdicts, badlySigned } = openVerdicts(folders[EPOCH]?.get(FILES.verdicts) ?? new Uint8Array());
    const without = verdictsBytes({ verdicts: verdicts.slice(1), badlySigned });
    expect(() => tell(key, EPOCH, [[FILES.verdicts, without]])).toThrow(
      refusal('malformed_folder', { file: FILES.shares, field: 'beacon_shares' }),
    );
  });
});

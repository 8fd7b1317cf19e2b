import { describe, expect, it } from 'vitest';
import { deriveBeacon, type Entropy } from '#protocol/crypto/payload';
import { classify } from '#protocol/deny/classify';
import { observe } from '#protocol/deny/classifiers/observed';
import { cellCentre } from '#protocol/geo/cell';
import { openFleet, type Hotspot } from '#services/simulate/fleet';
import { airtimeMs, receive } from '#services/simulate/medium/radio';
import { denyLines, measureDeny } from '../../../bench/deny.ts';
import { judgeBeacons } from '../../../bench/radio-fleet/judge-fleet.ts';
import type { Beaconer, Transmission } from '../../../bench/radio-fleet/transmit.ts';

/** Minutes on a busy machine. */
const PATIENCE = 600_000;

describe('the classifiers on a simulated fleet', () => {
  it(
    'list no honest hotspot, and some of every kind of cheater',
    () => {
      const figure = measureDeny({ size: 1_000, seed: 2 });
      console.info(denyLines(figure).join('\n'));
      expect(figure.honestListed).toEqual([]);
      const least: Readonly<Record<string, number>> = {
        spoofer_near: 2,
        spoofer_far: 12,
        'liar, below_bound': 3,
        'liar, constant': 1,
        'liar, random': 1,
        silent: 2,
        'sybil, attenuated': 2,
        'sybil, one_antenna': 6,
        forwarder_near: 4,
        forwarder_far: 12,
        'early, EU868': 7,
        'early, US915': 5,
      };
      for (const { kind, found } of figure.cheaters)
        expect([kind, found >= (least[kind] ?? 1)]).toEqual([kind, true]);
      expect(figure.cheaters.map(({ kind }) => kind).sort()).toEqual(Object.keys(least).sort());
    },
    PATIENCE,
  );
});

interface Member extends Beaconer, Hotspot {}

/** The demo's hotspots; the thief and the forger send nothing that met a beacon. */
function demoFleet(): readonly Member[] {
  const fleet = openFleet(new Uint8Array(32).fill(7)).filter(
    ({ role }) => role !== 'thief' && role !== 'forger',
  );
  return fleet.map((hotspot, at) => ({
    ...hotspot,
    phase: 60_000 * (at + 1),
    facts: {
      key: hotspot.key,
      mode: 'full',
      status: 'active',
      tier: 'endorsed',
      cell: hotspot.cell,
      ...cellCentre(hotspot.cell),
      gain: hotspot.gain,
      elevation: hotspot.elevation,
      registeredAt: 1_700_000_000,
    },
  }));
}

function sent(fleet: readonly Member[], beaconer: Member, remote: Entropy, seed: number): Transmission {
  const local = Uint8Array.of(1, 2, 3, beaconer.phase / 60_000);
  const derived = deriveBeacon({
    remote,
    local: { data: local, timestamp: 0, version: 0 },
    region: beaconer.region,
    gain: beaconer.gain,
  });
  const frame = { ...derived, frequency: Number(derived.frequency) };
  const heard = fleet.flatMap((by) => {
    const reception = by === beaconer ? null : receive({ frame, from: beaconer, to: by, seed: String(seed) });
    return reception === null
      ? []
      : [{ by, after: airtimeMs(derived.datarate, 52) + 5, signal: 10 * reception.rssi }];
  });
  return { beaconer, local, derived, beaconAfter: 5, heard };
}

describe('the classifiers on the hotspots of the demo', () => {
  it.each([1, 2, 3])('list no honest one, by the air of seed %i', (seed) => {
    const fleet = demoFleet();
    const judged = judgeBeacons({
      fleet,
      days: 4,
      transmit: (beaconer, remote) => sent(fleet, beaconer, remote, seed),
    });
    expect(judged.receptions).toBeGreaterThan(1_000);
    const honest = new Set(fleet.filter(({ role }) => role === 'honest').map(({ key }) => key));
    const listed = classify(observe(judged)).filter(({ accused }) => accused.some((key) => honest.has(key)));
    expect(listed).toEqual([]);
  });
});

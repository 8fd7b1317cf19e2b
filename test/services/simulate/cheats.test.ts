import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { DenyReason } from '#protocol/deny/deny-reasons';
import { REASONS, type Reason } from '#protocol/verify/reasons';
import { CHEATS, cheatOf, type CheatName } from '#services/simulate/cheats/cheats';
import { makeCrowd, type Member } from '#services/simulate/command/crowd';
import { reasonsOf, simulateDays, type SimulatedDays } from '../../support/simulate/simulated-days.ts';

const SEED = 'cheats';
const CENTRE = { latitude: 52.52, longitude: 13.405 };
/** Reciprocity is asked for from the third day on. */
const DAYS = 4;

interface Expected {
  readonly honest: number;
  readonly count: number;
  /** Which of its reports meet a rule; null where every one of them is valid. */
  readonly kind: 'beacon' | 'witness' | null;
  readonly reason: Reason | null;
  /** At least this share of those reports; what is left is valid. */
  readonly share: number;
  readonly finding: DenyReason | null;
}

const caught = (kind: 'beacon' | 'witness', reason: Reason, share = 1): Expected => ({
  honest: 12,
  count: 1,
  kind,
  reason,
  share,
  finding: null,
});
const valid = { kind: null, reason: null, share: 0 } as const;

/** What meets each cheat among honest hotspots of one city. */
const EXPECTED: Readonly<Record<CheatName, Expected>> = {
  'location-spoofer': caught('witness', 'max_distance_exceeded'),
  crowder: caught('witness', 'below_min_distance', 0.05),
  'sybil-room': { ...valid, honest: 26, count: 6, finding: 'rssi_without_distance' },
  'attenuated-pair': { ...valid, honest: 26, count: 2, finding: null },
  'payload-thief': caught('beacon', 'duplicate'),
  'key-forger': caught('witness', 'bad_signature'),
  replayer: caught('witness', 'too_late', 0.45),
  'witness-forger': caught('witness', 'gateway_no_valid_beacons', 0.45),
  'late-responder': caught('witness', 'too_late'),
  'rssi-booster': caught('witness', 'bad_rssi', 0.9),
  'rssi-liar': { ...valid, honest: 26, count: 1, finding: 'rssi_not_mutual' },
  silent: caught('witness', 'gateway_no_valid_beacons', 0.45),
};

async function worldOf(name: CheatName): Promise<{ members: readonly Member[]; days: SimulatedDays }> {
  const { honest, count } = EXPECTED[name];
  const members = makeCrowd({ honest, cheats: { [name]: count }, centre: CENTRE, seed: SEED });
  return { members, days: await simulateDays({ members, days: DAYS, seed: SEED }) };
}

const keysOf = (members: readonly Member[], isHonest: boolean) =>
  members.filter(({ cheat }) => (cheat === null) === isHonest).map(({ identity }) => identity.key);
const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

describe('honest hotspots', () => {
  it('are valid, all of them, and found by no classifier', async () => {
    const members = makeCrowd({ honest: 26, cheats: {}, centre: CENTRE, seed: SEED });
    const days = await simulateDays({ members, days: DAYS, seed: SEED });
    const keys = keysOf(members, true);
    expect(Object.keys(reasonsOf(days, keys, 'beacon'))).toEqual(['valid']);
    expect(Object.keys(reasonsOf(days, keys, 'witness'))).toEqual(['valid']);
    expect(days.findings).toEqual([]);
    // All of one city: each beacon is heard by nearly all others.
    expect(days.air.heard).toBeGreaterThan(20 * days.air.frames);
  });
});

describe('simulated days', () => {
  it('are the same for the same seed, and others for another', async () => {
    const run = async (seed: string) => {
      const members = makeCrowd({ honest: 6, cheats: { replayer: 1 }, centre: CENTRE, seed: SEED });
      return (await simulateDays({ members, days: 1, seed })).verdicts;
    };
    const first = await run('a');
    expect(await run('a')).toEqual(first);
    expect(await run('b')).not.toEqual(first);
  });
});

describe.each(Object.keys(CHEATS) as CheatName[])('the %s', (name) => {
  const expected = EXPECTED[name];
  const { reason, finding, kind } = expected;

  it(`is met by ${[reason, finding].filter((each) => each !== null).join(', ') || 'nothing'}`, async () => {
    const { members, days } = await worldOf(name);
    const [cheaters, honest] = [keysOf(members, false), keysOf(members, true)];
    const seen = {
      beacon: reasonsOf(days, cheaters, 'beacon'),
      witness: reasonsOf(days, cheaters, 'witness'),
    };
    const found = days.findings.map(({ reason: by }) => by);
    console.info(`${name}, seed ${SEED}: ${JSON.stringify(seen)}; findings ${found.join(', ') || 'none'}`);
    expect(new Set(found)).toEqual(new Set(finding === null ? [] : [finding]));
    for (const { accused } of days.findings) for (const key of accused) expect(cheaters).toContain(key);
    if (kind === null || reason === null) {
      // What no rule meets is valid: a classifier may list it, and else it is paid as far as its tier lets it.
      expect(Object.keys({ ...seen.beacon, ...seen.witness })).toEqual(['valid']);
      return;
    }
    const counts = seen[kind];
    const reports = total(counts);
    expect(reports).toBeGreaterThanOrEqual(16);
    expect(counts[reason] ?? 0).toBeGreaterThanOrEqual(expected.share * reports);
    for (const other of Object.keys(counts)) expect([reason, 'valid']).toContain(other);
    // Nobody honest loses a report but one that has to do with the cheater.
    expect(Object.keys(reasonsOf(days, honest, 'beacon'))).toEqual(['valid']);
  });
});

describe('docs/simulate.md', () => {
  const text = readFileSync(new URL('../../../docs/simulate.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| `([a-z-]+)` +\| ([^|]+) \| ([^|]+) \|$/gm)].map(
    ([, name = '', does = '', met = '']) => ({ name, does: does.trim(), met: met.trim() }),
  );

  it('has a row for every plug-in, with what it does', () => {
    const forged = () => new Uint8Array(0);
    const names = Object.keys(CHEATS) as CheatName[];
    expect(rows.map(({ name, does }) => [name, does])).toEqual(
      names.map((name) => [name, cheatOf(name, { forged }).does]),
    );
  });

  it('says of each what the tests saw meet it, with the number of the reason', () => {
    for (const { name, met } of rows) {
      const { reason, finding } = EXPECTED[name as CheatName];
      if (reason !== null) expect(met, name).toContain(`${reason} (${REASONS[reason].number})`);
      if (finding !== null) expect(met, name).toContain(`deny list: ${finding}`);
      if (reason === null && finding === null) expect(met, name).toMatch(/^nothing/);
    }
  });
});

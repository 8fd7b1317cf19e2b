import { describe, expect, it } from 'vitest';
import type { Reason } from '#protocol/verify/reasons';
import type { HotspotKey } from '#protocol/units';
import type { Role } from '#services/simulate/demo/sites';
import {
  checkCheaters,
  checkHonestPairs,
  checkMoney,
  checkOpenPairs,
  checkRoots,
  type Actor,
} from '../../scripts/demo/report/checks.ts';
import { hotspotTable, tokens } from '../../scripts/demo/report/table.ts';
import type { JudgedReport } from '../../scripts/demo/report/verdicts.ts';

function actor(name: string, role: Role, endorsed: boolean): Actor {
  return { name, role, endorsed, key: name.padStart(66, '0') as HotspotKey };
}

const alice = actor('a1', 'honest', true);
const bob = actor('b2', 'honest', true);
const olga = actor('c3', 'honest', false);
const oleg = actor('d4', 'honest', false);
const liar = actor('e5', 'liar', false);
const thief = actor('e6', 'thief', false);
const crowder = actor('e7', 'crowder', false);
const forger = actor('e8', 'forger', false);

function witness(
  beaconer: Actor,
  reporter: Actor,
  reason: Reason | null,
  note: string | null = null,
): JudgedReport {
  const paid = reason === null && note === null;
  return {
    kind: 'witness',
    reporter: reporter.key,
    beaconer: beaconer.key,
    reason,
    inherited: false,
    note,
    paid,
  };
}

function beacon(reporter: Actor, reason: Reason | null, beaconer: Actor | null = reporter): JudgedReport {
  const key = beaconer === null ? null : beaconer.key;
  return {
    kind: 'beacon',
    reporter: reporter.key,
    beaconer: key,
    reason,
    inherited: false,
    note: null,
    paid: reason === null,
  };
}

describe('the check of roots', () => {
  it('holds where all oracles have one root, and fails where one differs or is missing', () => {
    const holds = (oracles: readonly (string | null)[]): boolean =>
      checkRoots([{ epoch: 0n, oracles }]).every((check) => check.holds);
    expect(holds(['aa', 'aa', 'aa'])).toBe(true);
    expect(holds(['aa', 'ab', 'aa'])).toBe(false);
    expect(holds(['aa', null, 'aa'])).toBe(false);
    expect(holds([null, null, null])).toBe(false);
    expect(holds([])).toBe(false);
  });
});

describe('the check of money', () => {
  it('fails as soon as one of the five sums differs, or nothing was minted', () => {
    const even = { minted: 7n, claimed: 9n, burned: 2n, balances: 7n, cumulative: 9n };
    expect(checkMoney(even).holds).toBe(true);
    for (const name of ['minted', 'claimed', 'burned', 'balances', 'cumulative'] as const)
      expect(checkMoney({ ...even, [name]: 8n }).holds).toBe(false);
    expect(checkMoney({ minted: 0n, claimed: 0n, burned: 0n, balances: 0n, cumulative: 0n }).holds).toBe(
      false,
    );
  });
});

describe('the check of honest pairs', () => {
  const pairs = [
    [alice, bob],
    [bob, alice],
  ] as const;

  it('holds where each direction of each pair has a paid witness report', () => {
    const reports = [witness(alice, bob, null), witness(bob, alice, 'too_late'), witness(bob, alice, null)];
    expect(checkHonestPairs({ pairs, reports }).holds).toBe(true);
  });

  it('names the direction that was never paid', () => {
    const reports = [witness(alice, bob, null), witness(bob, alice, 'too_late')];
    const check = checkHonestPairs({ pairs, reports });
    expect(check.holds).toBe(false);
    expect(check.detail).toContain('b2 heard by a1');
    expect(checkHonestPairs({ pairs: [], reports }).holds).toBe(false);
  });
});

describe('the check of open pairs', () => {
  const actors = [alice, olga, oleg, crowder];

  it('holds where the software keys met and were not paid for it', () => {
    const reports = [witness(olga, oleg, null, 'untrusted_pair'), witness(alice, oleg, null)];
    expect(checkOpenPairs(actors, reports).holds).toBe(true);
  });

  it('fails where one was paid, or where they never met', () => {
    const met = witness(olga, oleg, null, 'untrusted_pair');
    expect(checkOpenPairs(actors, [met, witness(oleg, olga, null)]).holds).toBe(false);
    expect(checkOpenPairs(actors, [met, witness(olga, crowder, null)]).holds).toBe(false);
    expect(checkOpenPairs(actors, [witness(alice, oleg, null)]).holds).toBe(false);
  });
});

describe('the check of cheaters', () => {
  const crowded = new Set([alice.key]);
  const fits: readonly JudgedReport[] = [
    witness(alice, liar, 'max_distance_exceeded'),
    beacon(thief, 'duplicate', alice),
    witness(alice, crowder, 'below_min_distance'),
    witness(bob, crowder, null),
    witness(alice, forger, 'bad_signature'),
    beacon(forger, 'bad_signature', null),
  ];
  const failing = (reports: readonly JudgedReport[]): readonly string[] =>
    checkCheaters({ actors: [alice, liar, thief, crowder, forger], reports, crowded })
      .filter(({ holds }) => !holds)
      .map(({ what }) => what.split(' ')[0] ?? '');

  it('holds where each cheat meets its reason, whatever else the cheater does', () => {
    expect(failing(fits)).toEqual([]);
    expect(failing([...fits, beacon(liar, null), beacon(crowder, null)])).toEqual([]);
  });

  it('fails where a cheat is paid, or unpaid for another reason', () => {
    expect(failing([...fits, witness(bob, liar, null)])).toEqual(['liar']);
    expect(failing([...fits, witness(bob, liar, 'too_late')])).toEqual(['liar']);
    expect(failing([...fits, witness(alice, crowder, null)])).toEqual(['crowder']);
    expect(failing([...fits, beacon(forger, null, null)])).toEqual(['forger']);
    expect(failing([...fits, beacon(thief, 'stale', alice)])).toEqual(['thief']);
  });

  it('does not ask for the reason where the beacon itself failed, and the report took its reason', () => {
    const inherited = { ...witness(bob, liar, 'irregular_interval'), inherited: true };
    expect(failing([...fits, inherited])).toEqual([]);
    expect(failing([...fits, { ...inherited, paid: true }])).toEqual(['liar']);
    expect(failing([...fits.slice(1), inherited])).toEqual(['liar']);
  });

  it('asks a stolen payload to be underivable where the true beacon never reached the log', () => {
    expect(failing([...fits, beacon(thief, 'invalid_packet')])).toEqual([]);
    expect(failing([...fits, beacon(thief, 'duplicate')])).toEqual(['thief']);
  });

  it('fails for a cheater whose cheat never happened', () => {
    expect(failing([])).toEqual(['liar', 'thief', 'crowder', 'forger']);
  });
});

describe('the table', () => {
  it('counts reports and reasons of each hotspot and shows its tokens', () => {
    const reports = [
      beacon(alice, null),
      witness(bob, alice, null),
      witness(bob, alice, 'bad_rssi'),
      witness(olga, alice, null, 'untrusted_pair'),
    ];
    const lines = hotspotTable({ actors: [alice], reports, balanceOf: () => 12_345_678_901n });
    expect(lines[1]?.trim().split(/\s{2,}/)).toEqual([
      'a1',
      'endorsed',
      '1',
      '3',
      '2',
      '123.45',
      '1 bad_rssi (11), 1 untrusted_pair',
    ]);
  });

  it('writes units of 8 decimals as tokens', () => {
    expect(tokens(0n)).toBe('0.00');
    expect(tokens(99_999_999n)).toBe('0.99');
    expect(tokens(17_188_206_692_449n)).toBe('171882.06');
  });
});

import { emptyState } from '#protocol/settle/state';
import { SESSION_LIFETIME_MS } from '#protocol/settle/signer';
import type { ComputedEpoch } from '#protocol/epoch';
import { describe, expect, it } from 'vitest';
import {
  computed,
  EPOCH_S,
  GENESIS,
  sessionInit,
  signedWitness,
  testHotspot,
  testKey,
  TestWorld,
  type TestHotspot,
} from './world.ts';

const beaconer = testHotspot('signer 0', 0);
const witness = testHotspot('signer 1', 1);
const other = testHotspot('signer 2', 2);
const hotspots = [beaconer, witness, other];
const impostor = testKey('impostor');
const forged: TestHotspot = { ...witness, secret: impostor.secret };
const fresh = { state: emptyState(), parent: null };
const named = (result: ComputedEpoch): readonly (readonly [number, string | null])[] =>
  [...result.badlySigned, ...result.verdicts.flatMap(({ others }) => others)].map(({ position, reason }) => [
    position.receivedAt,
    reason,
  ]);

describe('a badly signed report', () => {
  it('is named once, in one epoch, wherever it stands, and attaches to nothing', () => {
    const world = new TestWorld({ hotspots, epochs: 2 });
    const { start, end } = world.facts(0);
    const [inside, before, after] = [start * 1000 + 8000, end * 1000 - 50, end * 1000 + 50];
    const { derived } = world.poc({ beaconer, witnesses: [witness], at: inside });
    const last = world.poc({ beaconer: other, witnesses: [witness], at: end * 1000 - 10 }).derived;
    const next = world.poc({ beaconer: witness, witnesses: [other], at: end * 1000 + 60, lag: 100 }).derived;
    const lost = world.derive(other, start * 1000 + 30_000).derived;
    // In a PoC; an orphan that later meets a beacon of the next epoch; alone; after its PoC; after the end.
    world.witness({ witness: forged, derived, at: inside + 200 });
    world.witness({ witness: forged, derived: next, at: before });
    world.witness({ witness: forged, derived: lost, at: start * 1000 + 31_000 });
    world.witness({ witness: forged, derived, at: inside + 20_000 });
    world.witness({ witness: forged, derived: last, at: after });
    const first = computed(world.input(0, fresh));
    const second = computed(world.input(1, { state: first.state, parent: first.tuple }));
    const alone = [inside + 20_000, start * 1000 + 31_000, before];
    const withPocs = [inside + 200, after];
    expect(named(first)).toEqual([...alone, ...withPocs].map((at) => [at, 'bad_signature']));
    expect(named(second)).toEqual([]);
    expect(first.verdicts.map(({ witnesses }) => witnesses.length)).toEqual([1, 1]);
    expect(second.verdicts.map(({ witnesses }) => witnesses.length)).toEqual([1]);
  });
});

describe('a session', () => {
  const session = testKey('session');
  const nonce = new Uint8Array(32).fill(7);
  const reportAt = (GENESIS + 34 * EPOCH_S) * 1000 + 8000;

  /** The verdict of a report under a session that was opened `age` ms before the report. */
  function verdictOf(of: {
    readonly age: number;
    readonly offered?: Uint8Array;
    readonly by?: { readonly key: typeof witness.key; readonly secret: Uint8Array };
    readonly name?: 'nothing' | 'beacon';
  }): string | null | undefined {
    const world = new TestWorld({ hotspots, epochs: 36 });
    const at = reportAt - 300;
    const { derived, beacon } = world.poc({ beaconer, witnesses: [], at });
    const init = world.log().add({
      receivedAt: reportAt - of.age,
      body: {
        kind: 'session_init',
        nonce: of.offered ?? nonce,
        init: sessionInit(of.by ?? { key: witness.key, secret: witness.secret }, session, nonce),
      },
    });
    world.log().add({
      receivedAt: reportAt,
      body: {
        kind: 'witness',
        report: signedWitness(witness, { derived, at, signer: session }),
        session: null,
      },
      ...(of.name === 'nothing' ? {} : { session: of.name === 'beacon' ? beacon : init }),
    });
    const result = computed(world.input(34, fresh));
    const [verdict] = result.verdicts;
    return (verdict?.witnesses[0] ?? verdict?.others[0])?.reason;
  }

  it('signs for its gateway for 31 minutes, also from before the evidence of the epoch', () => {
    expect(verdictOf({ age: 1000 })).not.toBe('bad_signature');
    expect(verdictOf({ age: SESSION_LIFETIME_MS })).not.toBe('bad_signature');
    expect(verdictOf({ age: SESSION_LIFETIME_MS + 1 })).toBe('bad_signature');
  });

  it('signs for nobody where it is of another gateway, unsigned, later, for another nonce, missing or no session', () => {
    const cases = [
      verdictOf({ age: 1000, by: other }),
      verdictOf({ age: 1000, by: { key: witness.key, secret: impostor.secret } }),
      verdictOf({ age: -1 }),
      verdictOf({ age: 1000, offered: new Uint8Array(32).fill(8) }),
      verdictOf({ age: 1000, name: 'nothing' }),
      verdictOf({ age: 1000, name: 'beacon' }),
    ];
    expect(cases).toEqual(cases.map(() => 'bad_signature'));
  });
});

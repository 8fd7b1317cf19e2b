import { describe, expect, test } from 'vitest';
import { keyBytes } from '#protocol/wire/key';
import { sha256Hex } from '#protocol/crypto/sha256-hex';
import { DEFAULT_POLICY, type Policy } from '#protocol/policy';
import type { CheckedWitness } from '#protocol/verify/checked-poc';
import { checkPoc, type CheckInput } from '#protocol/verify/check-poc';
import { Grouper } from '#protocol/verify/grouper';
import type { HotspotFacts, PocGroup } from '#protocol/verify/poc';
import { select } from '#protocol/verify/selection';
import { hotspot, NOON, PocWorld, verifyMarked } from '../../support/poc-world.ts';

const AT = NOON + 10_000;

/** One beacon that all of the others hear, grouped. */
function heardByAll(hotspots: readonly HotspotFacts[], policy: Partial<Policy>) {
  const world = new PocWorld(hotspots, policy);
  const [beaconer = hotspot(1), ...others] = hotspots;
  const beacon = world.beacon(beaconer, { at: AT });
  const grouper = new Grouper({ verify: verifyMarked, windows: DEFAULT_POLICY.windows });
  grouper.push(beacon);
  for (const [order, by] of others.entries()) grouper.push(world.witness(by, beacon, { at: AT + order }));
  const [group] = grouper.flush();
  if (group === undefined) throw new Error('no group');
  const { registry, deny, epoch, entropies } = world;
  const check = (of: Partial<CheckInput> = {}) =>
    checkPoc({
      group,
      registry,
      policy: world.policy,
      deny,
      epoch,
      entropies,
      verify: verifyMarked,
      ...of,
    });
  return { group, beacon, check };
}

const near = (number: number, tier: HotspotFacts['tier']) =>
  hotspot(number, { metres: 500 + number * 50, tier });
const isTrusted = ({ trusted }: CheckedWitness) => trusted;

describe('a pair', () => {
  test.each([
    ['one_trusted', 'open', 'open', false],
    ['one_trusted', 'open', 'endorsed', true],
    ['one_trusted', 'bonded', 'open', true],
    ['one_trusted', 'endorsed', 'bonded', true],
    ['any', 'open', 'open', true],
    ['any', 'endorsed', 'endorsed', true],
  ] as const)('under %s of an %s beaconer and an %s witness: trusted %s', (pairs, of, by, trusted) => {
    const { check } = heardByAll([hotspot(1, { tier: of }), near(2, by)], {
      trust: { pairs, open_cap_bp: 1000 },
    });
    expect(check().witnesses.map(isTrusted)).toEqual([trusted]);
  });
});

describe('a ticket', () => {
  const three = [near(2, 'endorsed'), near(3, 'endorsed'), near(4, 'open')];
  const fleet = [hotspot(1, { tier: 'open' }), ...three];

  test('is drawn by nobody where trusted pairs are no more than are paid', () => {
    const { witnesses } = heardByAll(fleet, { selected_witnesses: 2 }).check();
    expect(witnesses.map(({ ticket, trusted }) => [ticket, trusted])).toEqual([
      ['', true],
      ['', true],
      ['', false],
    ]);
  });

  test('is the hash of payload and key, of each trusted pair where one is too many', () => {
    const { beacon, check } = heardByAll(fleet, { selected_witnesses: 1 });
    const ticketOf = ({ key }: HotspotFacts) =>
      sha256Hex(Uint8Array.of(...beacon.report.data, ...keyBytes(key)));
    const [second, third] = three.map(ticketOf);
    expect(check().witnesses.map(({ ticket }) => ticket)).toEqual([second, third, '']);
  });

  test('comes from whichever SHA-256 the caller has', () => {
    const { check } = heardByAll(fleet, { selected_witnesses: 1 });
    const lengths: number[] = [];
    const counted = check({
      sha256Hex: (message) => {
        lengths.push(message.length);
        return sha256Hex(message);
      },
    });
    expect(counted).toEqual(check());
    // Tickets of 51 + 33 bytes; ids of four reports, each longer.
    expect(lengths.filter((length) => length === 84)).toHaveLength(2);
    expect(lengths).toHaveLength(2 + 4);
  });
});

describe('the selection', () => {
  const witness = (ticket: string, trusted = true): CheckedWitness => ({
    kind: 'witness',
    position: { receivedAt: 0 as never, origin: 'log/a/1', index: 0 },
    reportId: ticket as never,
    key: hotspot(1).key,
    objection: null,
    trusted,
    ticket,
    numbers: {},
  });
  const [a, b, c, untrusted] = [witness('a'), witness('b'), witness('c'), witness('0', false)];

  test('is all trusted pairs up to the limit, and the smallest tickets above it', () => {
    expect(select([c, untrusted, a, b], 3)).toEqual(new Set([a, b, c]));
    expect([...select([c, untrusted, a, b], 2)]).toEqual([a, b]);
    expect([...select([b, c, a], 1)]).toEqual([a]);
    expect([...select([a, c, b], 1)]).toEqual([a]);
    expect([...select([untrusted], 1)]).toEqual([]);
  });

  test('leaves the order of the witnesses that it was given', () => {
    const given = [c, a, b];
    select(given, 1);
    expect(given).toEqual([c, a, b]);
  });
});

describe('a group', () => {
  test('is judged by the region of the asserted cell where the caller names no other', () => {
    const { check } = heardByAll([hotspot(1), near(2, 'endorsed')], {});
    expect(check()).toMatchObject({
      beacon: { standing: null, content: null },
      witnesses: [{ objection: null }],
    });
    expect(check({ regionOf: () => 'US915' }).beacon?.content?.reason).toBe('invalid_packet');
    expect(check({ regionOf: () => null }).beacon?.standing?.reason).toBe('not_asserted');
  });

  test('that calls a witness report its beacon is a fault', () => {
    const { group, check } = heardByAll([hotspot(1), near(2, 'endorsed')], {});
    const wrong: PocGroup = { ...group, beacon: 1 };
    expect(() => check({ group: wrong })).toThrow(/^report [0-9a-f]{64} is no beacon$/);
  });
});

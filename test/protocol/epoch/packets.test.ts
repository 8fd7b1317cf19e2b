import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { computeEpoch, type ComputedEpoch, type EpochInput } from '#protocol/epoch';
import { DEFAULT_POLICY } from '#protocol/policy';
import { disclosuresByCommitment } from '#protocol/route/disclosure';
import { EMPTY_ROOT } from '#protocol/settle/bytes/hashes';
import { addressHex } from '#protocol/settle/credits/address-hex';
import { verifyCredits } from '#protocol/settle/credits/credits-tree';
import type { PacketEvidence } from '#protocol/settle/credits/judge-packets';
import {
  PACKET_REASONS,
  packetReasonNumber,
  type PacketReason,
} from '#protocol/settle/credits/packet-reasons';
import { PACKET_RULES } from '#protocol/settle/credits/packet-rules';
import { checkFolder } from '#protocol/settle/folder/check-folder';
import { FILES, folderFiles, openFolder, proveCredits } from '#protocol/settle/folder';
import { MANIFEST, manifestBytes } from '#protocol/settle/folder/manifest-file';
import { hotspotLeafKey } from '#protocol/settle/leaf';
import { emptyState, openState, stateBytes } from '#protocol/settle/state';
import { epochNumber } from '#protocol/units';
import { keyText } from '#protocol/wire/key';
import { verifySignature } from '#services/runtime/signature';
import { signedDenyFile } from '../../support/deny-file.ts';
import { dataFrame, packetBytes, testOwner, TestRouter } from './packet-world.ts';
import { GENESIS, testHotspot, testKey, TestWorld } from './world.ts';

const OWNER = testOwner('one');
const OTHER = testOwner('two');
const START = GENESIS * 1000;
const HOTSPOT = testHotspot('heard', 1);
const SECOND = testHotspot('heard as well', 2);
const STRANGER = testHotspot('not registered', 3);

interface Opened {
  readonly router: TestRouter;
  readonly base: {
    readonly at: number;
    readonly hotspot: typeof HOTSPOT;
    readonly owner: typeof OWNER;
    readonly session: number;
    readonly route: number;
  };
}

/** A session and a route, and then what the test adds. */
function epochOf(
  fill: (of: Opened) => void,
  of: { readonly balance?: bigint } = {},
): { readonly input: EpochInput; readonly router: TestRouter } {
  const world = new TestWorld({ hotspots: [HOTSPOT, SECOND], epochs: 1 });
  const router = new TestRouter({ log: world.log(), network: world.network });
  const session = router.session(HOTSPOT, START + 1000);
  const route = router.route(OWNER, START + 1000);
  fill({ router, base: { at: START + 2000, hotspot: HOTSPOT, owner: OWNER, session, route } });
  const input = world.input(0, { state: emptyState(), parent: null });
  const registry = { ...input.registry, credits: [{ owner: OWNER.address, balance: of.balance ?? 1000n }] };
  const packets: PacketEvidence = {
    kind: 'disclosed',
    disclosures: disclosuresByCommitment(router.disclosures),
  };
  return { router, input: { ...input, registry, packets } };
}

function computed(input: EpochInput): ComputedEpoch {
  const result = computeEpoch(input);
  if (result.kind === 'empty') throw new Error('empty');
  return result;
}

/** The reasons of an epoch's packets, of which one more counts, so that it is not empty. */
function reasonsOf(fill: (of: Opened) => void, of: { readonly balance?: bigint } = {}) {
  const { input } = epochOf((opened) => {
    opened.router.packet({ ...opened.base, payload: dataFrame(0x26000042, 9999) });
    fill(opened);
  }, of);
  const { packets } = computed(input);
  const [first, ...others] = packets.map(({ reason }) => reason);
  expect(first).toBe(null);
  return others;
}

const CASES: Readonly<Record<PacketReason, readonly (readonly [string, (of: Opened) => void])[]>> = {
  unknown_hotspot: [
    [
      'a hotspot that was never registered',
      ({ router, base }) => {
        const session = router.session(STRANGER, START + 2000);
        router.packet({ ...base, hotspot: STRANGER, session });
      },
    ],
  ],
  no_session: [
    ['no session at all', ({ router, base }) => void router.packet({ ...base, session: base.route })],
    [
      'the session of another hotspot',
      ({ router, base }) => void router.packet({ ...base, hotspot: SECOND }),
    ],
    [
      'a session that came later',
      ({ router, base }) => {
        router.packet({ ...base, session: 4 });
        expect(router.session(HOTSPOT, START + 3000)).toBe(4);
      },
    ],
  ],
  no_route: [
    ['no route at all', ({ router, base }) => void router.packet({ ...base, route: base.session })],
    [
      "another owner's route",
      ({ router, base }) => {
        const route = router.route(OTHER, START + 2000);
        router.packet({ ...base, route });
      },
    ],
    [
      'a route that somebody else signed in its name',
      ({ router, base }) => {
        const route = router.route(OWNER, START + 2000, { route: 'forged', signer: OTHER });
        router.packet({ ...base, route });
      },
    ],
    [
      'a route of another network',
      ({ router, base }) => {
        const route = router.route(OWNER, START + 2000, { route: 'there', network: OTHER.address });
        router.packet({ ...base, route });
      },
    ],
    [
      'a route that is over',
      ({ router, base }) => {
        const route = router.route(OWNER, START + 2000, { route: 'over', until: GENESIS + 1 });
        router.packet({ ...base, route });
      },
    ],
    [
      'a route for longer than any may last',
      ({ router, base }) => {
        const route = router.route(OWNER, START + 2000, { route: 'long', until: GENESIS + 401 * 86_400 });
        router.packet({ ...base, route });
      },
    ],
    [
      'a route that its owner revoked before',
      ({ router, base }) => {
        router.route(OWNER, START + 2000, { sequence: 2, devAddrs: [] });
        router.packet(base);
      },
    ],
    [
      'the revocation itself',
      ({ router, base }) => {
        const route = router.route(OWNER, START + 2000, { sequence: 2, devAddrs: [] });
        router.packet({ ...base, route });
      },
    ],
    [
      'a route that came later',
      ({ router, base }) => {
        router.packet({ ...base, route: 4 });
        expect(router.route(OWNER, START + 3000)).toBe(4);
      },
    ],
  ],
  undisclosed: [
    ['no disclosure', ({ router, base }) => void router.packet({ ...base, isWithheld: true })],
    [
      'a commitment to something else',
      ({ router, base }) => void router.packet({ ...base, body: { commitment: new Uint8Array(32) } }),
    ],
  ],
  malformed: [
    [
      'bytes that are no packet',
      ({ router, base }) => void router.packet({ ...base, bytes: Uint8Array.of(0xff, 1, 2) }),
    ],
    [
      'a packet of another hotspot',
      ({ router, base }) => {
        const bytes = packetBytes(SECOND, testKey(`session ${HOTSPOT.key}`), dataFrame(0x26000001, 1));
        router.packet({ ...base, bytes });
      },
    ],
  ],
  bad_signature: [
    [
      'a signature of the router’s own making',
      ({ router, base }) => {
        const bytes = packetBytes(HOTSPOT, testKey('router'), dataFrame(0x26000001, 1));
        router.packet({ ...base, bytes });
      },
    ],
  ],
  not_uplink: [
    [
      'a downlink',
      ({ router, base }) => void router.packet({ ...base, payload: dataFrame(0x26000001, 1).with(0, 0x60) }),
    ],
    [
      'a beacon of a hotspot',
      ({ router, base }) => void router.packet({ ...base, payload: new Uint8Array(52).fill(0xe0) }),
    ],
  ],
  wrong_price: [
    ['a credit too many', ({ router, base }) => void router.packet({ ...base, body: { credits: 2 } })],
    ['no credit', ({ router, base }) => void router.packet({ ...base, body: { credits: 0 } })],
    ['another size', ({ router, base }) => void router.packet({ ...base, body: { size: 18 } })],
    [
      'more than the route buys',
      ({ router, base }) => {
        const route = router.route(OWNER, START + 2000, { route: 'cheap', maxPacketCredits: 1 });
        router.packet({ ...base, route, payload: dataFrame(0x26000001, 1, 25) });
      },
    ],
    [
      'a join request with a price',
      ({ router, base }) =>
        void router.packet({ ...base, payload: new Uint8Array(23), body: { credits: 1 } }),
    ],
  ],
  not_routed: [
    [
      'a DevAddr outside of the ranges',
      ({ router, base }) => void router.packet({ ...base, payload: dataFrame(0x26000100, 1) }),
    ],
  ],
  duplicate: [
    [
      'the same signed bytes again, under another salt',
      ({ router, base }) => void router.packet({ ...base, payload: dataFrame(0x26000042, 9999) }),
    ],
  ],
  too_many_copies: [
    [
      'a copy more than its route buys',
      ({ router, base }) => {
        const route = router.route(OWNER, START + 2000, { route: 'once', maxCopies: 1 });
        const session = router.session(SECOND, START + 2000);
        router.packet({ ...base, route, payload: dataFrame(0x26000001, 1) });
        router.packet({ ...base, hotspot: SECOND, session, route, payload: dataFrame(0x26000001, 1) });
      },
    ],
  ],
  no_credits: [],
};

describe('packets', () => {
  for (const [reason, cases] of Object.entries(CASES))
    for (const [what, fill] of cases)
      it(`do not count as ${reason} with ${what}`, () => {
        expect(reasonsOf(fill).at(-1)).toBe(reason);
      });

  it('count as far as the credits of their owner go, what is cheap enough after what is not', () => {
    const reasons = reasonsOf(
      ({ router, base }) => {
        router.packet({ ...base, payload: dataFrame(0x26000001, 1, 49) });
        router.packet({ ...base, payload: dataFrame(0x26000001, 2, 12) });
        router.packet({ ...base, payload: dataFrame(0x26000001, 3, 12) });
        router.packet({ ...base, payload: new Uint8Array(23), body: { credits: 0 } });
      },
      { balance: 2n },
    );
    expect(reasons).toEqual(['no_credits', null, 'no_credits', null]);
  });

  it('pay their hotspot by the data pool, and enter the owner’s settled total and the credits tree', () => {
    const { input } = epochOf(({ router, base }) => {
      router.packet({ ...base, payload: dataFrame(0x26000001, 1, 24) });
      router.packet({ ...base, payload: dataFrame(0x26000001, 2, 25) });
    });
    const result = computed(input);
    const owner = addressHex(OWNER.address);
    expect(result.payouts).toMatchObject([{ key: HOTSPOT.key, shares: { beacon: 0n, credits: 3n } }]);
    // 3 credits at $0.00001, $0.0359 per token of 8 decimals: 83,565.45 units.
    const [paid] = result.payouts;
    expect(paid?.amounts.data).toBe((3n * 10n ** 11n) / BigInt(DEFAULT_POLICY.credit_price));
    expect(result.state.settledCredits).toEqual(new Map([[owner, 3n]]));
    expect(result.credits).toEqual([{ owner, settled: 3n }]);
    expect(result.tuple.creditsCount).toBe(1);
    const folder = openFolder(folderFiles(input, result));
    const proof = proveCredits(folder, owner);
    if (proof === undefined) throw new Error('no leaf');
    const { network, creditsRoot: root, creditsCount: count } = result.tuple;
    expect(verifyCredits({ ...proof, network, root, count })).toBe(true);
    const more = { ...proof.leaf, settled: 4n };
    expect(verifyCredits({ ...proof, leaf: more, network, root, count })).toBe(false);
    expect(proveCredits(folder, addressHex(OTHER.address))).toBe(undefined);
  });

  it('pay a denied hotspot all the same, which loses what its beacons and witnesses earn', () => {
    const { input } = epochOf(({ router, base }) => void router.packet(base));
    const grounds = { from: 0, reason: 'keeper', epoch: 0, evidence: [] } as const;
    const { denyFile, deny } = signedDenyFile({ keys: [{ key: keyText(HOTSPOT.key), ...grounds }] });
    for (const holdback of [0, 2]) {
      const policy = { ...input.policy, deny, holdback };
      const result = computed({ ...input, denyFile, policy, facts: { ...input.facts, holdback } });
      const data = result.payouts[0]?.amounts.data ?? 0n;
      expect(data > 0n).toBe(true);
      const leaf = hotspotLeafKey(HOTSPOT.key);
      expect(result.state.cumulative.get(leaf)).toBe(holdback === 0 ? data : undefined);
      expect(result.state.pendingData.get(input.facts.epoch)?.get(leaf)).toBe(
        holdback === 0 ? undefined : data,
      );
      expect(openState(stateBytes(result.state))).toEqual(result.state);
    }
  });

  it('count until 31 minutes after their session was opened, to the millisecond', () => {
    const world = new TestWorld({ hotspots: [HOTSPOT], epochs: 0 });
    const router = new TestRouter({ log: world.log(), network: world.network });
    const opened = START + 1000;
    const session = router.session(HOTSPOT, opened);
    const route = router.route(OWNER, opened);
    for (const age of [31 * 60_000, 31 * 60_000 + 1])
      router.packet({ at: opened + age, hotspot: HOTSPOT, owner: OWNER, session, route });
    const end = GENESIS + 3600;
    router.append(end * 1000 + world.policy.grace_ms, { kind: 'epoch_close', epoch: epochNumber(0n) });
    const input = world.input(0, { state: emptyState(), parent: null });
    const { packets } = computed({
      ...input,
      facts: { ...input.facts, end },
      registry: { ...input.registry, credits: [{ owner: OWNER.address, balance: 9n }] },
      packets: { kind: 'disclosed', disclosures: disclosuresByCommitment(router.disclosures) },
    });
    expect(packets.map(({ reason }) => reason)).toEqual([null, 'no_session']);
  });

  it('do not count by a session or a route’s record of the epoch before, which the cut carries or holds', () => {
    // The cut of epoch 5 has epoch 4 among its entries, and carries of epoch 0 what is named.
    for (const before of [0, 4]) {
      const world = new TestWorld({ hotspots: [HOTSPOT], epochs: 0 });
      const router = new TestRouter({ log: world.log(), network: world.network });
      const at = (epoch: number): number => world.facts(epoch).start * 1000 + 1000;
      const records = (epoch: number) => ({
        session: router.session(HOTSPOT, at(epoch)),
        route: router.route(OWNER, at(epoch)),
      });
      const old = records(before);
      const fresh = records(5);
      const of = { at: at(5) + 1000, hotspot: HOTSPOT, owner: OWNER };
      router.packet({ ...of, ...fresh, session: old.session });
      router.packet({ ...of, ...fresh, route: old.route });
      router.packet({ ...of, ...fresh });
      const receivedAt = world.facts(5).end * 1000 + world.policy.grace_ms;
      router.append(receivedAt, { kind: 'epoch_close', epoch: epochNumber(5n) });
      const input = world.input(5, { state: emptyState(), parent: null });
      const { packets } = computed({
        ...input,
        registry: { ...input.registry, credits: [{ owner: OWNER.address, balance: 9n }] },
        packets: { kind: 'disclosed', disclosures: disclosuresByCommitment(router.disclosures) },
      });
      expect(packets.map(({ reason }) => reason)).toEqual(['no_session', 'no_route', null]);
    }
  });

  it('leave an epoch empty where none counts and nobody beaconed', () => {
    const { input } = epochOf(({ router, base }) => void router.packet({ ...base, isWithheld: true }));
    expect(computeEpoch(input)).toEqual({ kind: 'empty', state: input.state });
  });

  it('are bought with what earlier epochs left of the balance, and settled totals add up', () => {
    const world = new TestWorld({ hotspots: [HOTSPOT, SECOND], epochs: 2 });
    const router = new TestRouter({ log: world.log(), network: world.network });
    const fill = (start: number): void => {
      const session = router.session(HOTSPOT, start + 1000);
      const route = router.route(OWNER, start + 1000);
      for (const counter of [1, 2])
        router.packet({
          at: start + 2000 + counter,
          hotspot: HOTSPOT,
          owner: OWNER,
          session,
          route,
          payload: dataFrame(0x26000001, start + counter),
        });
    };
    fill(START);
    // The epoch_close of the first.
    router.skip();
    const of = (input: EpochInput): ComputedEpoch =>
      computed({
        ...input,
        registry: { ...input.registry, credits: [{ owner: OWNER.address, balance: 3n }] },
        packets: { kind: 'disclosed', disclosures: disclosuresByCommitment(router.disclosures) },
      });
    const first = of(world.input(0, { state: emptyState(), parent: null }));
    fill(START + 100_000);
    const second = of(world.input(1, { state: first.state, parent: first.tuple }));
    expect(first.packets.map(({ reason }) => reason)).toEqual([null, null]);
    expect(second.packets.map(({ reason }) => reason)).toEqual([null, 'no_credits']);
    expect([...second.state.settledCredits.values()]).toEqual([3n]);
  });

  it('come from several logs in one order, and credits run out in it', () => {
    const world = new TestWorld({ hotspots: [HOTSPOT, SECOND], logs: 2, epochs: 1 });
    const routers = world.logs.map((log) => new TestRouter({ log, network: world.network }));
    for (const [at, router] of routers.entries()) {
      const session = router.session(HOTSPOT, START + 1000);
      const route = router.route(OWNER, START + 1000);
      for (const second of [3, 5])
        router.packet({
          at: START + second * 1000 + at * 500,
          hotspot: HOTSPOT,
          owner: OWNER,
          session,
          route,
          payload: dataFrame(0x26000001, 10 * at + second),
        });
    }
    const input = world.input(0, { state: emptyState(), parent: null });
    const result = computed({
      ...input,
      registry: { ...input.registry, credits: [{ owner: OWNER.address, balance: 3n }] },
      packets: {
        kind: 'disclosed',
        disclosures: disclosuresByCommitment(routers.flatMap(({ disclosures }) => disclosures)),
      },
    });
    expect(result.packets.map(({ position }) => position.receivedAt - START)).toEqual([
      3000, 3500, 5000, 5500,
    ]);
    expect(result.packets.map(({ reason }) => reason)).toEqual([null, null, null, 'no_credits']);
  });
});

describe('a folder with packets', () => {
  const filled = ({ router, base }: Opened): void => {
    router.packet(base);
    router.packet({ ...base, isWithheld: true });
    router.packet({ ...base, payload: dataFrame(0x26000100, 1) });
    router.packet({ ...base, session: base.route });
  };

  it('is recomputed without disclosures from its published reasons, which are marked as believed', () => {
    const { input } = epochOf(filled);
    const result = computed(input);
    const files = folderFiles(input, result);
    expect(openFolder(files).packets.reasons).toEqual([0, 4, 9, 2]);
    const check = checkFolder({ files, verify: verifySignature });
    if (!check.agrees) throw new Error(JSON.stringify(check.difference));
    expect(check.result.tupleHash).toBe(result.tupleHash);
    expect(check.result.packets.map(({ believed }) => believed)).toEqual([true, true, true, false]);
    expect(result.packets.every(({ believed }) => !believed)).toBe(true);
  });

  it('has no files for packets and credits where there are none', () => {
    const { input } = epochOf(filled);
    const bare = { ...input, registry: { ...input.registry, credits: [] } };
    expect(computeEpoch({ ...bare, packets: undefined }).kind).toBe('empty');
    const world = new TestWorld({ hotspots: [HOTSPOT, SECOND], epochs: 1 });
    world.busyEpoch(0);
    const quiet = world.input(0, { state: emptyState(), parent: null });
    const result = computed(quiet);
    expect(result.tuple.creditsRoot).toBe(EMPTY_ROOT);
    const names = [...folderFiles(quiet, result).keys()];
    expect(names).not.toContain(FILES.packets);
    expect(names).not.toContain(FILES.credits);
  });

  it('is not believed where a reason was changed', () => {
    const { input } = epochOf(filled);
    const files = folderFiles(input, computed(input));
    for (const at of [0, 1, 3]) {
      const reasons = files.get(FILES.packets) ?? new Uint8Array();
      const changed = new Map([...files, [FILES.packets, reasons.with(5 + at, at === 0 ? 4 : 0)]]);
      changed.set(MANIFEST, manifestBytes(changed));
      const check = checkFolder({ files: changed, verify: verifySignature });
      expect(check.agrees, String(at)).toBe(false);
    }
  });

  it('counts nothing that a disclosure at hand speaks against, whatever was published', () => {
    const { input, router } = epochOf(({ router: into, base }) => {
      into.packet(base);
      into.packet({ ...base, payload: dataFrame(0x26000100, 1) });
      into.packet({ ...base, body: { credits: 7 } });
    });
    const published = { kind: 'published', reasons: [0, 0, 0] } as const;
    const believing = computed({ ...input, packets: published });
    // What the log alone shows to be wrong is found without a disclosure: no size costs 7.
    expect(believing.packets.map(({ reason }) => reason)).toEqual([null, null, 'wrong_price']);
    const disclosures = disclosuresByCommitment(router.disclosures);
    const checked = computed({ ...input, packets: { ...published, disclosures } });
    expect(checked.packets.map(({ reason }) => reason)).toEqual([null, 'not_routed', 'wrong_price']);
  });

  it('is refused with reasons for other records', () => {
    const { input } = epochOf(filled);
    for (const reasons of [[], [0, 4, 9], [0, 4, 9, 2, 0]])
      expect(() => computeEpoch({ ...input, packets: { kind: 'published', reasons } })).toThrow(
        /malformed|reasons/,
      );
  });
});

describe('the table of reasons', () => {
  it('has a rule for each, in the order of their numbers', () => {
    const numbers = PACKET_RULES.map(({ reason }) => packetReasonNumber(reason));
    expect(numbers).toEqual(Object.values(PACKET_REASONS).map(({ number }) => number));
    expect(numbers).toEqual(numbers.map((_, at) => at + 1));
  });

  it('stands in docs/spec/routing.md with the same numbers and names', () => {
    const rows = [...readFileSync('docs/spec/routing.md', 'utf8').matchAll(/^\| (\d+) +\| (\w+) +\|/gm)];
    expect(rows.map(([, number, name]) => [Number(number), name])).toEqual(
      Object.entries(PACKET_REASONS).map(([name, { number }]) => [number, name]),
    );
  });
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buyCredits, readCredits, readNetwork, sendInstructions } from '#client';
import type { Disclosure } from '#protocol/route/disclosure';
import { PACKET_REASONS } from '#protocol/settle/credits/packet-reasons';
import { openCredits, openPacketReasons } from '#protocol/settle/folder/credits-files';
import { openTuple, tupleHash } from '#protocol/settle/tuple';
import type { Claimer } from '#services/claim/claimer';
import type { Oracle } from '#services/settle/oracle';
import { dataFrame, testOwner } from '../protocol/epoch/packet-world.ts';
import { finalEpoch } from '../support/live-network.ts';
import { oracleFolder, openLiveClaimer } from '../support/live-oracles.ts';
import { startPacketNetwork, type PacketNetwork } from '../support/packet-network.ts';

const EPOCH_S = 4;
const GRACE_MS = 10_500;
const LATE_MS = 1000;
/** What the owner buys; a packet of the test takes one. */
const BOUGHT = 100n;
const MOST_TOKENS = 1_000_000_000n;
const ALL = [0, 1, 2] as const;
const COUNTED = 0;
const UNDISCLOSED = PACKET_REASONS.undisclosed.number;

const POOR = testOwner('without credits');

let packets: PacketNetwork;
let oracles: Oracle[];
let claimer: Claimer;
/** The epoch whose packets nobody could pay for, and the first with packets that count. */
let poor: number;
let first: number;
/** The disclosures that the router has of each epoch. */
const made = new Map<number, readonly Disclosure[]>();

/** Lets some oracles, and the claimer, work until something holds. */
async function work(
  numbers: readonly number[],
  until: () => Promise<boolean> | boolean,
  what: string,
): Promise<void> {
  const deadline = Date.now() + 60_000;
  const errors = new Map<number, unknown>();
  while (!(await until())) {
    if (Date.now() > deadline)
      throw new Error(
        `${what}: ${JSON.stringify(oracles.map((oracle) => oracle.health()))} ${[...errors].join(' ')}`,
      );
    for (const number of numbers)
      await oracles[number]?.turn().catch((error: unknown) => errors.set(number, error));
    await claimer.turn();
    await sleep(150);
  }
}

/** A slow machine may be an epoch further already. */
const isFinal = (epoch: number) => async (): Promise<boolean> =>
  Number((await finalEpoch(packets.live)) ?? -1) >= epoch;

const isClaimed = (epoch: number) => (): boolean => Number(claimer.health().claimedEpoch ?? -1) >= epoch;

async function fileOf(oracle: number, epoch: number, name: string): Promise<Buffer> {
  return await readFile(join(oracleFolder(packets.live, oracle), 'epochs', String(epoch), name));
}

async function reasonsOf(oracle: number, epoch: number): Promise<readonly number[]> {
  return [...openPacketReasons(new Uint8Array(await fileOf(oracle, epoch, 'packets.bin')))];
}

function hasComputed(of: readonly number[], epoch: number, reasons?: readonly number[]) {
  return async (): Promise<boolean> => {
    const found = await Promise.all(of.map((oracle) => reasonsOf(oracle, epoch).catch(() => null)));
    return found.every(
      (each) => each !== null && (reasons === undefined || String(each) === String(reasons)),
    );
  };
}

/** The tuple that all of them have, which is the one on chain or its parent. */
async function requireFinalTuple(epoch: number, of: readonly number[]): Promise<void> {
  const tuples = await Promise.all(of.map((oracle) => fileOf(oracle, epoch, 'tuple.bin')));
  for (const tuple of tuples) expect(tuple).toEqual(tuples[0]);
  const ours = tupleHash(openTuple(Uint8Array.from(tuples[0] ?? [])));
  const { latest } = await readNetwork(packets.live.connection, packets.live.network);
  if (latest?.epoch === BigInt(epoch)) expect(ours).toBe(latest.tupleHash);
  else {
    const later = await Promise.all(
      of.map((oracle) => fileOf(oracle, Number(latest?.epoch), 'tuple.bin').catch(() => null)),
    );
    const found = later.find((each) => each !== null) ?? new Uint8Array();
    expect(openTuple(Uint8Array.from(found)).parentTupleHash).toBe(ours);
  }
}

/** What the owner used up to an epoch, by its leaf, all of which must be settled on chain. */
async function settledCredits(epoch: number): Promise<bigint> {
  const leaves = openCredits(Uint8Array.from(await fileOf(0, epoch, 'credits.bin')));
  const key = Buffer.from(packets.live.owner.publicKey.toBytes()).toString('hex');
  const used = leaves.find((leaf) => leaf.owner === key)?.settled ?? 0n;
  const { connection, network, owner } = packets.live;
  const account = await readCredits(connection, { network, owner: owner.publicKey });
  expect(account?.settled).toBeGreaterThanOrEqual(used);
  return used;
}

/** A session, the route's record and some packets that are bought in an epoch. */
function addPackets(epoch: number, count: number): void {
  const { router, live } = packets;
  const owner = epoch === poor ? POOR : packets.owner;
  const [hotspot] = live.hotspots;
  if (hotspot === undefined) throw new Error('no hotspots');
  const at = packets.start(epoch) + 500;
  const session = router.session(hotspot, at);
  const route = router.route(owner, at + 1, { until: Math.floor(at / 1000) + 86_400 });
  made.set(
    epoch,
    Array.from({ length: count }, (_, order) =>
      router.packet({
        at: at + 1000 + order,
        hotspot,
        owner,
        session,
        route,
        payload: dataFrame(0x26000001, epoch * 16 + order),
      }),
    ),
  );
}

const of = (epoch: number): readonly Disclosure[] => made.get(epoch) ?? [];

beforeAll(async () => {
  packets = await startPacketNetwork({ epochS: EPOCH_S, graceMs: GRACE_MS, lateMs: LATE_MS });
  const { live, world } = packets;
  oracles = await Promise.all(ALL.map((number) => packets.openOracle(number)));
  claimer = openLiveClaimer(live, ALL);
  for (const [order, beaconer] of live.hotspots.entries())
    world.poc({
      beaconer,
      witnesses: live.hotspots.filter((other) => other !== beaconer),
      at: packets.start(0) + 500 + order * 400,
      lag: 100,
      log: 0,
    });
}, 60_000);

afterAll(async () => {
  await (packets as PacketNetwork | undefined)?.close();
});

describe('three oracles with a router', { timeout: 70_000 }, () => {
  it('pay hotspots in an epoch without packets, whose tokens buy credits for a later one', async () => {
    // The world's entropies stand in both logs, one for each beacon.
    packets.live.hotspots.forEach(() => {
      packets.router.skip();
    });
    packets.closeEpoch(0);
    await packets.publish(packets.end(0) + GRACE_MS);
    await work(ALL, isClaimed(0), 'epoch 0 claimed');
    const { connection, network, owner } = packets.live;
    const buyer = { network, owner: owner.publicKey };
    await sendInstructions(connection, {
      payer: owner,
      instructions: [buyCredits({ ...buyer, credits: BOUGHT, maxTokens: MOST_TOKENS })],
    });
    const credits = await readCredits(connection, buyer);
    expect(credits?.balance.next).toBe(BOUGHT);
    // The nearest epoch's packets are bought by somebody without credits.
    // Its records come after the close of epoch 0, with which the logs end so far.
    poor = Math.max(
      Number(credits?.balance.nextFrom),
      Math.ceil((packets.end(0) + GRACE_MS - packets.start(0)) / 1000 / EPOCH_S),
    );
    first = poor + 1;
    const last = first + 3;
    const steps = Array.from({ length: last }, (_, before) => before + 1).flatMap((epoch) => [
      {
        at: packets.end(epoch) + GRACE_MS,
        run: () => {
          packets.closeEpoch(epoch);
        },
      },
      ...(epoch < poor
        ? []
        : [
            {
              at: packets.start(epoch),
              run: () => {
                addPackets(epoch, 3);
              },
            },
          ]),
    ]);
    // An epoch ends in the log when the next ones have begun, and the router's indexes go by time.
    for (const step of steps.sort((a, b) => a.at - b.at)) step.run();
    await packets.publish(packets.end(last) + GRACE_MS);
    for (const epoch of [poor, first, first + 1]) await packets.disclose(epoch, of(epoch));
  });

  it('skip an epoch in which no packet counts, attest one with packets alone, and settle what it counts', async () => {
    await work(ALL, isFinal(first), 'the first epoch with packets that count');
    await work(ALL, hasComputed(ALL, first), 'computed by all');
    await requireFinalTuple(first, ALL);
    expect(await reasonsOf(0, first)).toEqual([COUNTED, COUNTED, COUNTED]);
    for (const oracle of ALL) await expect(fileOf(oracle, poor, 'tuple.bin')).rejects.toThrow('ENOENT');
    expect(of(poor)).toHaveLength(3);
    await work(ALL, isClaimed(first), 'settled');
    expect(await settledCredits(first)).toBe(3n);
  });

  it('agree where the router answers all but one of them, which has them from the others', async () => {
    packets.answers = [0, 2];
    await work(ALL, isFinal(first + 1), 'the epoch of which one oracle asks its peers');
    await work(ALL, hasComputed(ALL, first + 1), 'computed by all');
    await requireFinalTuple(first + 1, ALL);
    expect(await reasonsOf(1, first + 1)).toEqual([COUNTED, COUNTED, COUNTED]);
    await work(ALL, isClaimed(first + 1), 'settled');
    expect(await settledCredits(first + 1)).toBe(6n);
  });

  it('wait for what is disclosed to nobody, and then go on without it together', async () => {
    const epoch = first + 2;
    packets.answers = ALL;
    await packets.disclose(epoch, of(epoch).slice(1));
    const isWaiting = (): boolean =>
      oracles.every((oracle) => oracle.health().waiting?.includes(' missing=1') === true);
    await work(ALL, isWaiting, 'waiting for disclosures');
    expect(await hasComputed([0], epoch)()).toBe(false);
    await work(ALL, isFinal(epoch), 'final without a disclosure');
    await work(ALL, hasComputed(ALL, epoch), 'computed by all');
    await requireFinalTuple(epoch, ALL);
    expect(await reasonsOf(2, epoch)).toEqual([UNDISCLOSED, COUNTED, COUNTED]);
    await work(ALL, isClaimed(epoch), 'settled');
    expect(await settledCredits(epoch)).toBe(8n);
  });

  it('compute again what one of them gets late, and agree although the other has voted already', async () => {
    const epoch = first + 3;
    const [, second, third] = of(epoch);
    if (second === undefined || third === undefined) throw new Error('three packets');
    await packets.disclose(epoch, [third]);
    await work([0], hasComputed([0], epoch), 'computed without disclosures');
    expect(await reasonsOf(0, epoch)).toEqual([UNDISCLOSED, UNDISCLOSED, COUNTED]);
    // By then whoever is among k - 1 that agree would wait for the last one.
    await packets.live.until((packets.end(epoch) + GRACE_MS + 2 * LATE_MS) / 1000);
    packets.answers = [1];
    await packets.disclose(epoch, [second]);
    await work([0, 1], isFinal(epoch), 'final with what came late');
    const reasons = [UNDISCLOSED, COUNTED, COUNTED];
    await work([0, 1], hasComputed([0, 1], epoch, reasons), 'computed by both');
    await requireFinalTuple(epoch, [0, 1]);
    await work([0, 1], isClaimed(epoch), 'settled');
    expect(await settledCredits(epoch)).toBe(10n);
  });

  it('go on from what is final, although one of them has more disclosures than were counted', async () => {
    const epoch = first + 3;
    packets.answers = [2];
    await packets.disclose(epoch, of(epoch));
    await work([2], hasComputed([2], epoch), 'the third oracle caught up');
    await requireFinalTuple(epoch, ALL);
    expect(await reasonsOf(2, epoch)).toEqual([UNDISCLOSED, COUNTED, COUNTED]);
    const { latest } = await readNetwork(packets.live.connection, packets.live.network);
    expect(latest?.epoch).toBe(BigInt(epoch));
    const { connection, network, owner } = packets.live;
    expect((await readCredits(connection, { network, owner: owner.publicKey }))?.settled).toBe(10n);
  });
});

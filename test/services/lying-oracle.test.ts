import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attest, programErrorOf, readBallot, readNetwork, sendInstructions } from '#client';
import { openLeaves } from '#protocol/settle/folder/leaves-file';
import { payeeLeafKey } from '#protocol/settle/leaf';
import { openTuple, tupleHash, type Tuple } from '#protocol/settle/tuple';
import { amount, type Address, type Hash } from '#protocol/units';
import type { Claimer } from '#services/claim/claimer';
import type { Oracle } from '#services/settle/oracle';
import { EPOCH_S, finalEpoch, startLiveNetwork, type LiveNetwork } from '../support/live-network.ts';
import { oracleFolder, openLiveClaimer, openLiveOracle, settleEpoch } from '../support/live-oracles.ts';

const HONEST = [0, 1, 2];
const LIAR = 3;

let live: LiveNetwork;
let oracles: readonly Oracle[];
let claimer: Claimer;

const end = (epoch: number): number => live.firstEpochStart + (epoch + 1) * EPOCH_S;
const honest = (): readonly Oracle[] => oracles.slice(0, 3);

async function tupleOf(oracle: number, epoch: number): Promise<Tuple> {
  return openTuple(await readFile(join(oracleFolder(live, oracle), 'epochs', String(epoch), 'tuple.bin')));
}

/** The liar's vote; the program's refusal by its name, null where it was taken. */
async function lie(tuple: Tuple): Promise<string | null> {
  const payer = live.oracles[LIAR];
  if (payer === undefined) throw new Error('no liar');
  return await sendInstructions(live.connection, {
    payer,
    instructions: [attest({ oracle: payer.publicKey, tuple })],
  }).then(
    () => null,
    (error: unknown) => programErrorOf(error)?.name ?? String(error),
  );
}

beforeAll(async () => {
  live = await startLiveNetwork({ oracles: { n: 5, k: 3 } });
  await live.writeEpochs(['busy', 'busy', 'busy']);
  const folders = HONEST.map((number) => oracleFolder(live, number));
  oracles = await Promise.all(
    [0, 1, 2, 3, 4].map((number) =>
      openLiveOracle(live, number, { peerUrls: [...folders, join(live.dataDir, 'oracle-3')] }),
    ),
  );
  claimer = openLiveClaimer(live, HONEST);
}, 90_000);

afterAll(async () => {
  await live.close();
});

describe('three of five oracles', { timeout: 120_000 }, () => {
  it('make final what they computed, whatever a fourth one claims, and publish what differs', async () => {
    await live.until(end(0));
    await oracles[0]?.turn();
    const truth = await tupleOf(0, 0);
    const other = 'ab'.repeat(32) as Hash;
    // The program itself refuses what the chain knows better.
    expect(await lie({ ...truth, policyHash: other })).toBe('WrongPolicy');
    expect(await lie({ ...truth, parentTupleHash: other })).toBe('WrongParent');
    expect(await lie({ ...truth, cumulativeTotal: amount(truth.cumulativeTotal * 1000n) })).toBe(
      'GrowthAboveEmissions',
    );
    const lies: readonly Partial<Tuple>[] = [
      { root: other },
      { cumulativeTotal: amount(truth.cumulativeTotal + 1n) },
      { registryHash: other },
      { stateHash: other },
    ];
    for (const wrong of lies) {
      const claimed = { ...truth, ...wrong };
      expect(await lie(claimed)).toBeNull();
      const seen = async (): Promise<boolean> =>
        (await readBallot(live.connection, live.network, { commitment: 'finalized' })).votes.some(
          (vote) => vote?.tupleHash === tupleHash(claimed),
        );
      await expect.poll(seen, { timeout: 30_000, interval: 300 }).toBe(true);
      await oracles[0]?.turn();
      const file = join(oracleFolder(live, 0), `differences/0-${tupleHash(claimed)}.json`);
      const said = JSON.parse(await readFile(file, 'utf8')) as { readonly tuple: { field: string }[] };
      expect(said).toMatchObject({ ours: tupleHash(truth), theirs: tupleHash(claimed) });
      expect(said.tuple.map(({ field }) => field)).toEqual(Object.keys(wrong));
    }

    // Its last lie stands while the others attest; one oracle is down.
    await settleEpoch({ live, epoch: 0, oracles: honest(), claimer });
    const { latest } = await readNetwork(live.connection, live.network);
    expect(latest?.tupleHash).toBe(tupleHash(truth));
    expect(latest?.voters.map((voter) => voter.toBase58()).sort()).toEqual(
      HONEST.map((number) => live.oracles[number]?.publicKey.toBase58()).sort(),
    );
    expect((await readdir(join(oracleFolder(live, 0), 'differences'))).length).toBe(lies.length);
  });

  it('go on while two of five are down, and pay those who voted and the operations', async () => {
    await live.until(end(1));
    await settleEpoch({ live, epoch: 1, oracles: honest(), claimer });
    const leaves = openLeaves(await readFile(join(oracleFolder(live, 0), 'epochs/1/leaves.bin')));
    const paid = (key: { toBase58(): string } | undefined): bigint =>
      leaves.find((leaf) => leaf.key === payeeLeafKey((key?.toBase58() ?? '') as Address))?.cumulative ?? 0n;
    const [first, second, third, liar, absent] = live.oracles.map(({ publicKey }) => paid(publicKey));
    expect(first).toBeGreaterThan(0n);
    expect([second, third, liar, absent]).toEqual([first, first, 0n, 0n]);
    expect(paid(live.operations)).toBeGreaterThan(0n);
  });

  it('stand still while too few are there, and go on when one comes back', async () => {
    await live.until(end(2));
    const two = oracles.slice(0, 2);
    const computed = (): boolean => two.every((oracle) => oracle.health().computedEpoch === '2');
    const deadline = Date.now() + 60_000;
    for (let more = 20; more > 0;) {
      if (Date.now() > deadline) throw new Error(JSON.stringify(two.map((oracle) => oracle.health())));
      for (const oracle of two) await oracle.turn();
      await claimer.turn();
      if (computed()) more -= 1;
      await sleep(200);
    }
    expect(await finalEpoch(live)).toBe(1n);
    expect((await readBallot(live.connection, live.network)).ripe).toBeNull();

    await settleEpoch({ live, epoch: 2, oracles: honest(), claimer });
    expect(tupleHash(await tupleOf(2, 2))).toBe(tupleHash(await tupleOf(0, 2)));
  });
});

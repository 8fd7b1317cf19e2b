import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Keypair, TransactionInstruction } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  applyMotion,
  assertLocation,
  hotspotAddress,
  move,
  programErrorOf,
  proposePolicy,
  readHotspots,
  readNetwork,
  sendInstructions,
  transferHotspot,
} from '#client';
import { cellCentre } from '#protocol/geo/cell';
import type { Policy } from '#protocol/policy';
import { openPolicy } from '#protocol/settle/policy-codec';
import { openRegistry, type RegistryTable } from '#protocol/settle/registry';
import { epochNumber } from '#protocol/units';
import type { Claimer } from '#services/claim/claimer';
import { keepPolicy } from '#services/runtime/policies';
import type { Oracle } from '#services/settle/oracle';
import { testHotspot } from '../protocol/epoch/world.ts';
import { EPOCH_S, startLiveNetwork, type LiveNetwork } from '../support/live-network.ts';
import { oracleFolder, openLiveClaimer, openLiveOracle, settleEpoch } from '../support/live-oracles.ts';

/** From this epoch on another policy holds. */
const NEXT_POLICY_FROM = 8;
const EPOCHS = Array.from({ length: 9 }, (_, epoch) =>
  epoch <= 2 || epoch >= NEXT_POLICY_FROM - 1 ? 'busy' : 'quiet',
);
const MOVED_TO = testHotspot('live 0', 9).facts;

let live: LiveNetwork;
let oracles: readonly Oracle[];
let claimer: Claimer;
let nextPolicy: Policy;

const end = (epoch: number): number => live.firstEpochStart + (epoch + 1) * EPOCH_S;

async function send(signer: Keypair, ...instructions: TransactionInstruction[]): Promise<string | null> {
  const sent = sendInstructions(live.connection, { payer: live.payer, signers: [signer], instructions });
  return await sent.then(
    () => null,
    (error: unknown) => programErrorOf(error)?.name ?? String(error),
  );
}

function hotspot(number: number): LiveNetwork['hotspots'][number] {
  const found = live.hotspots[number];
  if (found === undefined) throw new Error(`no hotspot ${number}`);
  return found;
}

function relocate(
  number: number,
  to: { readonly cell: bigint | null; readonly mode?: 'full' | 'data_only' },
) {
  const { cell, mode = 'full' } = to;
  if (cell === null) throw new Error('a place has a cell');
  const location = { cell, gain: 20, elevation: 10, mode };
  return assertLocation({
    owner: live.owner.publicKey,
    network: live.network,
    key: hotspot(number).key,
    location: location as Parameters<typeof assertLocation>[0]['location'],
  });
}

async function registryOf(oracle: number, epoch: number): Promise<RegistryTable> {
  return openRegistry(await fileOf(oracle, epoch, 'registry.bin'));
}

async function fileOf(oracle: number, epoch: number, name: string): Promise<Buffer> {
  return await readFile(join(oracleFolder(live, oracle), 'epochs', String(epoch), name));
}

beforeAll(async () => {
  live = await startLiveNetwork();
  await live.writeEpochs(EPOCHS);
  oracles = await Promise.all([0, 1, 2].map((number) => openLiveOracle(live, number)));
  claimer = openLiveClaimer(live, [0, 1, 2]);
  nextPolicy = { ...live.policy, unknown_scale_bp: 5000 };
}, 90_000);

afterAll(async () => {
  await live.close();
});

describe('what oracles read of the chain', { timeout: 120_000 }, () => {
  it('is a function of the epoch: changes in the middle of one hold from the next, whenever it is read', async () => {
    const { owner, network } = live;
    await live.until(live.firstEpochStart);
    const evidence = { originHash: '11'.repeat(32), index: 3n };
    const subject = hotspotAddress(network, hotspot(3).key);
    const motion = { network, kind: 'quarantine', subject, nonce: 0n, evidence } as unknown as Parameters<
      typeof move
    >[0]['motion'];
    const [first, second] = live.oracles;
    if (first === undefined || second === undefined) throw new Error('no oracles');
    const results = await Promise.all([
      send(owner, relocate(0, { cell: MOVED_TO.cell })),
      send(owner, relocate(1, { cell: hotspot(1).facts.cell, mode: 'data_only' })),
      send(
        owner,
        transferHotspot({ owner: owner.publicKey, network, key: hotspot(2).key, to: live.payer.publicKey }),
      ),
      send(first, move({ oracle: first.publicKey, motion })).then(() =>
        send(second, move({ oracle: second.publicKey, motion }), applyMotion(motion)),
      ),
    ]);
    expect(results).toEqual([null, null, null, null]);
    const changed = await readHotspots(live.connection, await readNetwork(live.connection, network));
    const from = changed.value.map(({ location, status }) => [location.nextFrom, status.nextFrom]);
    // All of it was in time, in epoch 0; where a slow machine was late, the epochs below would say so.
    expect(from.flat().every((epoch) => epoch <= 1n)).toBe(true);

    await live.until(end(0));
    await oracles[0]?.turn();
    // The first oracle has read; the next change comes, and is refused where epoch 0 still reads what it would overwrite.
    expect(await send(owner, relocate(0, { cell: hotspot(0).facts.cell }))).toBe('RegistryBusy');
    await oracles[1]?.turn();
    await sleep(1000);
    await oracles[2]?.turn();
    const registries = await Promise.all([0, 1, 2].map((oracle) => fileOf(oracle, 0, 'registry.bin')));
    expect(registries[1]).toEqual(registries[0]);
    expect(registries[2]).toEqual(registries[0]);
    const { hotspots } = await registryOf(0, 0);
    for (const number of [0, 1, 2, 3])
      expect(hotspots.get(hotspot(number).key)).toMatchObject({
        cell: hotspot(number).facts.cell,
        mode: 'full',
        status: 'active',
      });
    await settleEpoch({ live, epoch: 0, oracles, claimer });
  });

  it('has the changed values from the next epoch on, and takes the next change once that is possible', async () => {
    await live.until(end(1));
    await settleEpoch({ live, epoch: 1, oracles: oracles.slice(0, 2), claimer });
    const { hotspots } = await registryOf(0, 1);
    expect(hotspots.get(hotspot(0).key)).toMatchObject({ ...cellCentre(MOVED_TO.cell ?? never()), gain: 20 });
    expect(hotspots.get(hotspot(1).key)?.mode).toBe('data_only');
    expect(hotspots.get(hotspot(3).key)?.status).toBe('quarantined');
    // Epoch 1 is final: nothing reads the first value any more.
    expect(await send(live.owner, relocate(0, { cell: hotspot(0).facts.cell }))).toBeNull();
    // The new owner alone may move what was sold.
    expect(await send(live.owner, relocate(2, { cell: hotspot(2).facts.cell }))).toBe('NotTheOwner');
  });

  it('has the next policy from its first epoch on, and the one before until then', async () => {
    const { creator, network } = live;
    const hash = await keepPolicy(live.dataDir, { policy: nextPolicy });
    const policy = { hash, creditPrice: BigInt(nextPolicy.credit_price) };
    const propose = (first: number): TransactionInstruction =>
      proposePolicy({
        authority: creator.publicKey,
        network,
        policy,
        firstEpoch: epochNumber(BigInt(first)),
      });
    // An epoch that has begun cannot change its rules.
    expect(await send(creator, propose(1))).toBe('PolicyTooEarly');
    expect(await send(creator, propose(NEXT_POLICY_FROM))).toBeNull();
    expect(await send(creator, propose(NEXT_POLICY_FROM + 5))).toBe('PolicyPending');
    for (const epoch of [2, NEXT_POLICY_FROM - 1, NEXT_POLICY_FROM]) {
      await live.until(end(epoch));
      await settleEpoch({ live, epoch, oracles, claimer });
      const expected = epoch < NEXT_POLICY_FROM ? live.policy : nextPolicy;
      expect(openPolicy(await fileOf(0, epoch, 'policy.json'))).toEqual(expected);
      expect(await fileOf(1, epoch, 'tuple.bin')).toEqual(await fileOf(0, epoch, 'tuple.bin'));
    }
    const { pendingPolicy } = await readNetwork(live.connection, network);
    expect(pendingPolicy).toBeNull();
  });
});

function never(): never {
  throw new Error('not there');
}

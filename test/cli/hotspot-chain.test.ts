import { afterAll, beforeAll, expect, it } from 'vitest';
import { epochNumber, type Hash } from '#protocol/units';
import { keyText } from '#protocol/wire/key';
import { standingOf } from '../../cli/hotspot/read-chain.ts';
import { tellWhy } from '../../cli/hotspot/tell-why.ts';
import { EPOCH_S, startLiveNetwork, type LiveNetwork } from '../support/live-network.ts';
import { openLiveClaimer, openLiveOracle, settleEpoch } from '../support/live-oracles.ts';

let live: LiveNetwork;

beforeAll(async () => {
  live = await startLiveNetwork();
  await live.writeEpochs(['busy', 'busy']);
}, 90_000);
afterAll(async () => {
  await live.close();
});

interface ToldByChain {
  readonly chain: { readonly latest_epoch: string | null; readonly tuple: string; readonly claimed: string };
  readonly holdings: { readonly cumulative: string };
}

async function tell(epoch: bigint): Promise<ToldByChain> {
  const [hotspot] = live.hotspots;
  if (hotspot === undefined) throw new Error('no hotspot');
  const { dataDir, rpcUrl } = live;
  const answer = await tellWhy({ key: keyText(hotspot.key), dataDir, epoch, rpc: rpcUrl, json: true });
  if (!('lines' in answer)) throw new Error('differs');
  return JSON.parse(answer.lines.join('\n')) as ToldByChain;
}

it('says by the chain whether an epoch is final, and what was claimed', async () => {
  const oracles = await Promise.all([0, 1].map((number) => openLiveOracle(live, number)));
  const claimer = openLiveClaimer(live, [0, 1]);
  await live.until(live.firstEpochStart + EPOCH_S);
  // The folder is public before the votes are counted.
  await expect
    .poll(
      async () => {
        await oracles[0]?.turn();
        return await tell(0n).catch(() => null);
      },
      { timeout: 40_000, interval: 200 },
    )
    .toMatchObject({ chain: { latest_epoch: null, tuple: 'not_final', claimed: '0' } });

  await settleEpoch({ live, epoch: 0, oracles, claimer });
  const first = await tell(0n);
  expect(first.chain).toEqual({
    latest_epoch: '0',
    tuple: 'final',
    claimed: first.holdings.cumulative,
  });
  expect(BigInt(first.chain.claimed)).toBeGreaterThan(0n);

  await live.until(live.firstEpochStart + 2 * EPOCH_S);
  await settleEpoch({ live, epoch: 1, oracles, claimer });
  expect((await tell(0n)).chain).toMatchObject({ latest_epoch: '1', tuple: 'older' });
}, 180_000);

it('says where the chain holds another tuple for the epoch', () => {
  const folder = { epoch: epochNumber(3n), tupleHash: 'aa'.repeat(32) as Hash };
  expect(standingOf(folder, { ...folder, tupleHash: 'bb'.repeat(32) as Hash })).toBe('other');
  expect(standingOf(folder, folder)).toBe('final');
});

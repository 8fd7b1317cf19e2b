import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readNetwork } from '#client';
import { openTuple, tupleHash } from '#protocol/settle/tuple';
import { startLiveNetwork, type LiveNetwork } from '../support/live-network.ts';
import { oracleFolder, openLiveClaimer, openLiveOracle, settleEpoch } from '../support/live-oracles.ts';

const EPOCH_S = 2;
const BUSY = [0, 7, 21];
const LAST = 21;

let live: LiveNetwork;

beforeAll(async () => {
  live = await startLiveNetwork({ epochS: EPOCH_S });
  await live.writeEpochs(
    Array.from({ length: LAST + 1 }, (_, epoch) => (BUSY.includes(epoch) ? 'busy' : 'quiet')),
  );
}, 90_000);

afterAll(async () => {
  await live.close();
});

describe('a network without a quorum for twenty epochs', { timeout: 120_000 }, () => {
  it('goes on where it stood, settles each of them that holds a beacon, and skips the others', async () => {
    // One oracle alone cannot make anything final.
    const first = await openLiveOracle(live, 0);
    await live.until(live.firstEpochStart + EPOCH_S);
    await first.turn();
    await live.until(live.firstEpochStart + (LAST + 1) * EPOCH_S);
    expect((await readNetwork(live.connection, live.network)).latest).toBeNull();

    const oracles = [first, await openLiveOracle(live, 1)];
    const claimer = openLiveClaimer(live, [0, 1]);
    let parent = '0'.repeat(64);
    let total = 0n;
    for (const epoch of BUSY) {
      await settleEpoch({ live, epoch, oracles, claimer });
      const [tuple, other] = await Promise.all(
        [0, 1].map(async (oracle) =>
          openTuple(await readFile(join(oracleFolder(live, oracle), `epochs/${epoch}/tuple.bin`))),
        ),
      );
      if (tuple === undefined) throw new Error('no tuple');
      expect(other).toEqual(tuple);
      expect(tuple.parentTupleHash).toBe(parent);
      expect(tuple.cumulativeTotal).toBeGreaterThan(total);
      parent = tupleHash(tuple);
      total = tuple.cumulativeTotal;
    }
    expect((await readNetwork(live.connection, live.network)).latest?.tupleHash).toBe(parent);
  });
});

import { join } from 'node:path';
import { PublicKey } from '@solana/web3.js';
import { entropyData } from '#protocol/crypto/entropy';
import { clientOf } from '#services/runtime/budget';
import { checkClock, clockOffset, ClockRefusal, guardClock } from '#services/runtime/clock-check';
import { startIngest } from '#services/ingest/start-ingest';
import { openChain } from '#services/runtime/chain';
import { parseIngestConfig } from '#services/runtime/config';
import { openJournalReader } from '#services/runtime/evidence/journal-reader';
import { openLifetime } from '#services/runtime/shutdown';
import { describe, expect, it } from 'vitest';
import { EPOCH_S, testHotspot, TestWorld } from '../protocol/epoch/world.ts';
import { startLocalnet } from '../support/localnet.ts';
import { makeDataDir, pinCluster, SILENT, TEST_INGEST, writeRegistry } from '../support/service-world.ts';

const world = new TestWorld({ hotspots: [testHotspot('start', 0)], epochs: 1 });

describe('starting ingest', () => {
  it('serves entropy from the chain, closes the epochs that it missed, and says by which key its log signs', async () => {
    const data = await makeDataDir(world);
    // Five epochs were missed, whenever this runs.
    await writeRegistry(data.dataDir, world, world.hotspots, Math.floor(Date.now() / 1000) - 5.5 * EPOCH_S);
    const chain = await startLocalnet({ dataDir: data.dataDir });
    await pinCluster(data.dataDir, chain.rpcUrl);
    const lifetime = openLifetime({ logger: SILENT, onSignals: false });
    const config = parseIngestConfig({
      DATA_DIR: data.dataDir,
      RPC_URL: chain.rpcUrl,
      INGEST_NAME: TEST_INGEST,
      PORT: '0',
    });
    const fatal = (error: Error): never => {
      throw error;
    };
    const { url, origin, vkey } = await startIngest({ config, logger: SILENT, lifetime, fatal });

    const answer = await until(
      () => fetch(`${url}/v1/entropy`),
      (response) => response.status === 200,
    );
    const served: unknown = await answer.json();
    const reader = openJournalReader(join(data.dataDir, 'ingest', 'journal'));
    const records = await until(
      () => reader.read(0, 1000),
      (some) => some.filter(({ record }) => record.body.kind === 'epoch_close').length === 5,
    );

    const entropy = records.map(({ record }) => record.body).find(({ kind }) => kind === 'entropy');
    if (entropy?.kind !== 'entropy') throw new Error('no entropy in the log');
    expect(served).toEqual({
      data: Buffer.from(entropyData(entropy)).toString('hex'),
      timestamp: entropy.timestamp,
      version: 0,
      slot: entropy.slot.toString(),
    });
    const block = await openChain({ rpcUrl: chain.rpcUrl }).getBlock(Number(entropy.slot), {
      commitment: 'confirmed',
      maxSupportedTransactionVersion: 0,
      transactionDetails: 'none',
      rewards: false,
    });
    expect(block?.blockhash).toBe(new PublicKey(entropy.blockhash).toBase58());
    expect(vkey).toMatch(new RegExp(`^${origin}\\+[0-9a-f]{8}\\+[A-Za-z0-9+/]{44}$`));
    await lifetime.stop();
    await chain.stop();
    await data.close();
  });
});

describe('the clock', () => {
  const base = { waitSeconds: 1, logger: SILENT, signal: new AbortController().signal };
  const check = (offsetMs: number): Promise<void> =>
    checkClock({
      ...base,
      now: () => 1_000_000_500 + offsetMs,
      readChainSeconds: () => Promise.resolve(1_000_000),
    });

  it('may lie up to 3 s outside of the second that the chain shows', async () => {
    expect([clockOffset(999, 1), clockOffset(1500, 1), clockOffset(2500, 1)]).toEqual([-1, 0, 500]);
    await expect(check(0)).resolves.toBeUndefined();
    await expect(check(3500)).resolves.toBeUndefined();
    await expect(check(-3500)).resolves.toBeUndefined();
  });

  it('refuses the start beyond them, and says by how much and what to do', async () => {
    await expect(check(3501)).rejects.toMatchObject({ code: 'clock_off' });
    await expect(check(-4000)).rejects.toThrow(/3\.5 s behind the chain's, more than 3 s; set it by NTP/);
  });

  it('refuses the start where the chain does not tell its time', async () => {
    const readChainSeconds = (): Promise<number> => Promise.reject(new Error('no chain'));
    const refused = checkClock({ ...base, now: Date.now, readChainSeconds });
    await expect(refused).rejects.toMatchObject({ code: 'clock_unchecked' });
  });

  it('waits for a chain that starts a little later', async () => {
    let asked = 0;
    const readChainSeconds = (): Promise<number> =>
      (asked += 1) < 2 ? Promise.reject(new Error('no chain')) : Promise.resolve(1_000_000);
    await expect(
      checkClock({ ...base, now: () => 1_000_000_000, readChainSeconds }),
    ).resolves.toBeUndefined();
  });
});

describe('a clock that is set while ingest runs', () => {
  it('ends ingest and stamps nothing any more, but may drift', () => {
    const stepped: ClockRefusal[] = [];
    let time = 1_000_000;
    let elapsed = 5;
    const clock = guardClock({
      now: () => time,
      elapsed: () => elapsed,
      stepped: (error) => stepped.push(error),
    });
    elapsed += 3_600_000;
    time += 3_602_900;
    expect(clock()).toBe(time);
    expect(stepped).toEqual([]);

    time += 86_400_000;
    expect(clock).toThrow(/was set forward by 86402\.9 s while this process ran/);
    time -= 86_400_000;
    expect(clock).toThrow(ClockRefusal);
    expect(stepped.map(({ code }) => code)).toEqual(['clock_stepped']);
  });

  it('is noticed when it is set back', () => {
    const stepped: ClockRefusal[] = [];
    let time = 1_000_000;
    const clock = guardClock({ now: () => time, elapsed: () => 5, stepped: (error) => stepped.push(error) });
    time -= 3001;
    expect(clock).toThrow(/set back by 3\.0 s/);
    expect(stepped).toHaveLength(1);
  });
});

describe('a client', () => {
  it('is an IPv4 address or the /64 of an IPv6 address', () => {
    expect(clientOf('192.0.2.1')).toBe('192.0.2.1');
    expect(clientOf('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(clientOf('2001:db8:1:2:3::4')).toBe(clientOf('2001:db8:1:2::9'));
    expect(clientOf('2001:db8:1:2:3::4')).not.toBe(clientOf('2001:db8:1:3::4'));
    expect(clientOf('::1')).toBe('0:0:0:0::/64');
  });
});

async function until<Value>(read: () => Promise<Value>, good: (value: Value) => boolean): Promise<Value> {
  for (let tries = 0; tries < 200; tries += 1) {
    const value = await read();
    if (good(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('this took too long');
}

import { join } from 'node:path';
import { epochNumber } from '#protocol/units';
import { openHotspotLink } from '#services/route/hotspots/open-hotspot-link';
import { openJournalReader } from '#services/runtime/evidence/journal-reader';
import { parseRouteConfig } from '#services/runtime/config';
import { openRegistryReader, writeRegistryFile } from '#services/runtime/registry-file';
import { openLifetime } from '#services/runtime/shutdown';
import { startRoute } from '#services/route/start-route';
import { describe, expect, it } from 'vitest';
import { EPOCH_S, testHotspot, TestWorld } from '../../protocol/epoch/world.ts';
import { startLocalnet } from '../../support/localnet.ts';
import { startTestRedis } from '../../support/redis.ts';
import { testOwner } from '../../support/route-world.ts';
import { makeDataDir, pinCluster, SILENT, writeRegistry } from '../../support/service-world.ts';

describe('starting the router', () => {
  it('opens a log of its own, closes the epochs that it missed, and serves it with its health', async () => {
    const world = new TestWorld({ hotspots: [testHotspot('start', 0)], epochs: 1 });
    const data = await makeDataDir(world);
    await writeRegistry(data.dataDir, world, world.hotspots, Math.floor(Date.now() / 1000) - 5.5 * EPOCH_S);
    const file = await openRegistryReader(data.dataDir).read();
    if (file === null) throw new Error('no registry');
    const owner = testOwner('owner of meters').address;
    const balance = { current: 7n, next: 50n, nextFrom: epochNumber(5n) };
    const account = { owner, firstEpoch: epochNumber(1n), balance, settled: 3n };
    await writeRegistryFile(data.dataDir, { ...file, credits: [account] });
    const redis = await startTestRedis();
    const chain = await startLocalnet({ dataDir: data.dataDir });
    await pinCluster(data.dataDir, chain.rpcUrl);
    const lifetime = openLifetime({ logger: SILENT, onSignals: false });
    const config = parseRouteConfig({
      DATA_DIR: data.dataDir,
      RPC_URL: chain.rpcUrl,
      REDIS_URL: redis.url,
      ROUTE_NAME: 'router-1',
      FOLDER_URLS: 'http://127.0.0.1:9',
      PORT: '0',
    });
    const { url, origin, vkey } = await startRoute({
      config,
      logger: SILENT,
      lifetime,
      fatal: (error) => {
        throw error;
      },
      openLink: openHotspotLink,
    });

    expect(origin).toBe(`test/${world.network}/router-1`);
    expect(vkey.startsWith(`${origin}+`)).toBe(true);
    const reader = openJournalReader(join(data.dataDir, 'route', 'journal'));
    let closed = 0;
    for (let tries = 0; closed < 5 && tries < 200; tries += 1) {
      const records = await reader.read(0, 100);
      closed = records.filter(({ record }) => record.body.kind === 'epoch_close').length;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(closed).toBe(5);
    const health = await fetch(`${url}/health`);
    expect([health.status, await health.json()]).toMatchObject([200, { ok: true, origin, epoch: '5' }]);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('route_uplinks_total');
    expect((await fetch(`${url}/log/checkpoint`)).status).toBeLessThan(500);
    // What is in force in the epoch that runs, less what the chain knows to be settled: no folder says more.
    const shown: unknown = await (await fetch(`${url}/v1/routes/${owner}`)).json();
    expect(shown).toMatchObject({ credits: { available: '47', unsettled: '0' }, routes: [] });
    await lifetime.stop();
    await chain.stop();
    await redis.close();
    await data.close();
  });
});

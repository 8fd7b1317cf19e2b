import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ed25519 } from '@noble/curves/ed25519.js';
import { decodeReceipt, verifyReceipt } from '#protocol/evidence/receipt';
import { openReadHeader } from '#protocol/route/read-request';
import { createRouteApp } from '#services/route/api/app';
import { openBudget } from '#services/runtime/budget';
import { logSigner } from '#services/runtime/log/log-signer';
import { openMetrics } from '#services/runtime/metrics';
import { verifySignature } from '#services/runtime/signature';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openRouteWorld, ROUTER, testOwner, type RouteWorld } from '../../support/route-world.ts';
import { SILENT } from '../../support/service-world.ts';

const owner = testOwner('owner of meters');
let world: RouteWorld;
let dir: string;
let url: string;
let close: () => Promise<void>;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coverant-route-'));
  world = await openRouteWorld();
  const app = await createRouteApp({
    logger: SILENT,
    metrics: openMetrics('route'),
    health: () => ({ ok: true }),
    publicDir: dir,
    register: world.register,
    credits: world.router.credits,
    refusedPackets: () => 0,
    disclosures: world.disclosures,
    deadLetters: { list: () => Promise.resolve([]) },
    readers: {
      require: (header, path) =>
        openReadHeader(header, { network: world.world.network, path, now: 0, verify: verifySignature }),
      isOracle: () => Promise.resolve(false),
    },
    budget: openBudget(1000),
    now: Date.now,
  });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
  close = () => app.close();
  const secretKey = [...owner.secret, ...ed25519.getPublicKey(owner.secret)];
  await writeFile(join(dir, 'owner.json'), JSON.stringify(secretKey), { mode: 0o600 });
  const route = {
    route: 'meters',
    dev_addrs: [['26011000', '260110ff']],
    forward: { kind: 'gwmp', host: '127.0.0.1', port: 1700 },
  };
  await writeFile(join(dir, 'meters.json'), JSON.stringify(route));
});
afterAll(async () => {
  await close();
  await world.close();
  await rm(dir, { recursive: true });
});

async function coverant(
  ...args: readonly string[]
): Promise<{ code: number | null; out: string; said: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'cli/main.ts', 'route', ...args]);
  let [out, said] = ['', ''];
  child.stdout.on('data', (part: Buffer) => (out += part.toString()));
  child.stderr.on('data', (part: Buffer) => (said += part.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { code, out, said };
}

it('registers a route, keeps a receipt that verifies, shows it, and revokes it', async () => {
  const receipt = join(dir, 'kept.json');
  const signed = ['--router', url, '--network', world.world.network, '--key', join(dir, 'owner.json')];
  const set = await coverant('set', join(dir, 'meters.json'), ...signed, '--receipt', receipt);
  expect([set.said, set.code]).toEqual(['', 0]);
  expect(set.out).toContain(`meters of ${owner.address} is registered`);
  const kept = decodeReceipt(JSON.parse(await readFile(receipt, 'utf8')));
  const { key } = logSigner(world.log.origin, ROUTER);
  expect(() => {
    verifyReceipt(kept, { key, verify: verifySignature });
  }).not.toThrow();

  const shown = await coverant('list', owner.address, '--router', url);
  expect(JSON.parse(shown.out)).toMatchObject({
    routes: [{ route: 'meters', revoked: false, max_copies: 1 }],
  });
  const revoked = await coverant('revoke', 'meters', ...signed, '--receipt', receipt);
  expect([revoked.said, revoked.code]).toEqual(['', 0]);
  expect(world.router.table.matcher.size).toBe(0);

  const elsewhere = await coverant(
    'revoke',
    'meters',
    '--router',
    url,
    '--network',
    owner.address,
    ...signed.slice(4),
  );
  expect(elsewhere.code).toBe(1);
  expect(elsewhere.said).toMatch(/router_refused: .*code=wrong_network/);
  const nowhere = await coverant('list', owner.address, '--router', 'http://127.0.0.1:9');
  expect(nowhere.code).toBe(2);
  expect(nowhere.said).toMatch(/^router_unreachable: /);
});

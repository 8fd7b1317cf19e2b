import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Keypair } from '@solana/web3.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { readDisclosures } from '#protocol/route/disclosure';
import { openReadHeader, readHeader, readMessage } from '#protocol/route/read-request';
import { epochNumber } from '#protocol/units';
import { createRouteApp } from '#services/route/api/app';
import { REFUSALS } from '#services/route/api/refusals';
import { openBudget } from '#services/runtime/budget';
import type { HttpServer } from '#services/runtime/http-server';
import { openMetrics } from '#services/runtime/metrics';
import { verifySignature } from '#services/runtime/signature';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchDisclosures } from '../../../cli/bill/fetch-disclosures.ts';
import { dataFrame, openRouteWorld, routeOf, testOwner, type RouteWorld } from '../../support/route-world.ts';
import { SILENT } from '../../support/service-world.ts';
import { eventually } from '../../support/uplinks.ts';

const owner = testOwner('owner of meters');
const other = testOwner('another owner');
const oracle = testOwner('an oracle');
let world: RouteWorld;
let app: HttpServer;

beforeEach(async () => {
  world = await openRouteWorld();
  for (const { address } of [owner, other]) world.balances.set(address, 100n);
  const publicDir = join(world.dataDir, 'route', 'public');
  await mkdir(publicDir, { recursive: true });
  app = await createRouteApp({
    logger: SILENT,
    metrics: openMetrics('route'),
    health: () => ({ ok: true }),
    publicDir,
    register: world.register,
    credits: world.router.credits,
    refusedPackets: (address) => world.router.refusedPackets(address),
    disclosures: world.disclosures,
    deadLetters: { list: () => Promise.resolve([{ route: 'meters', body: '{}', problem: 'gone', at: 1 }]) },
    readers: {
      require: (header, path) =>
        openReadHeader(header, {
          network: world.world.network,
          path,
          now: Date.now() / 1000,
          verify: verifySignature,
        }),
      isOracle: (address) => Promise.resolve(address === oracle.address),
    },
    budget: openBudget(30),
    now: Date.now,
  });
});
afterEach(async () => {
  await app.close();
  await world.close();
});

const post = (of: { bytes: Uint8Array; signature: Uint8Array; private: unknown }) =>
  app.inject({
    method: 'POST',
    url: '/v1/routes',
    payload: {
      request: Buffer.from(of.bytes).toString('base64'),
      signature: Buffer.from(of.signature).toString('base64'),
      private: of.private,
    },
  });
const signedRoute = (by = owner, of: object = {}) =>
  routeOf(by, world.gwmp, { network: world.world.network, ...of });
const authorization = (by: typeof owner, path: string): string => {
  const seconds = Math.floor(Date.now() / 1000);
  const message = readMessage({ network: world.world.network, path, seconds });
  return readHeader({ reader: by.address, seconds, signature: ed25519.sign(message, by.secret) });
};
const read = (by: typeof owner, url: string) =>
  app.inject({ url, headers: { authorization: authorization(by, url) } });

describe('POST /v1/routes', () => {
  it('answers with the receipt of the record, and shows the public part alone to everybody', async () => {
    const answer = await post(signedRoute());
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ receipt: { origin: world.log.origin, index: 0 } });
    const shown = await app.inject({ url: `/v1/routes/${owner.address}` });
    expect(shown.json()).toMatchObject({
      owner: owner.address,
      credits: { available: '100', unsettled: '0', refused_packets: 0 },
      routes: [{ route: 'meters', sequence: 1, dev_addrs: [['26000000', '26ffffff']], revoked: false }],
    });
    expect(shown.body).not.toMatch(/127\.0\.0\.1|gwmp|salt/);
  });

  it('says what is wrong with a code and its numbers', async () => {
    const good = signedRoute();
    const refusals = [
      [{ ...good, signature: new Uint8Array(64) }, 401, 'invalid_signature'],
      [{ ...good, bytes: Buffer.from('{}') }, 400, 'malformed_route'],
      [{ ...good, private: { salt: 'x' } }, 400, 'malformed_private'],
      [signedRoute(owner, { network: other.address }), 400, 'wrong_network'],
      [signedRoute(owner, { until: 5 }), 400, 'route_over'],
    ] as const;
    for (const [of, status, code] of refusals) {
      const answer = await post(of);
      expect([answer.statusCode, answer.json<{ refused: { code: string } }>().refused.code]).toEqual([
        status,
        code,
      ]);
    }
    const noJson = await app.inject({
      method: 'POST',
      url: '/v1/routes',
      payload: 'x',
      headers: { 'content-type': 'application/xml' },
    });
    expect(noJson.statusCode).toBe(415);
    expect((await app.inject({ url: '/nothing' })).json()).toMatchObject({ refused: { code: 'not_found' } });
  });

  it('refuses an address that asks too often', async () => {
    const answers = [];
    for (let number = 0; number < 31; number += 1)
      answers.push(await app.inject({ url: `/v1/routes/${owner.address}` }));
    expect(answers.at(-1)?.statusCode).toBe(429);
    expect(answers.at(-1)?.headers['retry-after']).toMatch(/^\d+$/);
  });

  it('refuses while the disk is full, and takes the same bytes when it is not', async () => {
    world.full = true;
    const refused = await post(signedRoute());
    expect([
      refused.statusCode,
      refused.json<{ refused: { retryable: boolean } }>().refused.retryable,
    ]).toEqual([503, true]);
    world.full = false;
    expect((await post(signedRoute())).statusCode).toBe(200);
  });
});

describe('GET /log/disclosures', () => {
  it('gives an oracle all of an epoch, an owner its own, and nobody anything without a signature', async () => {
    await post(signedRoute());
    await post(signedRoute(other, { devAddrs: [[0x27000000, 0x27000000]] }));
    const hotspot = world.hotspots[0];
    if (hotspot === undefined) throw new Error('no hotspot');
    const send = await world.session(hotspot);
    send({ frame: dataFrame(0x26000001) });
    send({ frame: dataFrame(0x27000000) });
    await eventually(() => world.pushed.length === 2);

    const counts = [];
    for (const by of [oracle, owner, testOwner('a stranger')]) {
      const answer = await read(by, '/log/disclosures/0');
      expect(answer.statusCode).toBe(200);
      counts.push(readDisclosures(new Uint8Array(answer.rawPayload)).length);
    }
    expect(counts).toEqual([2, 1, 0]);
    const whole = (await read(oracle, '/log/disclosures/0')).rawPayload;
    const rest = (await read(oracle, '/log/disclosures/0?from=100')).rawPayload;
    expect(rest.equals(whole.subarray(100))).toBe(true);
    expect((await read(oracle, `/log/disclosures/0?from=${whole.length}`)).rawPayload).toHaveLength(0);
    const open = await app.inject({ url: '/log/disclosures/0' });
    expect([open.statusCode, open.json()]).toMatchObject([401, { refused: { code: 'unauthorized_read' } }]);
    const elsewhere = authorization(owner, '/log/disclosures/1');
    expect(
      (await app.inject({ url: '/log/disclosures/0', headers: { authorization: elsewhere } })).statusCode,
    ).toBe(401);
    // Nothing of it is among the log's files.
    expect((await app.inject({ url: '/log/disclosures/../routes' })).statusCode).not.toBe(200);
  });
});

describe('npx coverant bill', () => {
  it('is given the owner’s disclosures by a router', async () => {
    await post(signedRoute());
    const hotspot = world.hotspots[0];
    if (hotspot === undefined) throw new Error('no hotspot');
    const send = await world.session(hotspot);
    send({ frame: dataFrame(0x26000001) });
    send({ frame: dataFrame(0x26000002) });
    await eventually(() => world.pushed.length === 2);
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const { network } = world.world;
    const asked = { url, network, signer: Keypair.fromSeed(owner.secret) };
    expect((await fetchDisclosures(asked, epochNumber(0n))).size).toBe(2);
    expect((await fetchDisclosures(asked, epochNumber(7n))).size).toBe(0);
  });
});

describe('GET /v1/dead-letters', () => {
  it('is for their owner', async () => {
    expect((await app.inject({ url: '/v1/dead-letters' })).statusCode).toBe(401);
    expect((await read(owner, '/v1/dead-letters')).json()).toEqual({
      letters: [{ route: 'meters', body: '{}', problem: 'gone', at: 1 }],
    });
  });
});

describe('the codes of refusals', () => {
  it('each have a sentence', () => {
    for (const { message } of Object.values(REFUSALS)) expect(message).toMatch(/^[A-Z].*\.$/);
  });
});

import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { openStreamBounds } from '#services/runtime/grpc/stream-bounds';
import { envelopeOf } from '#services/runtime/grpc/envelope';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testHotspot, TestWorld } from '../../protocol/epoch/world.ts';
import { rawGrpcClient, type RawClient } from '../../support/grpc/grpc-client.ts';
import { nonceOf, openSession, STREAM_PATH, until, witnessOf } from '../../support/grpc/hotspot-client.ts';
import { openIngestWorld, type IngestOptions, type IngestWorld } from '../../support/grpc/ingest-world.ts';
import { makeDataDir } from '../../support/service-world.ts';

const ROUTE_PATH = '/helium.packet_router.packet/route';
const hotspot = testHotspot('bounded', 0);
const stranger = testHotspot('refused for ever', 1);

let data: Awaited<ReturnType<typeof makeDataDir>>;
let world: IngestWorld | null = null;
const clients: RawClient[] = [];

beforeEach(async () => {
  data = await makeDataDir(new TestWorld({ hotspots: [hotspot], epochs: 1 }));
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await world?.close();
  await data.close();
});

async function start(options: Partial<IngestOptions>): Promise<IngestWorld> {
  world = await openIngestWorld({ dataDir: data.dataDir, ...options });
  return world;
}

/** Tries that can have begun by then where each is held twice as long as the one before: 200 ms to 1600 ms. */
function mostTries(elapsedMs: number): number {
  let tries = 1;
  for (let hold = 200, rest = elapsedMs - hold; rest >= 0; rest -= hold) {
    tries += 1;
    hold = Math.min(1600, 2 * hold);
  }
  return tries;
}

/** From an address of this machine's own. */
function from(address: string, url: string): RawClient {
  const port = Number(new URL(url).port);
  const client = rawGrpcClient(url, () => connectTcp({ host: '127.0.0.1', port, localAddress: address }));
  clients.push(client);
  return client;
}

async function metric(of: IngestWorld, pattern: RegExp): Promise<number> {
  return Number(pattern.exec(await of.metrics.text())?.[1] ?? 0);
}

describe('streams above the bound', () => {
  it('of one address are refused after their headers and counted, while another address is served', async () => {
    const ingest = await start({ bounds: { all: 10, perAddress: 2 } });
    const many = from('127.0.0.1', ingest.url);
    const held = [many.call(STREAM_PATH), many.call(STREAM_PATH)];
    for (const call of held) nonceOf(await call.next());
    for (const path of [STREAM_PATH, ROUTE_PATH]) {
      const above = many.call(path);
      expect((await above.headers)[':status']).toBe(200);
      expect(await above.next()).toBeNull();
      expect(await above.ended).toMatchObject({ status: 8, message: text('too_many_streams') });
    }
    expect(
      await metric(ingest, /^ingest_grpc_refused_total\{(?=[^}]*code="too_many_streams")[^}]*\} (\d+)$/m),
    ).toBe(2);
    const { call, session } = await openSession(from('127.0.0.2', ingest.url), hotspot);
    call.send(envelopeOf(2, witnessOf(hotspot, session, 1)));
    await until(
      () => Promise.resolve(ingest.log.size),
      (size) => size === 2,
    );
    // A place that was left is taken again.
    held[0]?.stream.close(8);
    await until(
      async () => {
        const next = many.call(STREAM_PATH);
        const offer = await next.next();
        return offer;
      },
      (offer) => offer !== null,
    );
  });

  it('in all are refused whatever address they come from', async () => {
    const ingest = await start({ bounds: { all: 2, perAddress: 2 } });
    for (const address of ['127.0.0.1', '127.0.0.2'])
      nonceOf(await from(address, ingest.url).call(STREAM_PATH).next());
    const above = from('127.0.0.3', ingest.url).call(STREAM_PATH);
    expect(await above.ended).toMatchObject({ status: 8, message: text('too_many_streams') });
  });

  it('leave nothing behind, however clients come and go', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('1.1.1.1', '2.2.2.2', '2001:db8::1'), fc.boolean()));
    fc.assert(
      fc.property(steps, (taken) => {
        const bounds = openStreamBounds({ all: 5, perAddress: 3 });
        const leaves: (() => void)[] = [];
        for (const [address, leaving] of taken) {
          if (leaving) leaves.shift()?.();
          const leave = bounds.enter(address);
          if (leave !== null) leaves.push(leave);
          expect(bounds.size).toBe(leaves.length);
          expect(bounds.size).toBeLessThanOrEqual(5);
        }
        for (const leave of [...leaves, ...leaves]) leave();
        expect([bounds.size, bounds.addresses]).toEqual([0, 0]);
      }),
    );
  });

  it('are counted for the whole /64 of an IPv6 client', () => {
    const bounds = openStreamBounds({ all: 5, perAddress: 1 });
    expect(bounds.enter('2001:db8::1')).not.toBeNull();
    expect(bounds.enter('2001:db8::2')).toBeNull();
    expect(bounds.enter('::ffff:10.0.0.1')).not.toBeNull();
    expect(bounds.enter('10.0.0.1')).toBeNull();
  });
});

describe('a client that is refused and comes back as soon as it may', () => {
  it('is held longer and longer, while another one is served on the same address', async () => {
    const ingest = await start({ holdMs: [200, 1600] });
    const refused = from('127.0.0.1', ingest.url);
    const begun = performance.now();
    let tries = 0;
    let isOver = false;
    const insisting = (async () => {
      // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- it is set from outside
      while (!isOver) {
        const { call } = await openSession(refused, stranger);
        tries += 1;
        await call.ended;
        // Hotspots wait for five seconds: less only makes it harder.
        await sleep(5);
      }
    })();
    const { call, session } = await openSession(from('127.0.0.1', ingest.url), hotspot);
    for (let number = 0; number < 30; number += 1) {
      call.send(envelopeOf(2, witnessOf(hotspot, session, number)));
      await until(
        () => Promise.resolve(ingest.log.size),
        (size) => size === number + 2,
      );
      await sleep(50);
    }
    await until(
      () => Promise.resolve(tries),
      (made) => made >= 2,
    );
    isOver = true;
    expect(tries).toBeLessThanOrEqual(mostTries(performance.now() - begun));
    await refused.close();
    await insisting.catch(() => undefined);
  });
});

describe('ingest that starts again in the middle of a session', () => {
  it('is found by a hotspot that tries again, which goes on with a new session', async () => {
    const first = await start({});
    const { port } = new URL(first.url);
    const before = await openSession(from('127.0.0.1', first.url), hotspot);
    before.call.send(envelopeOf(2, witnessOf(hotspot, before.session, 1)));
    await until(
      () => Promise.resolve(first.log.size),
      (size) => size === 2,
    );
    await first.close();
    expect(await before.call.ended).toMatchObject({ status: 14, message: text('closing') });
    // Nobody is there: a connection is refused, and nothing else happens.
    const gone = connectHttp2(`http://127.0.0.1:${port}`);
    const error = await new Promise((resolve) => gone.once('error', resolve));
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });

    const second = await start({ port: Number(port) });
    const after = await openSession(from('127.0.0.1', second.url), hotspot, 'after');
    after.call.send(envelopeOf(2, witnessOf(hotspot, after.session, 2)));
    await until(
      () => Promise.resolve(second.log.size),
      (size) => size === 4,
    );
    const { record } = (await second.records())[3] ?? {};
    expect(record?.body).toMatchObject({ kind: 'witness', session: 2 });
  });
});

describe('a stream of reports', () => {
  it('ends at a message over 64 KiB, and at frames that are none', async () => {
    const ingest = await start({});
    const client = from('127.0.0.1', ingest.url);
    const large = await openSession(client, hotspot);
    large.call.write(Uint8Array.of(0, 0, 1, 0, 1));
    expect(await large.call.ended).toMatchObject({ status: 8, message: text('message_too_large') });
    const garbage = await openSession(client, hotspot);
    garbage.call.write(Uint8Array.of(0xff, 0, 0, 0, 9, 1, 2, 3));
    expect(await garbage.call.ended).toMatchObject({ status: 12, message: text('compressed_message') });
    const wrong = await openSession(client, hotspot);
    const report = witnessOf(hotspot, wrong.session, 1);
    wrong.call.send(envelopeOf(2, Uint8Array.of(0x22, 1, 1, ...report)));
    expect(await wrong.call.ended).toMatchObject({ status: 3, message: text('malformed_report') });
  });

  it('whose client closes its side and cancels then is gone without a trace', async () => {
    const ingest = await start({});
    const { call, session } = await openSession(from('127.0.0.1', ingest.url), hotspot);
    call.send(envelopeOf(2, witnessOf(hotspot, session, 1)));
    call.stream.end();
    await until(
      () => Promise.resolve(ingest.log.size),
      (size) => size === 2,
    );
    call.stream.close(8);
    await until(
      () => metric(ingest, /^ingest_grpc_streams_open\{[^}]*\} (\d+)$/m),
      (open) => open === 0,
    );
  });
});

/** A matcher, typed as what it matches. */
function text(part: string): string {
  return expect.stringContaining(part) as string;
}

import { connect as connectTcp } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Sessions } from '#protocol/settle/signer';
import { openReport } from '#protocol/wire/report';
import { openReportBatches } from '#services/ingest/hotspots/report-batches';
import { writeBacklog } from '#services/runtime/backlog-file';
import { envelopeOf } from '#services/runtime/grpc/envelope';
import { SESSIONS_A_MINUTE } from '#services/runtime/grpc/session-handshake';
import type { EvidenceLog } from '#services/runtime/log/open-log';
import { verifySignature } from '#services/runtime/signature';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testHotspot, testKey, TestWorld } from '../../protocol/epoch/world.ts';
import { rawGrpcClient, type RawClient } from '../../support/grpc/grpc-client.ts';
import {
  initOf,
  nonceOf,
  openSession,
  signAs,
  STREAM_PATH,
  until,
  witnessOf,
} from '../../support/grpc/hotspot-client.ts';
import { openIngestWorld, type IngestOptions, type IngestWorld } from '../../support/grpc/ingest-world.ts';
import { makeDataDir } from '../../support/service-world.ts';

const hotspots = [testHotspot('stream 0', 0), testHotspot('stream 1', 1, {}, 'ecc_compact')];
const [first, second] = hotspots as [(typeof hotspots)[0], (typeof hotspots)[0]];
const stranger = testHotspot('stranger', 7);

let data: Awaited<ReturnType<typeof makeDataDir>>;
let world: IngestWorld;
let client: RawClient;
let now: number;

/** Starts ingest anew, with other settings; what the log holds stays. */
async function start(options: Partial<IngestOptions> = {}): Promise<void> {
  world = await openIngestWorld({ dataDir: data.dataDir, now: () => now, ...options });
  client = rawGrpcClient(world.url);
}

async function stop(): Promise<void> {
  await client.close();
  await world.close();
}

beforeEach(async () => {
  data = await makeDataDir(new TestWorld({ hotspots, epochs: 1 }));
  now = Date.now();
  await start();
});
afterEach(async () => {
  await stop();
  await data.close();
});

const size = (): Promise<number> => Promise.resolve(world.log.size);
const logged = (count: number): Promise<number> => until(size, (held) => held === count);

describe('a stream of reports', () => {
  it('has its session in the log before its reports, which protocol code judges by it', async () => {
    for (const hotspot of hotspots) {
      const before = world.log.size;
      const { call, session, nonce, init } = await openSession(client, hotspot);
      const reports = [1, 2, 3].map((number) => witnessOf(hotspot, session, number));
      for (const report of reports) call.send(envelopeOf(2, report));
      await logged(before + 4);
      const records = (await world.records()).slice(before);
      expect(records.map(({ record }) => record.body)).toEqual([
        { kind: 'session_init', nonce, init },
        ...reports.map((report) => ({ kind: 'witness', report, session: before })),
      ]);
      const known = new Map(
        records.map(({ index, record }) => [index, { index, ...record } as never] as const),
      );
      const sessions = new Sessions({ sessions: known, verify: verifySignature });
      for (const { index, record } of records.slice(1)) {
        if (record.body.kind !== 'witness') throw new Error('not a witness');
        const report = openReport('witness', record.body.report);
        const { receivedAt } = record;
        const signer = sessions.signerOf({
          key: report.key,
          index,
          receivedAt,
          session: record.body.session,
        });
        expect(signer).toBe(session.key);
        const { signedBytes: message, signature } = report;
        expect(verifySignature({ key: session.key, message, signature })).toBe(true);
      }
      call.stream.end();
      expect(await call.ended).toMatchObject({ status: 0 });
    }
  });

  it('that is cancelled loses no report that had come before', async () => {
    const { call, session } = await openSession(client, first);
    await logged(1);
    for (let number = 0; number < 40; number += 1) {
      call.send(envelopeOf(2, witnessOf(first, session, number)));
      await sleep(1);
    }
    // As the client does when it reopens its stream, and a report waits for the disk.
    call.stream.close(8);
    await logged(41);
  });

  it('of a hotspot that opens one session after the other is refused in the end, and others are not', async () => {
    for (let session = 0; session < SESSIONS_A_MINUTE; session += 1) {
      const { call } = await openSession(client, first);
      call.stream.end();
      await call.ended;
    }
    await logged(SESSIONS_A_MINUTE);
    const call = client.call(STREAM_PATH);
    call.send(envelopeOf(3, initOf(first, nonceOf(await call.next()), testKey('one too many'))));
    const end = await call.ended;
    expect([end.status, end.message]).toEqual([8, expect.stringMatching(/^too_many_sessions: /) as unknown]);
    await openSession(client, second);
    await logged(SESSIONS_A_MINUTE + 1);
  });

  it('keeps unknown fields, odd orders and explicit zeros of a message as they came', async () => {
    const { call, session } = await openSession(client, first);
    // An explicit zero and an unknown field before what the session signs: signed bytes are what was sent.
    const odd = Uint8Array.of(0xf8, 0x01, 0x00, 0x50, 0x00);
    const plain = witnessOf(first, session, 1);
    const { signedBytes } = openReport('witness', plain);
    const signature = signAs(session, Uint8Array.of(...odd, ...signedBytes));
    const report = Uint8Array.of(...odd, 0x5a, 64, ...signature, ...signedBytes);
    call.send(envelopeOf(2, report));
    await logged(2);
    expect((await world.records())[1]?.record.body).toEqual({ kind: 'witness', report, session: 0 });
  });

  it('gets its offer with the headers, whatever the client does', async () => {
    const call = client.call(STREAM_PATH);
    expect((await call.headers)[':status']).toBe(200);
    expect(nonceOf(await call.next())).toHaveLength(32);
  });

  it('ends where no session_init comes in time, or only a piece of one', async () => {
    await stop();
    now = Date.now();
    await start({ now: Date.now, times: { initMs: 100, renewMs: 1e6 } });
    const silent = client.call(STREAM_PATH);
    const dribbling = client.call(STREAM_PATH);
    await dribbling.headers;
    dribbling.write(Uint8Array.of(0, 0, 0, 0, 170, 26));
    for (const call of [silent, dribbling])
      expect(await call.ended).toMatchObject({ status: 4, message: text('no_init') });
    const closing = client.call(STREAM_PATH);
    closing.stream.end();
    expect(await closing.ended).toMatchObject({ status: 4, message: text('no_init') });
    expect(world.log.size).toBe(0);
  });

  it('refuses a session_init for another nonce, so also one of an earlier stream', async () => {
    const { init, call } = await openSession(client, first);
    await logged(1);
    const again = client.call(STREAM_PATH);
    await again.next();
    again.send(envelopeOf(3, init));
    expect(await again.ended).toMatchObject({ status: 3, message: text('wrong_nonce') });
    call.send(envelopeOf(3, init));
    expect(await call.ended).toMatchObject({ status: 9, message: text('session_not_offered') });
    expect(world.log.size).toBe(1);
  });

  it('refuses a session_init that the hotspot did not sign, or whose hotspot is not registered', async () => {
    const forged = client.call(STREAM_PATH);
    const session = testKey('s');
    const nonce = nonceOf(await forged.next());
    forged.send(envelopeOf(3, initOf({ ...first, secret: second.secret }, nonce, session)));
    expect(await forged.ended).toMatchObject({ status: 16, message: text('bad_signature') });
    const unknown = await openSession(client, stranger);
    expect(await unknown.call.ended).toMatchObject({ status: 7, message: text('unknown_key') });
    expect(world.log.size).toBe(0);
  });

  it('ends at a report of another hotspot, of another signer, or before its session', async () => {
    const early = client.call(STREAM_PATH);
    await early.next();
    early.send(envelopeOf(2, witnessOf(first, first, 1)));
    expect(await early.ended).toMatchObject({ status: 9, message: text('session_expected') });
    const foreign = await openSession(client, first);
    foreign.call.send(envelopeOf(2, witnessOf(second, foreign.session, 1)));
    expect(await foreign.call.ended).toMatchObject({ status: 7, message: text('wrong_key') });
    // The gateway's own key does not sign on a stream.
    const own = await openSession(client, first);
    own.call.send(envelopeOf(2, witnessOf(first, first, 1)));
    expect(await own.call.ended).toMatchObject({ status: 16, message: text('bad_signature') });
    expect((await world.records()).map(({ record }) => record.body.kind)).toEqual([
      'session_init',
      'session_init',
    ]);
  });

  it('ends at bytes that are no message, at two messages in one, and at one that is too large', async () => {
    const bad: readonly [Uint8Array, number, string][] = [
      [Uint8Array.of(0xff, 0xff), 3, 'malformed_message'],
      [Uint8Array.of(0x08, 0x01), 3, 'malformed_message'],
      [envelopeOf(2, Uint8Array.of(0xff)), 3, 'malformed_report'],
      [envelopeOf(2, new Uint8Array(600)), 3, 'oversized_report'],
      [
        Uint8Array.of(...envelopeOf(2, new Uint8Array(2)), ...envelopeOf(2, new Uint8Array(2))),
        3,
        'malformed_message',
      ],
    ];
    for (const [message, status, code] of bad) {
      const { call } = await openSession(client, first);
      call.send(message);
      expect(await call.ended).toMatchObject({ status, message: text(code) });
    }
    const { call } = await openSession(client, first);
    call.write(Uint8Array.of(0, 0xff, 0xff, 0xff, 0xff));
    expect(await call.ended).toMatchObject({ status: 8, message: text('message_too_large') });
  });

  it('skips what a later version of the protocol may send', async () => {
    const { call, session } = await openSession(client, first);
    call.send(envelopeOf(9, Uint8Array.of(1, 2)));
    call.send(new Uint8Array(0));
    call.send(envelopeOf(2, witnessOf(first, session, 1)));
    await logged(2);
  });

  it('is offered a new session when the old one ends, and both may sign for a moment', async () => {
    await stop();
    await start({ times: { initMs: 1000, renewMs: 300 } });
    const { call, session } = await openSession(client, first);
    await logged(1);
    now += 250;
    const nonce = nonceOf(await call.next());
    call.send(envelopeOf(2, witnessOf(first, session, 1)));
    const renewed = testKey('renewed');
    call.send(envelopeOf(3, initOf(first, nonce, renewed)));
    call.send(envelopeOf(2, witnessOf(first, session, 2)));
    call.send(envelopeOf(2, witnessOf(first, renewed, 3)));
    await logged(5);
    const sessions = (await world.records()).map(({ record: { body } }) =>
      body.kind === 'witness' ? body.session : body.kind,
    );
    expect(sessions).toEqual(['session_init', 0, 'session_init', 0, 2]);
  });

  it('does not take reports of a session that nobody would count', async () => {
    const { call, session } = await openSession(client, first);
    await logged(1);
    now += 31 * 60_000;
    call.send(envelopeOf(2, witnessOf(first, session, 1)));
    expect(await call.ended).toMatchObject({ status: 9, message: text('session_over') });
  });

  it('is gone without a trace when the client resets it or its connection breaks', async () => {
    const reset = await openSession(client, first);
    await logged(1);
    expect(await openStreams()).toBe(1);
    reset.call.stream.close(8);
    await until(openStreams, (open) => open === 0);
    await openSession(client, second);
    await logged(2);
    client.session.destroy();
    await until(openStreams, (open) => open === 0);
    client = rawGrpcClient(world.url);
    const { call, session } = await openSession(client, first);
    call.send(envelopeOf(2, witnessOf(first, session, 1)));
    await logged(4);
  });

  it('keeps two streams of a hotspot at most, the newest', async () => {
    const streams = [];
    for (let place = 0; place < 3; place += 1) {
      streams.push(await openSession(client, first, `session ${place}`));
      await logged(place + 1);
    }
    expect(await streams[0]?.call.ended).toMatchObject({ status: 9, message: text('superseded') });
    const newest = streams[2];
    if (newest === undefined) throw new Error('no stream');
    newest.call.send(envelopeOf(2, witnessOf(first, newest.session, 1)));
    await logged(4);
  });

  it('goes on with a new session when the server starts again; nothing of the log is lost', async () => {
    const { call, session } = await openSession(client, first);
    call.send(envelopeOf(2, witnessOf(first, session, 1)));
    await logged(2);
    await world.close();
    expect(await call.ended).toMatchObject({ status: 14, message: text('closing') });
    await client.close();
    await start();
    expect(world.log.size).toBe(2);
    const next = await openSession(client, first, 'next');
    next.call.send(envelopeOf(2, witnessOf(first, next.session, 2)));
    await logged(4);
    expect((await world.records())[3]?.record.body).toMatchObject({ kind: 'witness', session: 2 });
  });

  it('is told to wait while verdicts are a minute behind, and when its budget is spent', async () => {
    const late = await openSession(client, first);
    await writeBacklog(data.dataDir, { oldest: now - 90_000, at: now });
    late.call.send(envelopeOf(2, witnessOf(first, late.session, 1)));
    const ended = await late.call.ended;
    expect(ended).toMatchObject({ status: 8, message: text('backlog') });
    expect(ended.trailers['grpc-retry-pushback-ms']).toBe('10000');
    await stop();
    await writeBacklog(data.dataDir, { oldest: null, at: now });
    await start({ keyBudget: 1 });
    const eager = await openSession(client, first);
    for (let number = 0; number < 3; number += 1)
      eager.call.send(envelopeOf(2, witnessOf(first, eager.session, number)));
    const spent = await eager.call.ended;
    expect(spent).toMatchObject({ status: 8, message: text('over_budget') });
    expect(Number(spent.trailers['grpc-retry-pushback-ms'])).toBeGreaterThan(0);
  });

  it('ends where the log does not take its session or its report', async () => {
    await stop();
    let broken = true;
    const append =
      (log: EvidenceLog): EvidenceLog['append'] =>
      (bodies) =>
        broken ? Promise.reject(new Error('no space')) : log.append(bodies);
    await start({ append });
    const init = await openSession(client, first);
    expect(await init.call.ended).toMatchObject({ status: 14, message: text('session_not_logged') });
    broken = false;
    const report = await openSession(client, first);
    await logged(1);
    broken = true;
    report.call.send(envelopeOf(2, witnessOf(first, report.session, 1)));
    expect(await report.call.ended).toMatchObject({ status: 14, message: text('log_unavailable') });
  });

  it('is read no faster than its reports are written', async () => {
    await stop();
    const batches: number[] = [];
    let open = (): void => undefined;
    let gate = Promise.resolve();
    const append =
      (log: EvidenceLog): EvidenceLog['append'] =>
      async (bodies) => {
        batches.push(bodies.length);
        await gate;
        return log.append(bodies);
      };
    await start({ append });
    const both = [await openSession(client, first), await openSession(client, second)];
    await logged(2);
    batches.length = 0;
    gate = new Promise((resolve) => (open = resolve));
    for (const [place, { call, session }] of both.entries())
      for (let number = 0; number < 5; number += 1)
        call.send(envelopeOf(2, witnessOf(place === 0 ? first : second, session, number)));
    await sleep(100);
    // One of each stream waits: the rest is not even read.
    expect(batches.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(2);
    open();
    await logged(12);
  });
});

describe('records of many streams', () => {
  it('go to the log together with what came while the last were written', async () => {
    const batches: number[] = [];
    const together = openReportBatches((bodies) => {
      batches.push(bodies.length);
      return world.log.append(bodies);
    });
    const report = (number: number) =>
      together.append({ kind: 'witness', report: Uint8Array.of(number), session: null });
    const begun = [report(0), report(1), report(2)];
    await Promise.resolve().then(() => Promise.resolve());
    begun.push(report(3), report(4));
    expect(await Promise.all(begun)).toEqual([0, 1, 2, 3, 4]);
    expect(batches).toEqual([3, 2]);
  });
});

describe('a client that is refused', () => {
  it('is kept waiting twice as long each time, while others and its own good streams are not', async () => {
    await stop();
    await start({ holdMs: [100, 400] });
    const waits: number[] = [];
    for (let time = 0; time < 4; time += 1) {
      const begun = performance.now();
      const { call } = await openSession(client, stranger);
      await call.ended;
      waits.push(performance.now() - begun);
    }
    for (const [place, least] of [100, 200, 400, 400].entries()) {
      expect(waits[place]).toBeGreaterThanOrEqual(least - 2);
      expect(waits[place]).toBeLessThan(least + 350);
    }
    const held = await openSession(client, stranger);
    const begun = performance.now();
    await openSession(client, first);
    await logged(1);
    expect(performance.now() - begun).toBeLessThan(350);
    held.call.stream.close(8);
  });

  it('begins anew once it has had a session', async () => {
    await stop();
    await start({ holdMs: [1, 60_000] });
    for (let time = 0; time < 12; time += 1) {
      const { call, session } = await openSession(client, first);
      call.send(envelopeOf(2, witnessOf(second, session, 1)));
      expect(await call.ended).toMatchObject({ status: 7 });
    }
  });
});

describe('a connection', () => {
  it('that says nothing, or nonsense after the preface, hurts nobody', async () => {
    const port = Number(new URL(world.url).port);
    const silent = connectTcp(port, '127.0.0.1');
    const nonsense = connectTcp(port, '127.0.0.1');
    nonsense.on('error', () => undefined);
    nonsense.resume();
    nonsense.write(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'));
    nonsense.write(Buffer.alloc(100, 0xff));
    await new Promise((resolve) => nonsense.once('close', resolve));
    await openSession(client, first);
    await logged(1);
    silent.destroy();
  });
});

async function openStreams(): Promise<number> {
  const found = /^ingest_grpc_streams_open\{[^}]*\} (\d+)$/m.exec(await world.metrics.text());
  return Number(found?.[1] ?? NaN);
}

/** A matcher, typed as what it matches. */
function text(part: string): string {
  return expect.stringContaining(part) as string;
}

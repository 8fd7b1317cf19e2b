import { connect as connectTcp } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGrpcServer, openGrpcMetrics } from '#services/runtime/grpc/grpc-server';
import { STREAM_LIMITS } from '#services/runtime/grpc/grpc-stream';
import type { GrpcMethods } from '#services/runtime/grpc/methods';
import { shareOnePort } from '#services/runtime/grpc/one-port';
import { grpcRefusal } from '#services/runtime/grpc/refusals';
import {
  entropy_req_v1Schema,
  entropy_report_v1Schema,
} from '../../../services/runtime/grpc/generated/poc_entropy_pb.js';
import { createHttpServer, listenHttp, type HttpServer } from '#services/runtime/http-server';
import { openMetrics } from '#services/runtime/metrics';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { frame, rawGrpcClient, type RawClient } from '../../support/grpc/grpc-client.ts';
import { SILENT } from '../../support/service-world.ts';

const LATE = { ms: 5000, late: () => grpcRefusal('no_init') };
/** Says every message twice. */
const methods: GrpcMethods = new Map([
  [
    '/test/twice',
    {
      kind: 'stream',
      run: async (stream) => {
        for (let message = await stream.read(LATE); message !== null; message = await stream.read(LATE)) {
          stream.send(message);
          stream.send(message);
        }
      },
    },
  ],
  [
    '/test/echo',
    {
      kind: 'unary',
      request: entropy_req_v1Schema,
      response: entropy_report_v1Schema,
      answer: ({ message }) => Promise.resolve(message),
    },
  ],
  ['/test/fails', { kind: 'stream', run: () => Promise.reject(new Error('a secret of the inside')) }],
]);

/** A matcher, typed as what it matches. */
const text = (part: string): string => expect.stringContaining(part) as string;

let app: HttpServer;
let url: string;
let client: RawClient;

beforeEach(async () => {
  const metrics = openMetrics('test');
  app = createHttpServer({ logger: SILENT, metrics, health: () => ({ ok: true }) });
  const grpc = createGrpcServer({
    methods,
    logger: SILENT,
    metrics: openGrpcMetrics(metrics),
    limits: { ...STREAM_LIMITS, messageMs: 150 },
  });
  shareOnePort(app, grpc);
  ({ url } = await listenHttp(app, { host: '127.0.0.1', port: 0, logger: SILENT }));
  client = rawGrpcClient(url);
});
afterEach(async () => {
  await client.close();
  await app.close();
});

describe('one plain-text port', () => {
  it('answers HTTP/1.1 and gRPC, each as if the other were not there', async () => {
    const health = await fetch(`${url}/health`);
    expect(await health.json()).toEqual({ ok: true });
    const answer = await client.unary('/test/echo', Uint8Array.of(1, 2, 3));
    expect(answer).toMatchObject({ status: 0, answer: Uint8Array.of(1, 2, 3) });
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ ok: true });
  });

  it('waits for a preface or a request line that comes byte by byte', async () => {
    const socket = connectTcp(Number(new URL(url).port), '127.0.0.1');
    let text = '';
    socket.on('data', (data) => (text += data.toString()));
    for (const letter of 'GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n') {
      socket.write(letter);
      await sleep(1);
    }
    await new Promise((resolve) => socket.once('close', resolve));
    expect(text).toContain('{"ok":true}');
  });

  it('serves a POST, whose first letter is that of the preface', async () => {
    expect((await fetch(`${url}/nothing`, { method: 'POST', body: 'x' })).status).toBe(404);
  });

  it('sends response headers before the client has sent a message', async () => {
    const call = client.call('/test/twice');
    expect((await call.headers)[':status']).toBe(200);
    call.send(Uint8Array.of(7));
    expect(await call.next()).toEqual(Uint8Array.of(7));
    expect(await call.next()).toEqual(Uint8Array.of(7));
    call.stream.end();
    expect(await call.ended).toMatchObject({ status: 0 });
  });

  it('reads messages however the bytes are cut', async () => {
    const call = client.call('/test/twice');
    const messages = [new Uint8Array(0), Uint8Array.of(1), new Uint8Array(3000).fill(9)];
    const bytes = Buffer.concat(messages.map((each) => frame(each)));
    for (let at = 0; at < bytes.length; at += 700) {
      call.write(bytes.subarray(at, at + 700));
      await sleep(1);
    }
    for (const message of messages) {
      expect(await call.next()).toEqual(message);
      expect(await call.next()).toEqual(message);
    }
  });

  it('refuses a message above the limit before its bytes come', async () => {
    const call = client.call('/test/twice');
    await call.headers;
    call.write(Uint8Array.of(0, 0, 1, 0, 1));
    expect(await call.ended).toMatchObject({
      status: 8,
      message: text('message_too_large'),
    });
  });

  it('refuses a compressed message, and a stream that ends within one', async () => {
    const compressed = client.call('/test/twice');
    compressed.write(Uint8Array.of(1, 0, 0, 0, 1, 0));
    expect(await compressed.ended).toMatchObject({ status: 12 });
    const cut = client.call('/test/twice');
    cut.write(Uint8Array.of(0, 0, 0, 0, 9, 1));
    cut.stream.end();
    expect(await cut.ended).toMatchObject({
      status: 3,
      message: text('truncated_message'),
    });
  });

  it('ends a message that dribbles', async () => {
    const call = client.call('/test/twice');
    await call.headers;
    call.write(Uint8Array.of(0, 0, 0, 0, 200));
    const dribble = setInterval(() => {
      call.write(Uint8Array.of(1));
    }, 20);
    const end = await call.ended;
    clearInterval(dribble);
    expect(end).toMatchObject({ status: 4, message: text('slow_message') });
  });

  it('answers an unknown method and a failure without a word of what failed', async () => {
    expect(await client.call('/test/nothing').ended).toMatchObject({ status: 12 });
    const failed = await client.call('/test/fails').ended;
    expect(failed).toMatchObject({ status: 13 });
    expect(failed.message).not.toContain('secret');
  });

  it('takes exactly one message for a unary call', async () => {
    const none = client.call('/test/echo');
    none.stream.end();
    expect(await none.ended).toMatchObject({ status: 3 });
    const two = client.call('/test/echo');
    two.send(Uint8Array.of(1));
    two.send(Uint8Array.of(1));
    two.stream.end();
    expect(await two.ended).toMatchObject({ status: 3 });
  });

  it('ends streams with UNAVAILABLE when it closes', async () => {
    const call = client.call('/test/twice');
    await call.headers;
    await app.close();
    expect(await call.ended).toMatchObject({ status: 14 });
  });
});

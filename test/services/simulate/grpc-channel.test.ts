import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { realClock } from '#services/simulate/medium/clock';
import {
  CallError,
  framed,
  openChannel,
  unframed,
  type Channel,
} from '#services/simulate/hotspot/link/grpc-channel';
import { openFakeNetwork, PATHS, type FakeNetwork } from '../../support/simulate/fake-network.ts';
import { serverMessage } from '../../support/simulate/vectors.ts';
import { until } from '../../support/simulate/hotspot-world.ts';

let network: FakeNetwork;
let channel: Channel;
const clock = realClock();

beforeEach(async () => {
  network = await openFakeNetwork();
  channel = openChannel(network.uri, clock);
});
afterEach(async () => {
  channel.close();
  await network.close();
});

describe('a gRPC message', () => {
  it('comes whole however its bytes were cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }),
        fc.nat(40),
        (messages, cut) => {
          const received: Uint8Array[] = [];
          const push = unframed(
            (message) => received.push(message),
            () => {
              throw new Error('broken');
            },
          );
          const bytes = Buffer.concat(messages.map(framed));
          for (let at = 0; at < bytes.length; at += cut + 1) push(bytes.subarray(at, at + cut + 1));
          expect(received.map((each) => [...each])).toEqual(messages.map((each) => [...each]));
        },
      ),
    );
  });

  it.each(['0100000001aa', '00ffffffff'])('that begins with %s is refused', (hex) => {
    let broken = 0;
    const push = unframed(
      () => {
        throw new Error('a message');
      },
      () => (broken += 1),
    );
    push(Buffer.from(hex, 'hex'));
    expect(broken).toBe(1);
  });
});

describe('a channel', () => {
  it('calls as gRPC over plain HTTP/2 asks: POST, te, content type', async () => {
    const answer = await channel.unary(PATHS.entropy, new Uint8Array(0));
    expect(answer).toEqual(Uint8Array.from(serverMessage('main3/entropy_response')));
    expect(network.received[0]?.headers).toMatchObject({
      ':method': 'POST',
      ':scheme': 'http',
      te: 'trailers',
      'content-type': 'application/grpc',
    });
    expect(channel.traffic).toMatchObject({ sent: 5, received: 5 + answer.length });
  });

  it('tells the status of a call that was refused', async () => {
    network.answers.set(PATHS.entropy, 8);
    const refused = channel.unary(PATHS.entropy, new Uint8Array(0));
    await expect(refused).rejects.toThrow(CallError);
    await expect(refused).rejects.toMatchObject({ status: 8 });
    await expect(channel.unary('/no/such', new Uint8Array(0))).rejects.toMatchObject({ status: 12 });
  });

  it('tells that nobody answers, and that it is closed', async () => {
    const nobody = openChannel('http://127.0.0.1:9', clock);
    await expect(nobody.unary(PATHS.entropy, new Uint8Array(0))).rejects.toMatchObject({ status: 14 });
    const on = { message: () => undefined, ended: () => undefined };
    await expect(nobody.stream(PATHS.stream, on)).rejects.toMatchObject({ status: 14 });
    nobody.close();
    await expect(nobody.unary(PATHS.entropy, new Uint8Array(0))).rejects.toMatchObject({ status: 1 });
  });

  it('hears of an end by the server, and not of its own', async () => {
    const ended: number[] = [];
    const open = () =>
      channel.stream(PATHS.stream, {
        message: () => undefined,
        ended: ({ status }) => ended.push(status),
      });
    await open();
    network.end(PATHS.stream);
    await until(() => {
      expect(ended).toEqual([0]);
    });
    (await open()).close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(ended).toEqual([0]);
  });
});

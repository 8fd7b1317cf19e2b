import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSessionInit } from '#protocol/wire/session';
import { identityOf } from '#services/simulate/hotspot/identity';
import { CallError, type Channel } from '#services/simulate/hotspot/link/grpc-channel';
import { pocNonce } from '#services/simulate/hotspot/link/poc-link';
import { openSessionLink, type SessionLink } from '#services/simulate/hotspot/link/session-link';
import { virtualClock, type VirtualClock } from '#services/simulate/medium/clock';
import { seededRandom } from '#services/simulate/medium/random';
import { serverMessage } from '../../support/simulate/vectors.ts';

const START = 1_790_000_000_000;
const MINUTE = 60_000;
const OFFER = serverMessage('main3/poc_stream_offer');
const identity = identityOf({ secret: new Uint8Array(32), label: 'link', curve: 'ed25519' });

/** A stream as its server sees it, by a clock that is moved. */
interface Opened {
  readonly at: number;
  readonly sent: Uint8Array[];
  closedAt: number | null;
  readonly offer: () => void;
  readonly end: () => void;
}

let clock: VirtualClock;
let streams: Opened[];
/** How the server meets the next stream. */
let meet: 'offers' | 'silent' | 'refuses' | 'hangs';
let link: SessionLink;

beforeEach(() => {
  clock = virtualClock(START);
  streams = [];
  meet = 'offers';
  const channel: Channel = {
    traffic: { sent: 0, received: 0 },
    unary: () => Promise.reject(new Error('no unary call')),
    stream: (path, on) => {
      const opened: Opened = {
        at: clock.now(),
        sent: [],
        closedAt: null,
        offer: () => {
          on.message(OFFER);
        },
        end: () => {
          on.ended(new CallError(path, 0, 'ended'));
        },
      };
      streams.push(opened);
      if (meet === 'refuses') return Promise.reject(new CallError(path, 14, 'refused'));
      if (meet === 'hangs')
        return new Promise((_, reject) => {
          clock.after(5_000, () => {
            reject(new CallError(path, 14, 'no headers'));
          });
        });
      if (meet === 'offers') opened.offer();
      return Promise.resolve({
        send: (message) => opened.sent.push(message),
        close: () => {
          opened.closedAt = clock.now();
        },
      });
    },
    close: () => undefined,
  };
  link = openSessionLink({
    channel,
    protocol: { path: '/test', initField: 3, offeredNonce: pocNonce },
    identity,
    clock,
    random: seededRandom('session link'),
  });
});
afterEach(() => {
  link.close();
});

const waits = (): readonly number[] =>
  streams.slice(1).map(({ at }, index) => at - (streams[index]?.at ?? 0));

describe('a stream with sessions', () => {
  it('opens 5 s after start, and takes a new one every half hour, the old one first cancelled', async () => {
    await clock.runUntil(START + 95 * MINUTE);
    expect(streams.map(({ at }) => at - START)).toEqual([5_000, 1_805_000, 3_605_000, 5_405_000]);
    const [first, second] = streams;
    expect(first?.closedAt).toBe(second?.at);
    expect(link.counts).toMatchObject({ opened: 4, sessions: 4, failed: 0 });
    const keys = streams.map(
      ({ sent: [init] }) => openSessionInit(init?.subarray(3) ?? new Uint8Array(0)).sessionKey,
    );
    expect(new Set(keys).size).toBe(4);
  });

  it('comes again 5 to 6.5 s after the server ended it, however often, for a session ends the back-off', async () => {
    for (let round = 0; round < 5; round += 1) {
      await clock.runUntil(clock.now() + 30_000);
      const before = streams.length;
      const ended = clock.now();
      streams.at(-1)?.end();
      await clock.runUntil(ended + 7_000);
      expect(streams).toHaveLength(before + 1);
      const wait = (streams.at(-1)?.at ?? 0) - ended;
      expect(wait).toBeGreaterThanOrEqual(5_000);
      expect(wait).toBeLessThanOrEqual(6_500);
    }
  });

  it('waits longer and longer where nobody answers, half an hour at most', async () => {
    meet = 'refuses';
    await clock.runUntil(START + 600 * MINUTE);
    for (const [at, wait] of waits().entries()) {
      expect(wait).toBeLessThanOrEqual(30 * MINUTE);
      expect(wait).toBeGreaterThanOrEqual(Math.min(30 * MINUTE, Math.max(5_000, 3_500 * 2 ** at)));
      expect(wait).toBeLessThanOrEqual(Math.max(5_000, 6_500 * 2 ** at));
    }
    expect(waits().length).toBeGreaterThan(15);
  });

  it('is torn down after 5 to 6.5 s without an offer, again and again, and an offer in time makes a session', async () => {
    meet = 'silent';
    await clock.runUntil(START + MINUTE);
    expect(streams.length).toBeGreaterThanOrEqual(8);
    for (const wait of waits()) {
      expect(wait).toBeGreaterThanOrEqual(5_000);
      expect(wait).toBeLessThanOrEqual(6_500);
    }
    expect(link.session()).toBeNull();
    streams.at(-1)?.offer();
    expect(link.session()).not.toBeNull();
    const count = streams.length;
    await clock.runUntil(START + 20 * MINUTE);
    expect(streams).toHaveLength(count);
  });

  it('loses what is sent without a session, and says so', async () => {
    const message = (): Uint8Array => Uint8Array.of(1);
    expect(link.send(1, message)).toBe(false);
    await clock.runUntil(START + 10_000);
    expect(link.send(1, message)).toBe(true);
    streams.at(-1)?.end();
    expect(link.send(1, message)).toBe(false);
    expect(link.counts).toMatchObject({ sent: 1, lost: 2 });
    expect([...(streams[0]?.sent.at(-1) ?? [])]).toEqual([0x0a, 1, 1]);
  });

  it('is not settled while the server gives no headers', async () => {
    meet = 'hangs';
    await clock.runUntil(START + 6_000);
    let isSettled = false;
    void link.settled().then(() => {
      isSettled = true;
    });
    await clock.runUntil(START + 9_900);
    expect(isSettled).toBe(false);
    await clock.runUntil(START + 10_100);
    expect(isSettled).toBe(true);
  });

  it('has nothing more to do with a stream that it left', async () => {
    await clock.runUntil(START + 31 * MINUTE);
    const [first] = streams;
    const session = link.session();
    first?.offer();
    first?.end();
    await clock.runUntil(START + 32 * MINUTE);
    expect(link.session()).toBe(session);
    expect(streams).toHaveLength(2);
  });
});

import type { HotspotKey } from '#protocol/units';
import type { Clock } from '#services/simulate/medium/clock';
import { randomBytesOf, type Random } from '#services/simulate/medium/random';
import { backoffMs } from './backoff.ts';
import type { Call, Channel } from './grpc-channel.ts';
import { sessionKeyPair, type KeyPair } from '../identity.ts';
import { inEnvelope, sessionInit } from '../messages.ts';

/** When the client takes a new stream though all is well, and what it waits at most after failures. */
const SESSION_MS = 30 * 60_000;

/** Where messages stand in the envelopes of a stream, and what is said on it. */
export interface LinkProtocol {
  readonly path: string;
  /** Field of the envelope that a session_init goes into. */
  readonly initField: number;
  /** Sent as soon as there are response headers. */
  readonly greeting?: () => Uint8Array;
  /** The nonce that a message offers, or null for any other message. */
  readonly offeredNonce: (message: Uint8Array) => Uint8Array | null;
  /** All that offers nothing. */
  readonly onMessage?: (message: Uint8Array) => void;
}

export interface LinkCounts {
  opened: number;
  sessions: number;
  failed: number;
  /** Messages that were sent, and those that were lost while no session was up. */
  sent: number;
  lost: number;
}

export interface SessionLink {
  readonly counts: Readonly<LinkCounts>;
  /** Key of the session that is up, or null. */
  readonly session: () => HotspotKey | null;
  /** Resolves when no stream is being opened: the client does nothing else meanwhile. */
  readonly settled: () => Promise<void>;
  /** Sends what `make` signs with the session's key in a field of the envelope; false, and it is lost, without a session. */
  readonly send: (field: number, make: (session: KeyPair) => Uint8Array) => boolean;
  readonly close: () => void;
}

/**
 * A stream with sessions as gateway-rs holds it: opened 5 s after start, a session for each offer that comes, however
 * many; a new stream 5 s after the server closed it, with a growing wait while it cannot be opened, and every half hour.
 * A stream without an offer is torn down at the next try. Every session has a fresh ed25519 key.
 */
export function openSessionLink(options: {
  readonly channel: Channel;
  readonly protocol: LinkProtocol;
  readonly identity: KeyPair;
  readonly clock: Clock;
  readonly random: Random;
  readonly onSession?: () => void;
}): SessionLink {
  const { channel, protocol, identity, clock, random } = options;
  const counts: LinkCounts = { opened: 0, sessions: 0, failed: 0, sent: 0, lost: 0 };
  let call: Call | null = null;
  let session: KeyPair | null = null;
  let retries = 0;
  let isClosed = false;
  let opening = Promise.resolve();
  let cancel = (): void => undefined;

  const tryAfter = (ms: number): void => {
    cancel();
    if (isClosed) return;
    cancel = clock.after(ms, () => {
      opening = reopen();
    });
  };
  const drop = (): void => {
    call?.close();
    call = null;
    session = null;
  };
  const failed = (): void => {
    drop();
    counts.failed += 1;
    tryAfter(backoffMs({ retries, mostMs: SESSION_MS, random }));
    retries += 1;
  };
  const offered = (on: Call, nonce: Uint8Array): void => {
    session = sessionKeyPair(randomBytesOf(random, 32));
    on.send(inEnvelope(protocol.initField, sessionInit(identity, { nonce, sessionKey: session.key })));
    counts.sessions += 1;
    retries = 0;
    tryAfter(SESSION_MS);
    options.onSession?.();
  };
  const reopen = async (): Promise<void> => {
    drop();
    const early: Uint8Array[] = [];
    let mine: Call | null = null;
    let hasEnded = false;
    const receive = (message: Uint8Array): void => {
      if (mine === null) early.push(message);
      else if (mine === call) {
        const nonce = protocol.offeredNonce(message);
        if (nonce === null) protocol.onMessage?.(message);
        else offered(mine, nonce);
      }
    };
    const ended = (): void => {
      hasEnded = true;
      if (mine !== null && mine === call) failed();
    };
    try {
      mine = await channel.stream(protocol.path, { message: receive, ended });
    } catch {
      hasEnded = true;
    }
    if (isClosed) mine?.close();
    else if (mine === null || hasEnded) failed();
    else {
      call = mine;
      counts.opened += 1;
      if (protocol.greeting !== undefined) mine.send(protocol.greeting());
      // Torn down then, unless an offer comes first.
      tryAfter(backoffMs({ retries: 0, mostMs: SESSION_MS, random }));
      for (const message of early) receive(message);
    }
  };
  tryAfter(backoffMs({ retries: 0, mostMs: 5_000, random }));

  return {
    counts,
    session: () => session?.key ?? null,
    settled: () => opening,
    send: (field, make) => {
      if (call === null || session === null) {
        counts.lost += 1;
        return false;
      }
      call.send(inEnvelope(field, make(session)));
      counts.sent += 1;
      return true;
    },
    close: () => {
      isClosed = true;
      cancel();
      drop();
    },
  };
}

import { equalBytes } from '#protocol/evidence/merkle';
import { ProtocolError } from '#protocol/errors';
import { SESSION_LIFETIME_MS } from '#protocol/settle/signer';
import type { HotspotKey } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';
import { openSessionInit, type SessionInit } from '#protocol/wire/session';
import type { Budget } from '../budget.ts';
import { GrpcRefusal, grpcRefusal } from './refusals.ts';

/** A session that stands in a log: messages signed by its key may name its index. */
export interface Session {
  readonly key: HotspotKey;
  readonly sessionKey: HotspotKey;
  /** Of its record in the log. */
  readonly index: number;
  /** Milliseconds; not after the record's own stamp. */
  readonly openedAt: number;
}

export interface SessionRules {
  /** Fresh bytes, as many as asked for. */
  readonly random: (bytes: number) => Uint8Array;
  readonly verify: VerifySignature;
  /** Rejects with a GrpcRefusal where this hotspot may open no session. Asked after its signature has held. */
  readonly admit: (key: HotspotKey) => Promise<void>;
  /** Session_inits of one hotspot in a minute, each of which stands in the log for ever; charged when its own key has signed. */
  readonly budget: Budget;
  /** Resolves with the index when the record is durable: nothing may refer to it before. */
  readonly appendSession: (nonce: Uint8Array, init: Uint8Array) => Promise<number>;
  readonly now: () => number;
  /** How long an offer waits for its session_init. */
  readonly initMs: number;
  /** When a new session is offered on a stream that goes on. */
  readonly renewMs: number;
}

/** Clients reopen after 30 minutes by themselves; 5 s are given to an offer's answer. */
export const SESSION_TIMES: Pick<SessionRules, 'initMs' | 'renewMs'> = {
  initMs: 5000,
  renewMs: 30 * 60_000 + 15_000,
};

/** A client whose streams are cut at once comes back 12 times a minute. */
export const SESSIONS_A_MINUTE = 30;

const NONCE_BYTES = 32;
/** Whoever judges later counts to the report's own stamp, which comes after this check. */
const LIFETIME_MS = SESSION_LIFETIME_MS - 5000;
/** How long messages of the session before may still be under way when a new one has begun. */
const OVERLAP_MS = 15_000;

/** The sessions of one stream: one hotspot, one offer at a time, one session after the other. */
export interface StreamSessions {
  /** The hotspot whose stream this is: known from the first session_init that was well signed, or from the start. */
  readonly key: HotspotKey | null;
  readonly current: Session | null;
  /** The nonce whose answer is waited for. */
  readonly offered: Uint8Array | null;
  /** A new nonce to offer; null while an earlier offer is unanswered, which its answer will serve as well. */
  offer(): Uint8Array | null;
  /** Milliseconds until the next thing has to happen: the answer to an offer, or else the next offer. */
  dueMs(): { readonly what: 'init' | 'offer'; readonly ms: number };
  /** Judges a session_init's raw bytes and makes it durable. Rejects with a GrpcRefusal. */
  accept(init: Uint8Array): Promise<Session>;
  /** The session whose key signed the message; throws a GrpcRefusal where there is none. */
  sessionOf(message: {
    readonly key: HotspotKey;
    readonly signedBytes: Uint8Array;
    readonly signature: Uint8Array;
  }): Session;
}

export function openStreamSessions(rules: SessionRules, hotspot: HotspotKey | null): StreamSessions {
  const { now } = rules;
  let key = hotspot;
  let offered: { readonly nonce: Uint8Array; readonly at: number } | null = null;
  let current: Session | null = null;
  let previous: Session | null = null;

  const judge = (init: SessionInit, nonce: Uint8Array): void => {
    if (!equalBytes(init.nonce, nonce)) throw grpcRefusal('wrong_nonce');
    if (key !== null && init.key !== key) throw grpcRefusal('wrong_key');
    if (!rules.verify({ key: init.key, message: init.signedBytes, signature: init.signature }))
      throw grpcRefusal('bad_signature');
  };
  const usable = (session: Session | null): session is Session =>
    session !== null && now() - session.openedAt <= LIFETIME_MS;

  return {
    get key() {
      return key;
    },
    get current() {
      return current;
    },
    get offered() {
      return offered?.nonce ?? null;
    },
    offer: () => {
      if (offered !== null) return null;
      offered = { nonce: rules.random(NONCE_BYTES), at: now() };
      return offered.nonce;
    },
    dueMs: () =>
      offered !== null || current === null
        ? { what: 'init', ms: Math.max(0, (offered?.at ?? now()) + rules.initMs - now()) }
        : { what: 'offer', ms: Math.max(0, current.openedAt + rules.renewMs - now()) },
    accept: async (bytes) => {
      if (offered === null) throw grpcRefusal('session_not_offered');
      const { nonce } = offered;
      const init = opened(() => openSessionInit(bytes));
      judge(init, nonce);
      // Its key is vouched for: what is refused from here on is this hotspot's.
      key = init.key;
      offered = null;
      await rules.admit(key);
      if (!rules.budget.take(key, now())) throw grpcRefusal('too_many_sessions');
      const openedAt = now();
      const index = await rules.appendSession(nonce, bytes).catch(() => {
        throw grpcRefusal('session_not_logged');
      });
      previous = current;
      current = { key, sessionKey: init.sessionKey, index, openedAt };
      return current;
    },
    sessionOf: (message) => {
      if (current === null) throw grpcRefusal('session_expected');
      if (message.key !== current.key) throw grpcRefusal('wrong_key');
      if (!usable(current)) throw grpcRefusal('session_over');
      const signedBy = (session: Session): boolean =>
        rules.verify({
          key: session.sessionKey,
          message: message.signedBytes,
          signature: message.signature,
        });
      if (signedBy(current)) return current;
      if (now() - current.openedAt <= OVERLAP_MS && usable(previous) && signedBy(previous)) return previous;
      throw grpcRefusal('bad_signature');
    },
  };
}

/** What decoding throws, as the refusal of a message that is none. */
export function opened<Message>(open: () => Message): Message {
  try {
    return open();
  } catch (error) {
    if (error instanceof ProtocolError)
      throw new GrpcRefusal({ code: error.code, status: 'INVALID_ARGUMENT', message: error.message });
    throw error;
  }
}

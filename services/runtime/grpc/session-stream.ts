import { setTimeout as sleep } from 'node:timers/promises';
import type { HotspotKey } from '#protocol/units';
import { envelopeOf, readEnvelope, type EnvelopeMember } from './envelope.ts';
import type { GrpcStream } from './grpc-stream.ts';
import type { Holds } from './holds.ts';
import { GrpcRefusal, grpcRefusal } from './refusals.ts';
import { openStreamSessions, type SessionRules, type StreamSessions } from './session-handshake.ts';

/** A stream on which sessions are offered and opened; what is no session_init is its owner's business. */
export interface SessionStream {
  readonly sessions: StreamSessions;
  /** Offers a new session; nothing where an offer is unanswered. */
  offer(): void;
  /**
   * The next member of an envelope that is no session_init; null when the client has closed its side. Session_inits are
   * judged, and new sessions offered when they are due, meanwhile. Rejects with a GrpcRefusal.
   */
  next(): Promise<EnvelopeMember | null>;
}

/** Field numbers in the envelopes of a service. */
export interface SessionFields {
  readonly offer: number;
  readonly init: number;
  /** All that clients send; later ones are skipped. */
  readonly members: readonly number[];
}

export function openSessionStream(options: {
  readonly stream: GrpcStream;
  readonly rules: SessionRules;
  /** Where it is known already whose stream this is. */
  readonly hotspot: HotspotKey | null;
  readonly fields: SessionFields;
  /** Called when a session has begun. */
  readonly opened: (key: HotspotKey) => void;
}): SessionStream {
  const { stream, rules, fields } = options;
  const sessions = openStreamSessions(rules, options.hotspot);

  const offer = (): void => {
    const nonce = sessions.offer();
    if (nonce === null) return;
    stream.send(envelopeOf(fields.offer, envelopeOf(1, nonce)));
    // The reader waits for a report with the session's own patience meanwhile.
    if (sessions.current !== null) void endUnanswered(nonce);
  };
  const endUnanswered = async (nonce: Uint8Array): Promise<void> => {
    await sleep(rules.initMs, undefined, { signal: stream.signal, ref: false }).catch(() => undefined);
    if (sessions.offered === nonce) stream.end(grpcRefusal('no_init'));
  };
  return {
    sessions,
    offer,
    next: async () => {
      for (;;) {
        const message = await readOrOffer({ stream, sessions, offer });
        if (message === null) return null;
        const member = message === 'offered' ? null : readEnvelope(message, fields.members);
        if (member === null) continue;
        if (member.field !== fields.init) return member;
        options.opened((await sessions.accept(member.bytes)).key);
      }
    },
  };
}

/** The next message, or a new offer where that is due first. */
async function readOrOffer(input: {
  readonly stream: GrpcStream;
  readonly sessions: StreamSessions;
  readonly offer: () => void;
}): Promise<Uint8Array | null | 'offered'> {
  const due = input.sessions.dueMs();
  const late = grpcRefusal('no_init');
  try {
    return await input.stream.read({ ms: due.ms, late: () => late });
  } catch (error) {
    if (error !== late || due.what === 'init') throw error;
    input.offer();
    return 'offered';
  }
}

/** Nobody's fault, or ours: the client comes back at once. */
const NOT_HELD: ReadonlySet<string> = new Set(['CANCELLED', 'UNAVAILABLE', 'INTERNAL']);

/** Runs a stream; where it is refused, its end waits as long as the holds say for the name that is at fault then. */
export async function holdingRefused(
  run: () => Promise<void>,
  { stream, holds, nameOf }: { stream: GrpcStream; holds: Holds; nameOf: () => string },
): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (error instanceof GrpcRefusal && !NOT_HELD.has(error.status))
      await holds.hold(nameOf(), stream.signal);
    throw error;
  }
}

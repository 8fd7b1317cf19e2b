import { equalBytes } from '../evidence/merkle.ts';
import { ProtocolError } from '../errors.ts';
import type { KnownRecord, OpenedEvidence } from '../evidence/cut.ts';
import type { HotspotKey } from '../units.ts';
import type { VerifySignature } from '../verify/poc.ts';
import { openSessionInit, type SessionInit } from '../wire/session.ts';

/** A session's key may sign for half an hour, and a minute of delay is forgiven (evidence.md, "Records"). */
export const SESSION_LIFETIME_MS: number = 31 * 60_000;

/** The session_inits of one log, each opened and verified at most once. */
export class Sessions {
  readonly #records: OpenedEvidence['sessions'];
  readonly #verify: VerifySignature;
  readonly #opened = new Map<number, SessionInit | null>();

  constructor(input: { readonly sessions: OpenedEvidence['sessions']; readonly verify: VerifySignature }) {
    this.#records = input.sessions;
    this.#verify = input.verify;
  }

  /**
   * The key that must have signed a report: the gateway's own, or that of the session it names. null where the session is
   * missing, not before the report, too old, of another gateway, not for the offered nonce, or badly signed.
   */
  signerOf(report: {
    readonly key: HotspotKey;
    readonly index: number;
    readonly receivedAt: number;
    readonly session: number | null;
  }): HotspotKey | null {
    if (report.session === null) return report.key;
    const record = this.#records.get(report.session);
    if (record === undefined || record.index >= report.index) return null;
    if (report.receivedAt - record.receivedAt > SESSION_LIFETIME_MS) return null;
    const init = this.#open(record);
    return init?.key === report.key ? init.sessionKey : null;
  }

  #open(record: KnownRecord): SessionInit | null {
    const known = this.#opened.get(record.index);
    if (known !== undefined) return known;
    const init = verifiedInit(record, this.#verify);
    this.#opened.set(record.index, init);
    return init;
  }
}

function verifiedInit({ body }: KnownRecord, verify: VerifySignature): SessionInit | null {
  if (body.kind !== 'session_init') return null;
  try {
    const init = openSessionInit(body.init);
    const signed = verify({ key: init.key, message: init.signedBytes, signature: init.signature });
    return signed && equalBytes(init.nonce, body.nonce) ? init : null;
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}

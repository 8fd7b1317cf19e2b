import type { HotspotKey } from '../units.ts';
import { lengthDelimited, readSignedMessage } from './fields.ts';
import { parseKey } from './key.ts';
import { requireSize } from './report.ts';

/** session_init of a report stream: the gateway's key vouches for a fresh session key (gateway.md, "stream_requests"). */
export interface SessionInit {
  readonly key: HotspotKey;
  /** The 32 bytes that the server offered. */
  readonly nonce: Uint8Array;
  readonly sessionKey: HotspotKey;
  readonly signature: Uint8Array;
  readonly signedBytes: Uint8Array;
  readonly bytes: Uint8Array;
}

/** Decodes a session_init; throws like `openReport`. */
export function openSessionInit(bytes: Uint8Array): SessionInit {
  requireSize('session_init', bytes);
  let key: Uint8Array = new Uint8Array(0);
  let nonce: Uint8Array = new Uint8Array(0);
  let sessionKey: Uint8Array = new Uint8Array(0);
  let signature: Uint8Array = new Uint8Array(0);
  const signedBytes = readSignedMessage(bytes, {
    code: 'malformed_report',
    kind: 'session_init',
    signature: 4,
    onSignature: (value) => {
      signature = value;
    },
    onField: (field, wire, reader) => {
      if (field === 1) key = lengthDelimited(field, wire, reader);
      else if (field === 2) nonce = lengthDelimited(field, wire, reader);
      else if (field === 3) sessionKey = lengthDelimited(field, wire, reader);
      else return false;
      return true;
    },
  });
  return { key: parseKey(key), nonce, sessionKey: parseKey(sessionKey), signature, signedBytes, bytes };
}

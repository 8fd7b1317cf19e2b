import { ProtocolError } from '#protocol/errors';
import type { HotspotKey } from '#protocol/units';
import { lengthDelimited, readSignedMessage, unsigned64 } from '#protocol/wire/fields';
import { parseKey } from '#protocol/wire/key';

/** A message that a hotspot signed, and the bytes that the signature is over. */
export interface SignedByHotspot {
  readonly key: HotspotKey;
  readonly signature: Uint8Array;
  readonly signedBytes: Uint8Array;
}

export interface Register extends SignedByHotspot {
  /** Whether it will answer an offer with a session. */
  readonly sessionCapable: boolean;
}

/** A LoRaWAN frame has 255 bytes at most; what a hotspot says about it has less than as many again. */
const LIMIT_BYTES = 1024;
const NONE = new Uint8Array(0);

/** packet_router_register_v1; throws malformed_report, oversized_report, malformed_key or unsupported_key_type. */
export function openRegister(bytes: Uint8Array): Register {
  let sessionCapable = false;
  const signed = openSigned(bytes, { kind: 'register', gateway: 2, signature: 3 }, (field, value) => {
    if (field === 4) sessionCapable = value !== 0n;
  });
  return { ...signed, sessionCapable };
}

/** packet_router_packet_up_v1, of which only the signer is read here; throws like `openRegister`. */
export function openPacketUp(bytes: Uint8Array): SignedByHotspot {
  return openSigned(bytes, { kind: 'packet', gateway: 9, signature: 10 }, () => undefined);
}

function openSigned(
  bytes: Uint8Array,
  message: { readonly kind: string; readonly gateway: number; readonly signature: number },
  onInteger: (field: number, value: bigint) => void,
): SignedByHotspot {
  const { kind } = message;
  if (bytes.length > LIMIT_BYTES)
    throw new ProtocolError('oversized_report', { kind, bytes: bytes.length, limit: LIMIT_BYTES });
  let gateway: Uint8Array = NONE;
  let signature: Uint8Array = NONE;
  const signedBytes = readSignedMessage(bytes, {
    code: 'malformed_report',
    kind,
    signature: message.signature,
    onSignature: (value) => {
      signature = value;
    },
    onField: (field, wire, reader) => {
      if (field === message.gateway) gateway = lengthDelimited(field, wire, reader);
      else if (kind === 'register' && field === 4) onInteger(field, unsigned64(field, wire, reader));
      else return false;
      return true;
    },
  });
  return { key: parseKey(gateway), signature, signedBytes };
}

import { PublicKey } from '@solana/web3.js';
import { registerMessage } from '#client';
import type { Address, HotspotKey } from '#protocol/units';
import { keyText, parseKey } from '#protocol/wire/key';
import { verifySignature } from '#services/runtime/signature';
import { CliError } from '../cli-error.ts';

/** What a hotspot signed: its key, and for whom in which network. */
export interface Registration {
  readonly key: HotspotKey;
  readonly signature: Uint8Array;
}

const ENVELOPE = 0x0a;
const [OWNER, GATEWAY, GATEWAY_SIGNATURE, PAYER] = [1, 2, 4, 5];
/** A Solana address as a key of hotspots: the tag of mainnet ed25519. */
const SOLANA_TAG = 0x01;

/**
 * The registration in the output of `helium_gateway add`, whose `txn` is the base64 of an add_gateway transaction in its
 * envelope; refused where it is for another owner or network, or the hotspot did not sign it.
 */
export function parseRegistration(
  output: unknown,
  of: { readonly file: string; readonly owner: PublicKey; readonly network: PublicKey },
): Registration {
  const { file, owner, network } = of;
  const malformed = (problem: string): CliError => new CliError('malformed_registration', { file, problem });
  const txn = isRecord(output) ? output['txn'] : undefined;
  if (typeof txn !== 'string' || txn === '') throw malformed('no text "txn"');
  const envelope = fieldsOf(Buffer.from(txn, 'base64'));
  const inner = envelope?.get(ENVELOPE >> 3);
  const fields = inner === undefined ? null : fieldsOf(inner);
  const gateway = fields?.get(GATEWAY);
  const signature = fields?.get(GATEWAY_SIGNATURE);
  if (!fields || gateway === undefined || signature === undefined)
    throw malformed('"txn" is no signed add_gateway transaction');
  const key = keyOf(gateway, malformed);
  requireAddress('owner', { found: fields.get(OWNER), expected: owner });
  requireAddress('payer', { found: fields.get(PAYER), expected: network });
  const message = registerMessage({ owner, gateway: key, network });
  if (!verifySignature({ key, message, signature }))
    throw new CliError('unsigned_registration', { file, key: keyText(key) });
  return { key, signature };
}

function requireAddress(
  name: 'owner' | 'payer',
  { found, expected }: { readonly found: Uint8Array | undefined; readonly expected: PublicKey },
): void {
  if (found?.length === 33 && found[0] === SOLANA_TAG && expected.equals(new PublicKey(found.subarray(1))))
    return;
  const shown: Address | string =
    found?.length === 33 && found[0] === SOLANA_TAG
      ? new PublicKey(found.subarray(1)).toBase58()
      : 'not a Solana address';
  throw new CliError(name === 'owner' ? 'wrong_owner' : 'wrong_payer', {
    found: shown,
    expected: expected.toBase58(),
  });
}

function keyOf(bytes: Uint8Array, malformed: (problem: string) => CliError): HotspotKey {
  try {
    return parseKey(bytes);
  } catch (error) {
    throw malformed(error instanceof Error ? error.message : String(error));
  }
}

/** Fields of a protobuf message that hold bytes, by number; numbers are skipped, null where it is none. */
function fieldsOf(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> | null {
  const fields = new Map<number, Uint8Array>();
  let at = 0;
  const varint = (): number | null => {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = bytes[at];
      at += 1;
      if (byte === undefined) return null;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return null;
  };
  while (at < bytes.length) {
    const tag = varint();
    const value = varint();
    if (tag === null || value === null) return null;
    if ((tag & 7) === 0) continue;
    if ((tag & 7) !== 2 || at + value > bytes.length) return null;
    fields.set(tag >> 3, bytes.subarray(at, at + value));
    at += value;
  }
  return fields;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

import { base64, hex, utf8 } from '@scure/base';
import { ProtocolError } from '../errors.ts';
import { millis, type Millis } from '../units.ts';
import type { VerifySignature } from '../verify/poc.ts';
import { rootOfInclusion } from './proof.ts';
import { signingKey, type VerifierKey } from './verifier-key.ts';

/**
 * A log's promise that an entry stands at an index. What was appended together is signed once: the signature covers
 * the root of the tree over the leaf hashes of [batchFirst, batchFirst + batchSize), to which `batchProof` leads.
 */
export interface Receipt {
  readonly origin: string;
  readonly index: number;
  readonly leaf: Uint8Array;
  readonly receivedAt: Millis;
  /** By then a published checkpoint covers the index. */
  readonly integratedBy: Millis;
  readonly batchFirst: number;
  readonly batchSize: number;
  readonly batchProof: readonly Uint8Array[];
  readonly signature: Uint8Array;
}

/** A receipt in the JSON of APIs: hashes in hex, signature in base64. */
export interface ReceiptJson {
  readonly origin: string;
  readonly index: number;
  readonly leaf_hash: string;
  readonly received_at: number;
  readonly integrated_by: number;
  readonly batch: { readonly first: number; readonly size: number; readonly proof: readonly string[] };
  readonly signature: string;
}

/** What a batch of appended entries promises. */
export interface ReceiptBatch {
  readonly origin: string;
  readonly first: number;
  readonly size: number;
  /** Root over the batch's leaf hashes. */
  readonly root: Uint8Array;
  readonly receivedAt: Millis;
  readonly integratedBy: Millis;
}

/** NUL is not legal in a note, so that no receipt is ever a checkpoint of the same key. */
const DOMAIN: Uint8Array = utf8.decode('coverant receipt v1\0');

/** The bytes that a log signs: domain, origin, LF, first, size, received_at, integrated_by as u64 big-endian, root. */
export function receiptBytes(batch: ReceiptBatch): Uint8Array {
  const origin = utf8.decode(`${batch.origin}\n`);
  const bytes = new Uint8Array(DOMAIN.length + origin.length + 32 + 32);
  bytes.set(DOMAIN);
  bytes.set(origin, DOMAIN.length);
  const view = new DataView(bytes.buffer, DOMAIN.length + origin.length);
  const numbers = [batch.first, batch.size, batch.receivedAt, batch.integratedBy];
  for (const [at, number] of numbers.entries()) view.setBigUint64(at * 8, BigInt(number));
  bytes.set(batch.root, bytes.length - 32);
  return bytes;
}

/** Throws invalid_signature unless the log's key signed exactly this. */
export function verifyReceipt(
  receipt: Receipt,
  { key, verify }: { readonly key: VerifierKey; readonly verify: VerifySignature },
): void {
  const {
    origin,
    index,
    leaf,
    receivedAt,
    integratedBy,
    batchFirst: first,
    batchSize: size,
    signature,
  } = receipt;
  const root = rootOfInclusion({ leaf, index: index - first, size, proof: receipt.batchProof });
  if (root === undefined) throw new ProtocolError('proof_mismatch', { origin, index, first, size });
  const message = receiptBytes({ origin, first, size, root, receivedAt, integratedBy });
  if (!verify({ key: signingKey(key), message, signature }))
    throw new ProtocolError('invalid_signature', { origin, index, keyId: key.id });
}

/** The receipt as APIs answer it. */
export function encodeReceipt(receipt: Receipt): ReceiptJson {
  return {
    origin: receipt.origin,
    index: receipt.index,
    leaf_hash: hex.encode(receipt.leaf),
    received_at: receipt.receivedAt,
    integrated_by: receipt.integratedBy,
    batch: {
      first: receipt.batchFirst,
      size: receipt.batchSize,
      proof: receipt.batchProof.map((hash) => hex.encode(hash)),
    },
    signature: base64.encode(receipt.signature),
  };
}

/** Reads back what an API answered; throws malformed_receipt. Only `verifyReceipt` says whether a log promised it. */
export function decodeReceipt(json: unknown): Receipt {
  try {
    const { origin, index, batch, ...receipt } = json as ReceiptJson;
    if (typeof origin !== 'string') throw new TypeError('origin is no text');
    if (![index, batch.first, batch.size].every((place) => Number.isSafeInteger(place) && place >= 0))
      throw new RangeError('index, first and size are whole numbers');
    return {
      origin,
      index,
      leaf: hex.decode(receipt.leaf_hash),
      receivedAt: millis(receipt.received_at),
      integratedBy: millis(receipt.integrated_by),
      batchFirst: batch.first,
      batchSize: batch.size,
      batchProof: batch.proof.map((hash) => hex.decode(hash)),
      signature: base64.decode(receipt.signature),
    };
  } catch (error) {
    throw new ProtocolError('malformed_receipt', {
      cause: error instanceof Error ? error.message : 'unknown',
    });
  }
}

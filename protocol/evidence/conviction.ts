import { hex, utf8 } from '@scure/base';
import { ProtocolError } from '../errors.ts';
import type { VerifySignature } from '../verify/poc.ts';
import { openCheckpoint } from './checkpoint.ts';
import { equalBytes } from './merkle.ts';
import { verifyInclusion } from './proof.ts';
import { decodeReceipt, encodeReceipt, verifyReceipt, type Receipt, type ReceiptJson } from './receipt.ts';
import type { VerifierKey } from './verifier-key.ts';

/**
 * What convicts a log of a broken promise (evidence.md, "Receipts"): its receipt, a checkpoint that it signed, and the proof
 * of another leaf at the receipt's index. With the log's key it needs nothing else.
 */
export interface Conviction {
  readonly receipt: Receipt;
  /** The note's bytes. */
  readonly checkpoint: Uint8Array;
  /** The leaf hash that stands at the index instead. */
  readonly leaf: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** A conviction in JSON: hashes in hex, the checkpoint as its text. */
export interface ConvictionJson {
  readonly receipt: ReceiptJson;
  readonly checkpoint: string;
  readonly leaf_hash: string;
  readonly proof: readonly string[];
}

/**
 * Throws unless the log's key signed both the receipt and a checkpoint in which another leaf stands at its index:
 * promise_kept where it is the promised one, proof_mismatch where none is proven, and what receipts and checkpoints throw.
 */
export function verifyConviction(
  { receipt, checkpoint, leaf, proof }: Conviction,
  by: { readonly key: VerifierKey; readonly verify: VerifySignature },
): void {
  const { origin, index } = receipt;
  verifyReceipt(receipt, by);
  const { size, root } = openCheckpoint(checkpoint, { origin, keys: [by.key], verify: by.verify });
  if (!verifyInclusion({ leaf, index, size, proof, root }))
    throw new ProtocolError('proof_mismatch', { origin, index, size });
  if (equalBytes(leaf, receipt.leaf)) throw new ProtocolError('promise_kept', { origin, index, size });
}

/** The conviction as files hold it. */
export function encodeConviction({ receipt, checkpoint, leaf, proof }: Conviction): ConvictionJson {
  return {
    receipt: encodeReceipt(receipt),
    checkpoint: utf8.encode(checkpoint),
    leaf_hash: hex.encode(leaf),
    proof: proof.map((hash) => hex.encode(hash)),
  };
}

/** Reads back a file; throws malformed_conviction, or malformed_receipt. Only `verifyConviction` says whether it holds. */
export function decodeConviction(json: unknown): Conviction {
  const { receipt, ...rest } = (json ?? {}) as ConvictionJson;
  const opened = decodeReceipt(receipt);
  try {
    return {
      receipt: opened,
      checkpoint: utf8.decode(rest.checkpoint),
      leaf: hex.decode(rest.leaf_hash),
      proof: rest.proof.map((hash) => hex.decode(hash)),
    };
  } catch (error) {
    throw new ProtocolError('malformed_conviction', {
      cause: error instanceof Error ? error.message : 'unknown',
    });
  }
}

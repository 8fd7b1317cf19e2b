import type { Conviction } from '#protocol/evidence/conviction';
import { equalBytes } from '#protocol/evidence/merkle';
import { verifyReceipt, type Receipt } from '#protocol/evidence/receipt';
import type { VerifierKey } from '#protocol/evidence/verifier-key';
import { ProtocolError } from '#protocol/errors';
import type { Millis } from '#protocol/units';
import { verifySignature } from '../signature.ts';
import { nativeLeafHash } from './native-hash.ts';
import type { PublishedLog } from './published-log.ts';

/** What a log's public files say of a receipt. */
export type ReceiptCheck =
  /** The entry stands where it was promised; `proof` leads from its leaf to the root of the checkpoint. */
  | {
      readonly state: 'kept';
      readonly size: number;
      readonly root: Uint8Array;
      readonly proof: readonly Uint8Array[];
    }
  /** Another entry stands there: enough to convict the log. */
  | { readonly state: 'broken'; readonly conviction: Conviction }
  /** The newest checkpoint does not reach the index. `overdue` by this machine's clock, which convicts nobody. */
  | { readonly state: 'not_integrated'; readonly size: number; readonly overdue: boolean };

/**
 * Compares a receipt with a log's checkpoint and the entry at its index. Throws invalid_signature or proof_mismatch for a
 * receipt that the log never gave, malformed_checkpoint for one of another log, what tiles throw, and Outage for files that
 * are not there: whoever withholds them is not convicted by that.
 */
export async function checkReceipt(of: {
  readonly receipt: Receipt;
  readonly key: VerifierKey;
  readonly log: PublishedLog;
  readonly now: Millis;
}): Promise<ReceiptCheck> {
  const { receipt, key, now } = of;
  const { checkpoint, tree, origin } = of.log;
  const { index } = receipt;
  verifyReceipt(receipt, { key, verify: verifySignature });
  if (origin !== receipt.origin)
    throw new ProtocolError('malformed_checkpoint', { origin, expected: receipt.origin });
  const { size, root } = tree;
  if (size <= index) return { state: 'not_integrated', size, overdue: now > receipt.integratedBy };
  const [entry] = await tree.entries(index, index + 1);
  if (entry === undefined) throw new RangeError(`no entry ${index} in a tree of ${size}`);
  const leaf = nativeLeafHash(entry);
  const proof = await tree.inclusionProof(index);
  return equalBytes(leaf, receipt.leaf)
    ? { state: 'kept', size, root, proof }
    : { state: 'broken', conviction: { receipt, checkpoint, leaf, proof } };
}

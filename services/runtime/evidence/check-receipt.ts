import { openCheckpoint } from '#protocol/evidence/checkpoint';
import type { Conviction } from '#protocol/evidence/conviction';
import { equalBytes } from '#protocol/evidence/merkle';
import { verifyReceipt, type Receipt } from '#protocol/evidence/receipt';
import type { VerifierKey } from '#protocol/evidence/verifier-key';
import type { Millis } from '#protocol/units';
import { verifySignature } from '../signature.ts';
import { nativeLeafHash } from './native-hash.ts';
import type { PublicLogReader } from './public-log-reader.ts';
import { VerifiedTree } from './verified-tree.ts';

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
 * Compares a receipt with the newest checkpoint and the entry at its index. Throws invalid_signature or proof_mismatch for
 * a receipt that the log never gave, what checkpoints and tiles throw, and Outage for files that are not there: whoever
 * withholds them is not convicted by that.
 */
export async function checkReceipt(of: {
  readonly receipt: Receipt;
  readonly key: VerifierKey;
  readonly reader: PublicLogReader;
  readonly now: Millis;
}): Promise<ReceiptCheck> {
  const { receipt, key, reader, now } = of;
  const { origin, index } = receipt;
  verifyReceipt(receipt, { key, verify: verifySignature });
  const checkpoint = await reader.checkpoint();
  const head = openCheckpoint(checkpoint, { origin, keys: [key], verify: verifySignature });
  const { size, root } = head;
  if (size <= index) return { state: 'not_integrated', size, overdue: now > receipt.integratedBy };
  const tree = new VerifiedTree(reader, head);
  const [entry] = await tree.entries(index, index + 1);
  if (entry === undefined) throw new RangeError(`no entry ${index} in a tree of ${size}`);
  const leaf = nativeLeafHash(entry);
  const proof = await tree.inclusionProof(index);
  return equalBytes(leaf, receipt.leaf)
    ? { state: 'kept', size, root, proof }
    : { state: 'broken', conviction: { receipt, checkpoint, leaf, proof } };
}

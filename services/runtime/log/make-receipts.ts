import type { NoteSigner } from '#protocol/evidence/note';
import { MerkleTree } from '#protocol/evidence/proof';
import { receiptBytes, type Receipt } from '#protocol/evidence/receipt';
import { millis, type Millis } from '#protocol/units';
import { nativeLeafHash, nativeNodeHash } from '#services/runtime/evidence/native-hash';

/** Receipts promise a checkpoint this long after the delay: room for a disk that was full for a while. */
const INTEGRATE_WITHIN_MS = 60_000;

/** Receipts for entries that stand one after the other and were received together: signed once, over their tree's root. */
export function makeReceipts(
  entries: readonly Uint8Array[],
  of: {
    readonly signer: NoteSigner;
    readonly first: number;
    readonly receivedAt: Millis;
    readonly delayMs: number;
  },
): Receipt[] {
  const { signer, first, receivedAt, delayMs } = of;
  const origin = signer.key.name;
  const tree = new MerkleTree(entries.map(nativeLeafHash), nativeNodeHash);
  const integratedBy = millis(receivedAt + delayMs + INTEGRATE_WITHIN_MS);
  const batch = { origin, first, size: tree.size, root: tree.root, receivedAt, integratedBy };
  const signature = signer.sign(receiptBytes(batch));
  return tree.leaves.map((leaf, at) => ({
    origin,
    index: first + at,
    leaf,
    receivedAt,
    integratedBy,
    batchFirst: first,
    batchSize: tree.size,
    batchProof: tree.inclusionProof(at),
    signature,
  }));
}

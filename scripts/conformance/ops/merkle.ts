import { leafHash, treeRoot } from '#protocol/evidence/merkle';
import { inclusionProof } from '#protocol/evidence/proof';
import { toHex } from '#protocol/wire/hex';
import { listOf } from '../input/fields.ts';
import type { Op } from '../op.ts';
import { bytes, size } from '../input/values.ts';

/** Root over entries (RFC 6962). */
export const root: Op = (input) => ({
  root: toHex(treeRoot(input.get('entries', listOf(bytes)).map(leafHash))),
});

/** Inclusion proof of one entry, from the leaf upwards. */
export const inclusion: Op = (input) => {
  const leaves = input.get('entries', listOf(bytes)).map(leafHash);
  const index = input.get('index', size(0, leaves.length - 1));
  return {
    proof: inclusionProof(leaves, index).map(toHex),
    leaf: toHex(leaves[index] ?? new Uint8Array(0)),
  };
};

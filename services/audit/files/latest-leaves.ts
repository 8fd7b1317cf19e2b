import type { FinalizedEpoch, Network } from '#client';
import { ProtocolError } from '#protocol/errors';
import { FILES } from '#protocol/settle/folder';
import { openLeaves } from '#protocol/settle/folder/leaves-file';
import type { LeafKey } from '#protocol/settle/leaf';
import { settlementTree } from '#protocol/settle/tree';
import type { Address } from '#protocol/units';
import { nativeHashes } from '#services/runtime/evidence/native-hash';
import { Outage } from '#services/runtime/outage';
import { epochPath } from '#services/runtime/public-epochs';
import type { PublicFiles } from '#services/runtime/public-files';
import { CannotCheck, damagedCopy, Disagreement } from '#services/audit/report/failures';

/** Cumulative totals by key in the latest leaves, which have the root on chain. */
export async function readLatestLeaves(
  source: PublicFiles,
  of: { readonly network: Network; readonly latest: FinalizedEpoch },
): Promise<ReadonlyMap<LeafKey, bigint>> {
  const path = epochPath(of.latest.epoch, FILES.leaves);
  const bytes = await source.read(path);
  if (bytes === null) throw new Outage('file_missing', { location: source.location, path });
  const tree = settlementTree({
    network: of.network.address.toBase58() as Address,
    leaves: leavesOf(bytes, path),
    hashes: nativeHashes,
  });
  if (tree.root !== of.latest.root)
    throw new CannotCheck(
      'damaged_copy',
      `${path}: its root is ${tree.root}, the chain has ${of.latest.root}`,
    );
  const { cumulativeTotal } = of.latest;
  if (tree.total !== cumulativeTotal)
    throw new Disagreement({
      check: 'claims',
      where: `${path}: sum of the leaves`,
      found: tree.total.toString(),
      expected: cumulativeTotal.toString(),
    });
  return new Map(tree.leaves.map((leaf) => [leaf.key, leaf.cumulative]));
}

function leavesOf(bytes: Uint8Array, path: string): ReturnType<typeof openLeaves> {
  try {
    return openLeaves(bytes);
  } catch (error) {
    if (error instanceof ProtocolError) throw damagedCopy(path, error);
    throw error;
  }
}

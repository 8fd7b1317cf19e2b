import type { FinalizedEpoch } from '#client';
import { ProtocolError } from '#protocol/errors';
import { FILES } from '#protocol/settle/folder';
import { GENESIS_PARENT, openTuple, tupleHash, type Tuple } from '#protocol/settle/tuple';
import type { EpochNumber, Hash } from '#protocol/units';
import { Outage } from '#services/runtime/outage';
import { epochPath, readEpochIndex } from '#services/runtime/public-epochs';
import type { PublicFiles } from '#services/runtime/public-files';
import { Disagreement } from './report.ts';

/** Where an epoch stands in the chain of tuples that the newest one on chain authenticates. */
export type TuplePlace =
  | { readonly kind: 'tuple'; readonly tuple: Tuple }
  /** No tuple: oracles skipped it as empty; `after` (null: the genesis) and `before` are its neighbours. */
  | { readonly kind: 'skipped'; readonly after: Tuple | null; readonly before: Tuple };

/** Walks from the chain's latest tuple hash down by parent hashes, as far as the epoch; the index is only a hint. */
export async function findTuplePlace(
  source: PublicFiles,
  wanted: { readonly latest: FinalizedEpoch; readonly epoch: EpochNumber },
): Promise<TuplePlace> {
  const index = await readEpochIndex(source);
  let tuple = await readTuple(source, wanted.latest);
  while (tuple.epoch > wanted.epoch) {
    const before = tuple;
    if (before.parentTupleHash === GENESIS_PARENT) return { kind: 'skipped', after: null, before };
    const parent = index.find((entry) => entry.tupleHash === before.parentTupleHash);
    if (parent === undefined)
      throw new Outage('file_missing', {
        location: source.location,
        tupleHash: before.parentTupleHash,
        parentOf: before.epoch,
      });
    tuple = await readTuple(source, parent);
    if (tuple.epoch < wanted.epoch) return { kind: 'skipped', after: tuple, before };
  }
  return { kind: 'tuple', tuple };
}

async function readTuple(
  source: PublicFiles,
  wanted: { readonly epoch: EpochNumber; readonly tupleHash: Hash },
): Promise<Tuple> {
  const path = epochPath(wanted.epoch, FILES.tuple);
  const bytes = await source.read(path);
  if (bytes === null) throw new Outage('file_missing', { location: source.location, path });
  const tuple = openOrDisagree(bytes, path);
  const found = tupleHash(tuple);
  if (found !== wanted.tupleHash)
    throw new Disagreement({ check: 'tuple', where: `${path}: hash`, found, expected: wanted.tupleHash });
  return tuple;
}

function openOrDisagree(bytes: Uint8Array, path: string): Tuple {
  try {
    return openTuple(bytes);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new Disagreement({ check: 'tuple', where: path, found: error.message, expected: 'a tuple' });
  }
}

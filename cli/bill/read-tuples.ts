import type { FinalizedEpoch } from '#client';
import { ProtocolError } from '#protocol/errors';
import { FILES } from '#protocol/settle/folder';
import { GENESIS_PARENT, openTuple, tupleHash, type Tuple } from '#protocol/settle/tuple';
import type { EpochNumber, Hash } from '#protocol/units';
import { Outage } from '#services/runtime/outage';
import { epochPath, readEpochIndex } from '#services/runtime/public-epochs';
import type { PublicFiles } from '#services/runtime/public-files';

/** Every final tuple, newest first, by parent hashes down from the one on chain; the index is only a hint. */
export async function* finalTuples(
  source: PublicFiles,
  latest: Pick<FinalizedEpoch, 'epoch' | 'tupleHash'>,
): AsyncGenerator<Tuple> {
  const index = new Map((await readEpochIndex(source)).map((entry) => [entry.tupleHash, entry]));
  let tuple = await readTuple(source, latest);
  yield tuple;
  while (tuple.parentTupleHash !== GENESIS_PARENT) {
    const parent = index.get(tuple.parentTupleHash);
    if (parent === undefined)
      throw new Outage('file_missing', { location: source.location, tupleHash: tuple.parentTupleHash });
    tuple = await readTuple(source, parent);
    yield tuple;
  }
}

async function readTuple(
  source: PublicFiles,
  wanted: { readonly epoch: EpochNumber; readonly tupleHash: Hash },
): Promise<Tuple> {
  const path = epochPath(wanted.epoch, FILES.tuple);
  const bytes = await source.read(path);
  if (bytes === null) throw new Outage('file_missing', { location: source.location, path });
  const tuple = openTuple(bytes);
  const found = tupleHash(tuple);
  if (found !== wanted.tupleHash)
    throw new ProtocolError('malformed_folder', { file: path, found, expected: wanted.tupleHash });
  return tuple;
}

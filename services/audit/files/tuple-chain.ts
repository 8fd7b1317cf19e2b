import type { FinalizedEpoch } from '#client';
import { ProtocolError } from '#protocol/errors';
import { FILES } from '#protocol/settle/folder';
import { GENESIS_PARENT, openTuple, tupleHash, type Tuple } from '#protocol/settle/tuple';
import { epochNumber, type EpochNumber, type Hash } from '#protocol/units';
import { Outage } from '#services/runtime/outage';
import { epochPath, readEpochIndex, type EpochEntry } from '#services/runtime/public-epochs';
import type { PublicFiles } from '#services/runtime/public-files';
import { CannotCheck, damagedCopy } from '#services/audit/report/failures';

/** Where an epoch stands in the chain of tuples that the newest one on chain authenticates. */
export type TuplePlace =
  | { readonly kind: 'tuple'; readonly tuple: Tuple }
  /** No tuple: oracles skipped it as empty; `after` (null: the genesis) and `before` are its neighbours. */
  | { readonly kind: 'skipped'; readonly after: Tuple | null; readonly before: Tuple };

type Latest = Pick<FinalizedEpoch, 'epoch' | 'tupleHash'>;

/** Walks from the chain's latest tuple hash down by parent hashes, as far as the epoch; the index is only a hint. */
export async function findTuplePlace(
  source: PublicFiles,
  wanted: { readonly latest: Latest; readonly epoch: EpochNumber },
): Promise<TuplePlace> {
  let before: Tuple | null = null;
  for await (const tuple of tuplesDown(source, wanted.latest)) {
    if (tuple.epoch === wanted.epoch) return { kind: 'tuple', tuple };
    if (tuple.epoch < wanted.epoch && before !== null) return { kind: 'skipped', after: tuple, before };
    before = tuple;
  }
  if (before === null) throw new RangeError(`epoch ${wanted.epoch} is later than ${wanted.latest.epoch}`);
  return { kind: 'skipped', after: null, before };
}

/** The place of every epoch from 0 to the latest final one, in order. */
export async function* placesFromGenesis(
  source: PublicFiles,
  latest: Latest,
): AsyncGenerator<{ readonly epoch: EpochNumber; readonly place: TuplePlace }> {
  const tuples: Tuple[] = [];
  for await (const tuple of tuplesDown(source, latest)) tuples.push(tuple);
  let after: Tuple | null = null;
  let epoch = 0n;
  for (const tuple of tuples.reverse()) {
    for (; epoch < tuple.epoch; epoch += 1n)
      yield { epoch: epochNumber(epoch), place: { kind: 'skipped', after, before: tuple } };
    yield { epoch: tuple.epoch, place: { kind: 'tuple', tuple } };
    after = tuple;
    epoch += 1n;
  }
}

/** Every final tuple, newest first, each with the hash that the one before it names as its parent. */
async function* tuplesDown(source: PublicFiles, latest: Latest): AsyncGenerator<Tuple> {
  const index = new Map((await readIndex(source)).map((entry) => [entry.tupleHash, entry]));
  let tuple = await readTuple(source, latest);
  yield tuple;
  while (tuple.parentTupleHash !== GENESIS_PARENT) {
    const parent = index.get(tuple.parentTupleHash);
    if (parent === undefined)
      throw new Outage('file_missing', {
        location: source.location,
        tupleHash: tuple.parentTupleHash,
        parentOf: tuple.epoch,
      });
    tuple = await readTuple(source, parent);
    yield tuple;
  }
}

async function readIndex(source: PublicFiles): Promise<readonly EpochEntry[]> {
  try {
    return await readEpochIndex(source);
  } catch (error) {
    if (error instanceof Outage) throw error;
    throw new CannotCheck('damaged_copy', error instanceof Error ? error.message : String(error));
  }
}

async function readTuple(
  source: PublicFiles,
  wanted: { readonly epoch: EpochNumber; readonly tupleHash: Hash },
): Promise<Tuple> {
  const path = epochPath(wanted.epoch, FILES.tuple);
  const bytes = await source.read(path);
  if (bytes === null) throw new Outage('file_missing', { location: source.location, path });
  const tuple = openTupleOf(bytes, path);
  const found = tupleHash(tuple);
  if (found !== wanted.tupleHash)
    throw new CannotCheck(
      'damaged_copy',
      `${path}: its hash is ${found}, the chain of tuples names ${wanted.tupleHash}`,
    );
  return tuple;
}

function openTupleOf(bytes: Uint8Array, path: string): Tuple {
  try {
    return openTuple(bytes);
  } catch (error) {
    if (error instanceof ProtocolError) throw damagedCopy(path, error);
    throw error;
  }
}

import { FILES } from '#protocol/settle/folder';
import { epochPath, INDEX_PATH } from '#protocol/settle/folder/public-path';
import { GENESIS_PARENT, openTuple, tupleHash, type Tuple } from '#protocol/settle/tuple';
import { epochNumber, type EpochNumber, type Hash } from '#protocol/units';
import type { LatestEpoch } from './chain.ts';
import { requireFile, type Files } from './places.ts';

/** The epoch's tuple, by parent hashes down from the one on chain, and how many steps that took. */
export async function findTuple(
  files: Files,
  { latest, epoch }: { readonly latest: LatestEpoch; readonly epoch: EpochNumber },
): Promise<{ readonly tuple: Tuple; readonly steps: number }> {
  const places = await readIndex(files);
  let tuple = await readTuple(files, latest.epoch, latest.tupleHash);
  let steps = 0;
  for (; tuple.epoch > epoch; steps += 1) {
    const parent = tuple.parentTupleHash;
    const place = places.get(parent);
    if (parent === GENESIS_PARENT || (place !== undefined && place < epoch))
      throw new Error(`epoch ${epoch} has no tuple: it was skipped as empty`);
    if (place === undefined)
      throw new Error(`${INDEX_PATH} does not list the parent of epoch ${tuple.epoch}`);
    tuple = await readTuple(files, place, parent);
  }
  return { tuple, steps };
}

/** Where to look; what is found there is held to its hash. */
async function readIndex(files: Files): Promise<ReadonlyMap<Hash, EpochNumber>> {
  const text = new TextDecoder().decode(await requireFile(files, INDEX_PATH));
  const { epochs } = JSON.parse(text) as {
    readonly epochs: readonly { readonly epoch: string; readonly tupleHash: Hash }[];
  };
  return new Map(epochs.map((entry) => [entry.tupleHash, epochNumber(BigInt(entry.epoch))]));
}

async function readTuple(files: Files, epoch: EpochNumber, expected: Hash): Promise<Tuple> {
  const path = epochPath(epoch, FILES.tuple);
  const tuple = openTuple(await requireFile(files, path));
  const found = tupleHash(tuple);
  if (found !== expected) throw new Error(`${path} has the hash ${found}, expected ${expected}`);
  return tuple;
}

import type { CarriedSession, SealedEvidence } from '#protocol/evidence/cut';
import type { VerifiedTree } from './verified-tree.ts';

/** Takes entries [from, size) out of a verified tree, with all that `openEvidence` needs to prove them again. */
export async function sealEvidence(input: {
  readonly tree: VerifiedTree;
  readonly origin: string;
  readonly from: number;
  /** The cut: index of the epoch_close plus one. */
  readonly size: number;
  /** Indices of sessions before `from` that the reports of the range name. */
  readonly sessions: readonly number[];
}): Promise<SealedEvidence> {
  const { tree, origin, from, size } = input;
  const entries = await tree.entries(from, size);
  const left = (await tree.range(from)).hashes;
  const root = await tree.rootAt(size);
  const sessions: CarriedSession[] = [];
  for (const index of input.sessions)
    for (const entry of await tree.entries(index, index + 1))
      sessions.push({ index, entry, proof: await tree.inclusionProof(index, size) });
  return { origin, from, left, entries, size, root, sessions };
}

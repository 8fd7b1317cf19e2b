import type { Connection, PublicKey } from '@solana/web3.js';
import type { EpochFolder } from '#protocol/settle/folder';
import { tupleHash } from '#protocol/settle/tuple';
import { finalizedNewestFirst } from '#services/runtime/chain-history';
import { Outage } from '#services/runtime/outage';
import { Disagreement, type Finding } from './report.ts';

/** The oracles' pool is shared by those who voted for the parent epoch; the node's history tells who they were. */
export async function checkVoters(input: {
  readonly connection: Connection;
  readonly network: PublicKey;
  readonly folder: EpochFolder;
}): Promise<Finding> {
  const { parent, registry } = input.folder;
  const found = [...registry.voters].sort().join(' ');
  const expected = parent === null ? '' : await votersFor(input, tupleHash(parent)).catch(nullWhereForgotten);
  if (expected === null)
    return {
      kind: 'not_checked',
      check: 'voters',
      says: 'the node no longer has the transaction that records them',
    };
  if (found !== expected)
    throw new Disagreement({ check: 'voters', where: 'registry.bin: voters', found, expected });
  return {
    kind: 'agrees',
    check: 'voters',
    says: `${registry.voters.length} oracles voted for the parent epoch`,
  };
}

async function votersFor(
  input: { readonly connection: Connection; readonly network: PublicKey },
  parent: string,
): Promise<string | null> {
  for await (const finalized of finalizedNewestFirst(input.connection, input.network))
    if (finalized.tupleHash === parent)
      return finalized.voters
        .map((key) => key.toBase58())
        .sort()
        .join(' ');
  return null;
}

/** A node that lists a transaction and no longer has it tells no more than one that lists none. */
function nullWhereForgotten(error: unknown): null {
  if (error instanceof Outage && error.code === 'history_unavailable') return null;
  throw error;
}

import type { Kysely } from 'kysely';
import type { Logger } from '#services/runtime/logger';
import { readEpochFiles, readEpochIndex, type EpochEntry } from '#services/runtime/public-epochs';
import type { PublicFiles } from '#services/runtime/public-files';
import type { Hash } from '#protocol/units';
import { epochRows } from './epoch-rows.ts';
import { storedEpochs, storeEpoch } from './store.ts';
import type { Tables } from './tables.ts';

/**
 * One turn: every finalized epoch that is not in the read model yet, from the first source that has it. Finalized is what
 * the chain's latest tuple hash leads to by parent hashes; what oracles still vote on is not shown as settled.
 */
export async function followEpochs(input: {
  readonly database: Kysely<Tables>;
  readonly sources: readonly PublicFiles[];
  readonly latest: Hash | null;
  readonly logger: Logger;
}): Promise<void> {
  if (input.latest === null) return;
  const stored = await storedEpochs(input.database);
  const failures: unknown[] = [];
  for (const source of input.sources)
    await followSource({ ...input, source, latest: input.latest, stored }).catch((error: unknown) => {
      failures.push(error);
    });
  // Said by whoever runs the turns; the other sources were asked all the same.
  if (failures.length > 0) throw failures[0];
}

async function followSource(input: {
  readonly database: Kysely<Tables>;
  readonly source: PublicFiles;
  readonly latest: Hash;
  readonly logger: Logger;
  readonly stored: Map<string, string>;
}): Promise<void> {
  const { database, source, latest, logger, stored } = input;
  for (const { epoch, tupleHash } of ancestry(await readEpochIndex(source), latest)) {
    if (stored.get(String(epoch)) === tupleHash) continue;
    const files = await readEpochFiles(source, epoch);
    if (files === null) continue;
    const rows = epochRows(files);
    if (rows.epoch.tuple_hash !== tupleHash) {
      logger.warn(
        { epoch: String(epoch), source: source.location },
        'the folder is not of the finalized tuple',
      );
      continue;
    }
    await storeEpoch(database, rows);
    stored.set(String(epoch), tupleHash);
    logger.info({ epoch: String(epoch), verdicts: rows.reports.length }, 'epoch settled');
  }
}

/** Entries from the latest back to the first one that is missing, in ascending order. */
function ancestry(entries: readonly EpochEntry[], latest: Hash): readonly EpochEntry[] {
  const byHash = new Map(entries.map((entry) => [entry.tupleHash, entry]));
  const chain: EpochEntry[] = [];
  for (let entry = byHash.get(latest); entry !== undefined; entry = byHash.get(entry.parentTupleHash)) {
    chain.push(entry);
    byHash.delete(entry.tupleHash);
  }
  return chain.reverse();
}

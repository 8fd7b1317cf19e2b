import { seenPoc, type SeenEpoch } from '#protocol/deny/classifiers/observed';
import type { Policy } from '#protocol/policy';
import { checkFolder } from '#protocol/settle/folder/check-folder';
import type { EpochNumber } from '#protocol/units';
import { Outage } from '#services/runtime/outage';
import { readEpochFiles, readEpochIndex } from '#services/runtime/public-epochs';
import { openPublicFiles, type PublicFiles } from '#services/runtime/public-files';
import { verifySignature } from '#services/runtime/signature';

/** Both included. */
export interface EpochRange {
  readonly first: bigint;
  readonly last: bigint;
}

/** Epochs as they were judged anew, ascending, with the policy of the last one. */
export interface JudgedEpochs {
  readonly policy: Policy;
  readonly epochs: readonly SeenEpoch[];
}

/** A folder does not say what follows from its own evidence. */
export class FolderRefused extends Error {}

/**
 * Reads epoch folders from the first of the places that has each, and judges their evidence again: their verdicts are not
 * believed. Whether the folders are those of the chain is for the audit to say.
 */
export async function readEpochs(places: readonly string[], range: EpochRange | null): Promise<JudgedEpochs> {
  const sources = places.map((place) => openPublicFiles(place));
  const numbers = await listed(sources, range);
  const epochs: SeenEpoch[] = [];
  let policy: Policy | null = null;
  for (const epoch of numbers) {
    const judged = await judgeAgain(sources, epoch);
    epochs.push(judged.seen);
    policy = judged.policy;
  }
  if (policy === null)
    throw new Outage('file_missing', { location: places.join(' '), epochs: numbers.length });
  return { policy, epochs };
}

async function listed(
  sources: readonly PublicFiles[],
  range: EpochRange | null,
): Promise<readonly EpochNumber[]> {
  const numbers = new Set<EpochNumber>();
  for (const source of sources) for (const { epoch } of await readEpochIndex(source)) numbers.add(epoch);
  const asked = [...numbers].filter(
    (epoch) => range === null || (epoch >= range.first && epoch <= range.last),
  );
  return asked.sort((a, b) => (a < b ? -1 : 1));
}

async function judgeAgain(
  sources: readonly PublicFiles[],
  epoch: EpochNumber,
): Promise<{ readonly policy: Policy; readonly seen: SeenEpoch }> {
  for (const source of sources) {
    const files = await readEpochFiles(source, epoch);
    if (files === null) continue;
    const check = checkFolder({ files, verify: verifySignature });
    if (!check.agrees) {
      const { file, where, theirs, ours } = check.difference;
      throw new FolderRefused(
        `${source.location}: epoch ${epoch}: ${file}: ${where}: found ${theirs}, expected ${ours}`,
      );
    }
    const { policy, registry } = check.folder;
    const { hotspots } = registry;
    const pocs = check.result.verdicts.flatMap(
      (verdict) => seenPoc(verdict, { epoch, registry: hotspots }) ?? [],
    );
    return { policy, seen: { epoch, registry: hotspots, pocs } };
  }
  throw new Outage('file_missing', { location: sources.map(({ location }) => location).join(' '), epoch });
}

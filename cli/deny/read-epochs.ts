import { seenPoc, type SeenEpoch } from '#protocol/deny/classifiers/observed';
import type { Policy } from '#protocol/policy';
import type { FolderFiles } from '#protocol/settle/folder';
import { checkFolder } from '#protocol/settle/folder/check-folder';
import type { EpochNumber } from '#protocol/units';
import { Outage } from '#services/runtime/outage';
import { readEpochFiles } from '#services/runtime/public-epochs';
import { openPublicFiles, type PublicFiles } from '#services/runtime/public-files';
import { verifySignature } from '#services/runtime/signature';
import { CliError } from '../cli-error.ts';
import type { EpochRange } from '../options/epoch.ts';
import { firstAnswer } from './first-answer.ts';
import { listEpochs } from './list-epochs.ts';

/** Epochs as they were judged anew, ascending, with the policy of the last one. */
export interface JudgedEpochs {
  readonly policy: Policy;
  readonly epochs: readonly SeenEpoch[];
}

/**
 * Reads epoch folders from the first of the places that has each, and judges their evidence again: their verdicts are not
 * believed. Whether the folders are those of the chain is for the audit to say.
 */
export async function readEpochs(places: readonly string[], range: EpochRange | null): Promise<JudgedEpochs> {
  const sources = places.map((place) => openPublicFiles(place));
  const numbers = await listEpochs(sources, range);
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

async function judgeAgain(
  sources: readonly PublicFiles[],
  epoch: EpochNumber,
): Promise<{ readonly policy: Policy; readonly seen: SeenEpoch }> {
  const { location, files } = await firstFiles(sources, epoch);
  const check = checkFolder({ files, verify: verifySignature });
  if (!check.agrees) {
    const { file, where, theirs, ours } = check.difference;
    const at = `epoch ${epoch}: ${file}: ${where}`;
    throw new CliError('folder_differs', { location, at, found: theirs, expected: ours });
  }
  const { policy, registry } = check.folder;
  const { hotspots } = registry;
  const pocs = check.result.verdicts.flatMap(
    (verdict) => seenPoc(verdict, { epoch, registry: hotspots }) ?? [],
  );
  return { policy, seen: { epoch, registry: hotspots, pocs } };
}

async function firstFiles(
  sources: readonly PublicFiles[],
  epoch: EpochNumber,
): Promise<{ readonly location: string; readonly files: FolderFiles }> {
  const found = await firstAnswer(sources, async (source) => {
    const files = await readEpochFiles(source, epoch);
    return files === null ? null : { location: source.location, files };
  });
  if (found !== null) return found;
  throw new Outage('file_missing', { location: sources.map(({ location }) => location).join(' '), epoch });
}

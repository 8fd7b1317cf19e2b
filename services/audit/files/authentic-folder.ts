import type { EpochFacts } from '#protocol/epoch';
import { ProtocolError } from '#protocol/errors';
import { requireDenyFile } from '#protocol/deny/deny-file';
import {
  FILES,
  fileOf,
  openFile,
  openFolder,
  type EpochFolder,
  type FolderFiles,
} from '#protocol/settle/folder';
import { unnamedInput } from '#protocol/settle/folder/check-folder';
import { MANIFEST, openManifest } from '#protocol/settle/folder/manifest-file';
import { openEpochFacts } from '#protocol/settle/folder/epoch-file';
import type { Hash } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';
import { nativeSha256Hex } from '#services/runtime/evidence/native-hash';
import { CannotCheck, damagedCopy } from '#services/audit/report/failures';
import { tupleHash } from '#protocol/settle/tuple';

/** The folder as its manifest lists it, decoded; CannotCheck names the file that is not what it must be. */
export function openListedFolder(files: FolderFiles, of: Pick<EpochFacts, 'network' | 'epoch'>): EpochFolder {
  const listed = opening(MANIFEST, () => openFile(files, MANIFEST, openManifest));
  for (const [name, hash] of listed) {
    const bytes = files.get(name);
    if (bytes === undefined)
      throw new CannotCheck('damaged_copy', `${MANIFEST} lists ${name}, which is missing`);
    requireEqual(`${name}: SHA-256`, { found: nativeSha256Hex(bytes), expected: hash, named: MANIFEST });
  }
  for (const name of files.keys())
    if (name !== MANIFEST && !listed.has(name))
      throw new CannotCheck('damaged_copy', `${MANIFEST} does not list ${name}`);
  const { network, epoch } = opening(FILES.epoch, () => openFile(files, FILES.epoch, openEpochFacts));
  if (network !== of.network || epoch !== of.epoch)
    throw new CannotCheck(
      'foreign_copy',
      `${FILES.epoch} is of epoch ${epoch} of ${network}, not of ${of.epoch} of ${of.network}`,
    );
  return opening('', () => openFolder(files));
}

/** Throws CannotCheck unless every input is the one that the tuple, whose hash the chain names, names. */
export function requireInputs(
  folder: EpochFolder,
  {
    files,
    expected,
    verify,
  }: { readonly files: FolderFiles; readonly expected: Hash; readonly verify: VerifySignature },
): void {
  requireEqual(`${FILES.tuple}: hash`, {
    found: tupleHash(folder.tuple),
    expected,
    named: 'the chain of tuples',
  });
  const other = opening('', () => unnamedInput(files, folder));
  if (other !== undefined)
    requireEqual(`${other.file}: ${other.where}`, {
      found: other.theirs,
      expected: other.ours,
      named: FILES.tuple,
    });
  if (folder.policy.deny !== null) opening(FILES.deny, () => fileOf(files, FILES.deny));
  opening(FILES.deny, () => requireDenyFile({ policy: folder.policy, bytes: folder.denyFile, verify }));
}

function requireEqual(
  where: string,
  of: { readonly found: string; readonly expected: string; readonly named: string },
): void {
  if (of.found !== of.expected)
    throw new CannotCheck('damaged_copy', `${where} is ${of.found}, ${of.named} names ${of.expected}`);
}

function opening<Value>(file: string, open: () => Value): Value {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const named = error.context['file'];
    throw damagedCopy(typeof named === 'string' ? named : file, error);
  }
}

import {
  computeEpoch,
  type ComputedEpoch,
  type EpochFacts,
  type EpochHashes,
  type EpochInput,
} from '../../epoch.ts';
import { ProtocolError, type ProtocolErrorCode } from '../../errors.ts';
import { openEvidence } from '../../evidence/cut.ts';
import type { TreeHashes } from '../../evidence/merkle.ts';
import type { Hash } from '../../units.ts';
import type { VerifySignature } from '../../verify/poc.ts';
import { cutOf, evidenceHash } from '../bytes/hashes.ts';
import {
  evidenceName,
  fileOf,
  FILES,
  folderFiles,
  openFolder,
  type EpochFolder,
  type FolderFiles,
} from '../folder.ts';
import { policyHash } from '../policy-codec.ts';
import { registryBytes, registryHash, type RegistryTable } from '../registry.ts';
import { emptyState, stateBytes, stateHash } from '../state.ts';
import { GENESIS_PARENT, tupleHash } from '../tuple.ts';
import { firstDifference, thingOf, type Difference } from './difference.ts';
import { firstDifferentPath, flatten } from './flatten.ts';

/** What an auditor knows about the epoch from the chain alone; whatever is missing is not compared. */
export interface KnownFromChain {
  readonly tupleHash?: Hash;
  readonly facts?: EpochFacts;
  readonly registry?: RegistryTable;
}

export type FolderCheck =
  | { readonly agrees: true; readonly folder: EpochFolder; readonly result: ComputedEpoch }
  | { readonly agrees: false; readonly difference: Difference };

/** The file that a refusal of `computeEpoch` is about. */
const REFUSED_FILES: Partial<Record<ProtocolErrorCode, string>> = {
  policy_mismatch: FILES.policy,
  malformed_verifier_key: FILES.policy,
  deny_list_mismatch: FILES.deny,
  malformed_deny_list: FILES.deny,
  invalid_signature: FILES.deny,
  evidence_mismatch: evidenceName(0),
  malformed_record: evidenceName(0),
  amount_out_of_range: FILES.stateBefore,
  malformed_credits: FILES.packets,
};

/** Recomputes an epoch from its folder's inputs and names the first thing that is not as it must be. */
export function checkFolder(input: {
  readonly files: FolderFiles;
  readonly verify: VerifySignature;
  readonly chain?: KnownFromChain;
  /** By default in TypeScript. */
  readonly hashes?: EpochHashes;
}): FolderCheck {
  const { files, verify } = input;
  try {
    const folder = openFolder(files);
    const early =
      differentFromChain(files, folder, input.chain ?? {}) ?? uncommitted(files, folder, input.hashes);
    if (early !== undefined) return { agrees: false, difference: early };
    const epoch: EpochInput = { ...folder, state: folder.stateBefore, verify, hashes: input.hashes };
    const result = computeEpoch(epoch);
    if (result.kind === 'empty')
      return differs({
        file: FILES.tuple,
        where: 'epoch',
        theirs: 'computed',
        ours: 'empty: nothing to attest',
      });
    const difference = firstDifference(files, folderFiles(epoch, result));
    return difference === undefined ? { agrees: true, folder, result } : { agrees: false, difference };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const { file, offset, field } = error.context;
    const place = typeof file === 'string' ? file : (REFUSED_FILES[error.code] ?? FILES.epoch);
    const where = offset === undefined ? (field ?? 'file') : `offset ${String(offset)}`;
    return differs({ file: place, where: String(where), theirs: error.message, ours: 'accepted' });
  }
}

function differentFromChain(
  files: FolderFiles,
  folder: EpochFolder,
  chain: KnownFromChain,
): Difference | undefined {
  const found = tupleHash(folder.tuple);
  if (chain.tupleHash !== undefined && chain.tupleHash !== found)
    return difference({ file: FILES.tuple, where: 'hash', theirs: found, ours: chain.tupleHash });
  if (chain.facts !== undefined) {
    const different = firstDifferentPath(flatten(folder.facts), flatten(chain.facts));
    if (different !== undefined) {
      const { path, ...values } = different;
      return difference({ file: FILES.epoch, where: path, ...values });
    }
  }
  if (chain.registry === undefined) return undefined;
  const ours = new Map([[FILES.registry, registryBytes(chain.registry)]]);
  return firstDifference(new Map([[FILES.registry, fileOf(files, FILES.registry)]]), ours);
}

/** The first input that is not the one which the tuple, or its parent, names; undefined where all are. */
function uncommitted(files: FolderFiles, folder: EpochFolder, hashes?: TreeHashes): Difference | undefined {
  for (const [at, sealed] of folder.evidence.entries()) {
    try {
      openEvidence(sealed, hashes);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return difference({
        file: evidenceName(at),
        where: sealed.origin,
        theirs: error.message,
        ours: 'accepted',
      });
    }
  }
  return unnamedInput(files, folder);
}

/**
 * The first input whose hash is not the one in the tuple or its parent; of evidence only the cuts are looked at, because
 * `openEvidence` shows whether the entries belong to them.
 */
export function unnamedInput(
  files: FolderFiles,
  { tuple, parent, ...folder }: EpochFolder,
): Difference | undefined {
  const commitments = [
    {
      file: evidenceName(0),
      field: 'evidence_hash',
      theirs: evidenceHash(folder.evidence.map(cutOf)),
      ours: tuple.evidenceHash,
    },
    {
      file: FILES.registry,
      field: 'registry_hash',
      theirs: registryHash(fileOf(files, FILES.registry)),
      ours: tuple.registryHash,
    },
    { file: FILES.policy, field: 'policy_hash', theirs: policyHash(folder.policy), ours: tuple.policyHash },
    {
      file: FILES.parent,
      field: 'parent_tuple_hash',
      theirs: parent === null ? GENESIS_PARENT : tupleHash(parent),
      ours: tuple.parentTupleHash,
    },
    {
      file: FILES.stateBefore,
      field: "the parent's state_hash",
      theirs: stateHash(fileOf(files, FILES.stateBefore)),
      ours: parent === null ? stateHash(stateBytes(emptyState())) : parent.stateHash,
    },
  ];
  const broken = commitments.find(({ theirs, ours }) => theirs !== ours);
  return broken && difference({ ...broken, where: broken.field });
}

function differs(values: Omit<Difference, 'thing'>): FolderCheck {
  return { agrees: false, difference: difference(values) };
}

function difference({ file, where, theirs, ours }: Omit<Difference, 'thing'>): Difference {
  return { thing: thingOf(file), file, where, theirs, ours };
}

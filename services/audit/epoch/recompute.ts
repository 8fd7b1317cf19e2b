import { policyAt, type Network } from '#client';
import { computeEpoch, type ComputedEpoch, type EpochFacts, type EpochInput } from '#protocol/epoch';
import { ProtocolError } from '#protocol/errors';
import { REGION_TABLE_HASH } from '#protocol/geo/regions';
import { fileOf, FILES, resultFiles, type EpochFolder, type FolderFiles } from '#protocol/settle/folder';
import { differences } from '#protocol/settle/folder/difference';
import { firstDifferentPath, flatten } from '#protocol/settle/folder/flatten';
import type { Disclosures } from '#protocol/route/disclosure';
import { openEpochEvidence } from '#protocol/settle/epoch/open-evidence';
import { policyHash } from '#protocol/settle/policy-codec';
import type { EpochNumber } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';
import { epochFacts } from '#services/runtime/chain-epoch';
import { nativeHashes } from '#services/runtime/evidence/native-hash';
import { CannotCheck, damagedCopy, Disagreement } from '#services/audit/report/failures';
import type { Difference } from '#services/audit/report/report';
import { packetDifferences, packetEvidence } from './packets.ts';

/** An epoch as it is computed here, and the first difference in each published file that says something else. */
export interface Recomputed {
  readonly result: ComputedEpoch;
  readonly different: readonly Difference[];
}

/** Files that are missing where they would be empty. */
const SPARSE: readonly string[] = [FILES.packets, FILES.credits];

/** Computes an epoch from authentic inputs and the chain's facts, and compares every file. */
export function recompute(input: {
  readonly facts: EpochFacts;
  readonly folder: EpochFolder;
  readonly files: FolderFiles;
  readonly verify: VerifySignature;
  /** By default none: the published reasons that need them are believed. */
  readonly disclosures?: Disclosures | null;
}): Recomputed {
  const { facts, folder, files, verify, disclosures = null } = input;
  const stated = firstDifferentPath(flatten(folder.facts), flatten(facts));
  if (stated !== undefined) throw differs(`${FILES.epoch}: ${stated.path}`, stated.theirs, stated.ours);
  if (folder.policy.regions !== REGION_TABLE_HASH)
    throw new CannotCheck(
      'unknown_version',
      `${FILES.policy}: regions ${folder.policy.regions}, this program has ${REGION_TABLE_HASH}`,
    );
  const epoch: EpochInput = {
    ...folder,
    facts,
    state: folder.stateBefore,
    verify,
    hashes: nativeHashes,
  };
  const result = computed(() => ({
    ...epoch,
    packets:
      disclosures === null
        ? folder.packets
        : packetEvidence({
            published: folder.packets,
            logs: openEpochEvidence(epoch),
            facts,
            disclosures,
            verify,
          }),
  }));
  const ours = resultFiles(facts, result);
  const named = SPARSE.filter((name) => files.has(name));
  const theirs = new Map([...new Set([...ours.keys(), ...named])].map((name) => [name, fileOf(files, name)]));
  const different = [...differences(theirs, ours)].map(({ file, where, theirs, ours }): Difference => ({
    check: 'recomputed',
    where: `${file}: ${where}`,
    found: theirs,
    expected: ours,
  }));
  const packets = packetDifferences({ published: folder.packets, packets: result.packets, disclosures });
  return { result, different: [...packets, ...different] };
}

/** The credit price is the policy's, which may have been replaced since; the epoch's own policy then says it. */
export function knownFacts(
  network: Network,
  { facts, policy }: Pick<EpochFolder, 'facts' | 'policy'>,
): EpochFacts {
  const epoch: EpochNumber = facts.epoch;
  const known = epochFacts(network, epoch);
  const isPinned = policyHash(policy) === policyAt(network, epoch).hash;
  return isPinned ? known : { ...known, creditPrice: BigInt(policy.credit_price) };
}

/** The inputs are those that oracles attested: that they cannot be computed, or are empty, is a difference. */
function computed(input: () => EpochInput): ComputedEpoch {
  try {
    const result = computeEpoch(input());
    if (result.kind === 'computed') return result;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    // The cut is what oracles attested; that the file has other entries than lead to it, or too few, is the copy's fault.
    if (error.code === 'evidence_mismatch' && !('close' in error.context))
      throw damagedCopy('evidence', error);
    // Nothing signed names this file: that it is of other records says nothing about the network.
    if (error.code === 'malformed_credits') throw damagedCopy(FILES.packets, error);
    throw differs('the inputs of the epoch', error.message, 'an epoch that can be computed');
  }
  throw differs(`${FILES.tuple}: epoch`, 'attested', 'empty: nothing to attest');
}

function differs(where: string, found: string, expected: string): Disagreement {
  return new Disagreement({ check: 'recomputed', where, found, expected });
}

import { computeEpoch } from '#protocol/epoch';
import { fileOf, FILES, openFile, evidenceName } from '#protocol/settle/folder';
import { openEpochFacts } from '#protocol/settle/folder/epoch-file';
import { openEvidenceFile } from '#protocol/settle/folder/evidence-file';
import { openPolicy } from '#protocol/settle/policy-codec';
import { openRegistry } from '#protocol/settle/registry';
import { openState } from '#protocol/settle/state';
import { openTuple } from '#protocol/settle/tuple';
import { verifySignature } from '#services/runtime/signature';
import type { Op } from '../op.ts';
import { readEpochFolder } from '../input/read-epoch-folder.ts';
import { text } from '../input/values.ts';

/** Computes an epoch from the inputs in its folder; what the folder says follows from them is not read. */
export const compute: Op = (input) => {
  const files = readEpochFolder(input.either(['folder', 'path'], text));
  const policy = openFile(files, FILES.policy, openPolicy);
  const facts = openFile(files, FILES.epoch, openEpochFacts);
  const result = computeEpoch({
    facts,
    parent: files.has(FILES.parent) ? openFile(files, FILES.parent, openTuple) : null,
    evidence: policy.logs.map((_, at) => openFile(files, evidenceName(at), openEvidenceFile)),
    registry: openFile(files, FILES.registry, openRegistry),
    policy,
    denyFile: files.has(FILES.deny) ? fileOf(files, FILES.deny) : null,
    state: openFile(files, FILES.stateBefore, openState),
    verify: verifySignature,
  });
  const epoch = { network: facts.network, epoch: String(facts.epoch) };
  if (result.kind === 'empty') return { ...epoch, empty: true };
  const { tuple } = result;
  return {
    ...epoch,
    empty: false,
    root: tuple.root,
    leaf_count: tuple.leafCount,
    cumulative_total: String(tuple.cumulativeTotal),
    parent_tuple_hash: tuple.parentTupleHash,
    credits_root: tuple.creditsRoot,
    credits_count: tuple.creditsCount,
    evidence_hash: tuple.evidenceHash,
    registry_hash: tuple.registryHash,
    policy_hash: tuple.policyHash,
    state_hash: tuple.stateHash,
    tuple_hash: result.tupleHash,
  };
};

import { requireDenyFile, type DenyFile } from '../deny/deny-file.ts';
import type { EpochFacts } from '../epoch.ts';
import { ProtocolError } from '../errors.ts';
import type { Policy } from '../policy.ts';
import { fileOf, FILES, openFile, type FolderFiles } from '../settle/folder.ts';
import { openEpochFacts } from '../settle/folder/epoch-file.ts';
import { openShares, type EpochShares } from '../settle/folder/shares-file.ts';
import { openVerdicts, type EpochVerdicts } from '../settle/folder/verdicts-file.ts';
import { openPolicy, policyHash } from '../settle/policy-codec.ts';
import { openRegistry, registryHash, type RegistryTable } from '../settle/registry.ts';
import { openState, stateHash, type EpochState } from '../settle/state.ts';
import { openTuple, tupleHash, type Tuple } from '../settle/tuple.ts';
import type { Hash, HotspotKey } from '../units.ts';
import type { VerifySignature } from '../verify/poc.ts';

/** What of an epoch folder speaks of one hotspot, opened. */
export interface HotspotSources {
  readonly facts: EpochFacts;
  readonly tuple: Tuple;
  readonly tupleHash: Hash;
  readonly policy: Policy;
  /** null where the policy names no list. */
  readonly deny: DenyFile | null;
  readonly registry: RegistryTable;
  readonly stateBefore: EpochState;
  readonly state: EpochState;
  /** Only the PoCs and reports that name the hotspot. */
  readonly verdicts: EpochVerdicts;
  readonly shares: EpochShares;
}

/** The files that `openHotspotSources` reads; evidence, by far the largest, is not among them. */
export const HOTSPOT_FILES: readonly string[] = [
  FILES.epoch,
  FILES.tuple,
  FILES.policy,
  FILES.deny,
  FILES.registry,
  FILES.stateBefore,
  FILES.state,
  FILES.verdicts,
  FILES.shares,
];

/**
 * Opens what an epoch folder says of a hotspot. Policy, registry and state must have the tuple's hashes, the deny list the
 * policy's; verdicts and shares follow from evidence, which only `checkFolder` reads. Throws malformed_folder, the code of
 * a format, or what a deny list is refused by.
 */
export function openHotspotSources(input: {
  readonly files: FolderFiles;
  readonly key: HotspotKey;
  readonly verify: VerifySignature;
}): HotspotSources {
  const { files, key, verify } = input;
  const tuple = openFile(files, FILES.tuple, openTuple);
  const facts = openFile(files, FILES.epoch, openEpochFacts);
  const policy = openFile(files, FILES.policy, openPolicy);
  const registry = openFile(files, FILES.registry, openRegistry);
  const pairs = [
    {
      file: FILES.epoch,
      found: `${facts.network} ${facts.epoch}`,
      expected: `${tuple.network} ${tuple.epoch}`,
    },
    { file: FILES.policy, found: policyHash(policy), expected: tuple.policyHash },
    {
      file: FILES.registry,
      found: registryHash(fileOf(files, FILES.registry)),
      expected: tuple.registryHash,
    },
    { file: FILES.state, found: stateHash(fileOf(files, FILES.state)), expected: tuple.stateHash },
  ];
  const different = pairs.find(({ found, expected }) => found !== expected);
  if (different !== undefined) throw new ProtocolError('malformed_folder', different);
  return {
    facts,
    tuple,
    tupleHash: tupleHash(tuple),
    policy,
    deny: requireDenyFile({ policy, bytes: files.get(FILES.deny) ?? null, verify }),
    registry,
    stateBefore: openFile(files, FILES.stateBefore, openState),
    state: openFile(files, FILES.state, openState),
    verdicts: openFile(files, FILES.verdicts, (bytes) => openVerdicts(bytes, key)),
    shares: openFile(files, FILES.shares, openShares),
  };
}

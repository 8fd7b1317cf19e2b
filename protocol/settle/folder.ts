import type { ComputedEpoch, EpochFacts, EpochInput } from '../epoch.ts';
import { ProtocolError, type ErrorContext } from '../errors.ts';
import type { SealedEvidence } from '../evidence/cut.ts';
import type { Policy } from '../policy.ts';
import { creditsTree, type CreditsLeaf, type CreditsProof } from './credits/credits-tree.ts';
import type { PacketEvidence } from './credits/judge-packets.ts';
import { creditsBytes, openCredits, openPacketReasons, packetReasonsBytes } from './folder/credits-files.ts';
import { epochFactsBytes, openEpochFacts } from './folder/epoch-file.ts';
import { evidenceBytes, openEvidenceFile } from './folder/evidence-file.ts';
import { leavesBytes, openLeaves } from './folder/leaves-file.ts';
import { MANIFEST, manifestBytes, openManifest } from './folder/manifest-file.ts';
import { sharesBytes } from './folder/shares-file.ts';
import { summaryBytes } from './folder/summary-file.ts';
import { verdictsBytes } from './folder/verdicts-file.ts';
import type { Leaf, LeafKey } from './leaf.ts';
import { openPolicy, policyBytes } from './policy-codec.ts';
import { openRegistry, registryBytes, type RegistryTable } from './registry.ts';
import { openState, stateBytes, type EpochState } from './state.ts';
import { settlementTree, type LeafProof } from './tree.ts';
import { openTuple, tupleBytes, type Tuple } from './tuple.ts';

/** The public files of a computed epoch by name; docs/formats.md describes each. */
export type FolderFiles = ReadonlyMap<string, Uint8Array>;

/** What a folder says, decoded and not yet compared with anything but its own formats. */
export interface EpochFolder {
  readonly facts: EpochFacts;
  readonly parent: Tuple | null;
  /** In byte order of origin. */
  readonly evidence: readonly SealedEvidence[];
  readonly registry: RegistryTable;
  readonly policy: Policy;
  readonly denyFile: Uint8Array | null;
  readonly stateBefore: EpochState;
  readonly state: EpochState;
  readonly leaves: readonly Leaf[];
  /** The published reasons of its packets: who recomputes the epoch believes those that need disclosures. */
  readonly packets: Extract<PacketEvidence, { kind: 'published' }>;
  readonly credits: readonly CreditsLeaf[];
  readonly tuple: Tuple;
}

/** Names of the folder's files; logs are numbered in byte order of origin, as in the policy. */
export const FILES = {
  epoch: 'epoch.json',
  parent: 'parent.bin',
  policy: 'policy.json',
  deny: 'deny.json',
  registry: 'registry.bin',
  stateBefore: 'state-before.bin',
  verdicts: 'verdicts.ndjson',
  shares: 'shares.json',
  leaves: 'leaves.bin',
  packets: 'packets.bin',
  credits: 'credits.bin',
  state: 'state.bin',
  tuple: 'tuple.bin',
  summary: 'summary.json',
} as const;

/** File name of the nth log's evidence. */
export function evidenceName(at: number): string {
  return `evidence-${at}.bin`;
}

/** The whole folder of an epoch; `parent.bin` and `deny.json` are missing where there is no parent or list. */
export function folderFiles(input: Omit<EpochInput, 'verify'>, result: ComputedEpoch): FolderFiles {
  const files = new Map<string, Uint8Array>();
  for (const [at, { origin }] of input.policy.logs.entries()) {
    const evidence = input.evidence.find((sealed) => sealed.origin === origin);
    if (evidence === undefined)
      throw new ProtocolError('evidence_mismatch', { origin, expected: 'its evidence' });
    files.set(evidenceName(at), evidenceBytes(evidence));
  }
  files.set(FILES.epoch, epochFactsBytes(input.facts));
  if (input.parent !== null) files.set(FILES.parent, tupleBytes(input.parent));
  files.set(FILES.policy, policyBytes(input.policy));
  if (input.denyFile !== null) files.set(FILES.deny, input.denyFile);
  files.set(FILES.registry, registryBytes(input.registry));
  files.set(FILES.stateBefore, stateBytes(input.state));
  for (const [name, bytes] of resultFiles(input.facts, result)) files.set(name, bytes);
  files.set(MANIFEST, manifestBytes(files, input.hashes?.sha256Hex));
  return files;
}

/** What of a folder follows from its inputs; `packets.bin` and `credits.bin` are missing where they would be empty. */
export function resultFiles(facts: EpochFacts, result: ComputedEpoch): FolderFiles {
  const files = new Map<string, Uint8Array>([
    [FILES.verdicts, verdictsBytes(result)],
    [FILES.shares, sharesBytes(result)],
    [FILES.leaves, leavesBytes(result.leaves)],
    [FILES.state, stateBytes(result.state)],
    [FILES.tuple, tupleBytes(result.tuple)],
    [FILES.summary, summaryBytes({ facts, result })],
  ]);
  if (result.packets.length > 0) files.set(FILES.packets, packetReasonsBytes(result.packets));
  if (result.credits.length > 0) files.set(FILES.credits, creditsBytes(result.credits));
  return files;
}

/** Decodes a folder; malformed_folder, or the code of the format, names the file. Unknown format versions are refused. */
export function openFolder(files: FolderFiles): EpochFolder {
  openManifest(fileOf(files, MANIFEST));
  const policy = openFile(files, FILES.policy, openPolicy);
  return {
    facts: openFile(files, FILES.epoch, openEpochFacts),
    parent: files.has(FILES.parent) ? openFile(files, FILES.parent, openTuple) : null,
    evidence: policy.logs.map((_, at) => openFile(files, evidenceName(at), openEvidenceFile)),
    registry: openFile(files, FILES.registry, openRegistry),
    policy,
    denyFile: files.get(FILES.deny) ?? null,
    stateBefore: openFile(files, FILES.stateBefore, openState),
    state: openFile(files, FILES.state, openState),
    leaves: openFile(files, FILES.leaves, openLeaves),
    packets: {
      kind: 'published',
      reasons: files.has(FILES.packets) ? openFile(files, FILES.packets, openPacketReasons) : [],
    },
    credits: files.has(FILES.credits) ? openFile(files, FILES.credits, openCredits) : [],
    tuple: openFile(files, FILES.tuple, openTuple),
  };
}

/** What a claim of this key needs under the folder's root; undefined where it has no leaf. */
export function proveLeaf(
  folder: Pick<EpochFolder, 'tuple' | 'leaves'>,
  key: LeafKey,
): LeafProof | undefined {
  const tree = settlementTree({ network: folder.tuple.network, leaves: folder.leaves });
  if (tree.root !== folder.tuple.root)
    throw new ProtocolError('proof_mismatch', { root: tree.root, expected: folder.tuple.root });
  return tree.prove(key);
}

/** An owner's leaf (hex) under the folder's credits root; undefined where it has none. */
export function proveCredits(
  folder: Pick<EpochFolder, 'tuple' | 'credits'>,
  owner: string,
): CreditsProof | undefined {
  const tree = creditsTree({ network: folder.tuple.network, leaves: folder.credits });
  if (tree.root !== folder.tuple.creditsRoot)
    throw new ProtocolError('proof_mismatch', { root: tree.root, expected: folder.tuple.creditsRoot });
  return tree.prove(owner);
}

/** A file's bytes; malformed_folder where it is missing. */
export function fileOf(files: FolderFiles, name: string): Uint8Array {
  const bytes = files.get(name);
  if (bytes === undefined) throw new ProtocolError('malformed_folder', { file: name, expected: 'the file' });
  return bytes;
}

/** Decodes one file, so that a refusal names it. */
export function openFile<Value>(files: FolderFiles, name: string, open: (bytes: Uint8Array) => Value): Value {
  const bytes = fileOf(files, name);
  try {
    return open(bytes);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const context: ErrorContext = { ...error.context, file: name };
    throw new ProtocolError(error.code, context);
  }
}

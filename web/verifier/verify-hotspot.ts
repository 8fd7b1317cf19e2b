import { verifyPlainly } from '#protocol/crypto/plain-signature';
import { sha256Hex } from '#protocol/crypto/sha256-hex';
import { computeEpoch, type ComputedEpoch, type EpochFacts } from '#protocol/epoch';
import { openCheckpoint } from '#protocol/evidence/checkpoint';
import { equalBytes } from '#protocol/evidence/merkle';
import { parseVerifierKey } from '#protocol/evidence/verifier-key';
import { emissionAt } from '#protocol/reward/emission';
import {
  FILES,
  fileOf,
  openFolder,
  resultFiles,
  type EpochFolder,
  type FolderFiles,
} from '#protocol/settle/folder';
import { believeVerdicts } from '#protocol/settle/folder/believed-signatures';
import { unnamedInput } from '#protocol/settle/folder/check-folder';
import { firstDifference } from '#protocol/settle/folder/difference';
import { firstDifferentPath, flatten } from '#protocol/settle/folder/flatten';
import { MANIFEST, openManifest } from '#protocol/settle/folder/manifest-file';
import { epochPath, mirrorPath } from '#protocol/settle/folder/public-path';
import { openVerdicts } from '#protocol/settle/folder/verdicts-file';
import { hotspotLeafKey } from '#protocol/settle/leaf';
import { settlementTree, verifyLeaf } from '#protocol/settle/tree';
import { tupleHash, type Tuple } from '#protocol/settle/tuple';
import { amount, epochNumber, type HotspotKey } from '#protocol/units';
import type { PocVerdict, ReportVerdict } from '#protocol/verify/poc';
import { keyFromTextOrHex, keyText } from '#protocol/wire/key';
import { VerifiedTree } from '#services/runtime/evidence/verified-tree';
import { readChain, type LatestEpoch, type NetworkRules } from './chain.ts';
import { filesAt, logAt, requireFile, type Files } from './places.ts';
import { findTuple } from './tuples.ts';

/** One thing that was checked, in the order of the argument; the first that fails ends it. */
export interface Step {
  readonly name: string;
  readonly says: string;
}

export interface HotspotEpoch {
  readonly key: string;
  readonly epoch: string;
  /** The hotspot's reports of the epoch with what was said of each. */
  readonly reports: readonly ReportVerdict[];
  /** Smallest units of the token: earned in the epoch, and in all that is paid so far. */
  readonly earned: string;
  readonly cumulative: string;
}

export interface VerifyInput {
  /** Base of an oracle's public files. */
  readonly files: string;
  readonly rpc: string;
  readonly network: string;
  readonly key: string;
  readonly epoch: string;
  /** Verify every signature of the epoch, not only those of the hotspot's own PoCs. */
  readonly everySignature?: boolean;
  readonly onStep?: (step: Step) => void;
}

/**
 * Checks a hotspot's epoch from its reports to the root on chain. Throws at the first thing that is not as it must be,
 * with both values. Nobody is believed but the RPC about the Network account, and, unless `everySignature` is set, the
 * published verdicts about the signatures of PoCs that do not name the hotspot; and the published reasons of packets as far
 * as only their disclosures could show them.
 */
export async function verifyHotspotEpoch(input: VerifyInput): Promise<HotspotEpoch> {
  const key = keyFromTextOrHex(input.key);
  const epoch = epochNumber(BigInt(input.epoch));
  const files = filesAt(input.files);
  const step = async (name: string, says: string): Promise<void> => {
    input.onStep?.({ name, says });
    // So that a page can show it before the next one begins.
    await new Promise((resolve) => setTimeout(resolve, 0));
  };

  const { latest, program, slot, rules } = await readChain(input.rpc, input.network);
  if (latest === null || latest.epoch < epoch) throw new Error(`epoch ${epoch} is not final on chain`);
  await step('chain', `slot ${slot}: epoch ${latest.epoch} is the latest final one, by program ${program}`);

  const { tuple, steps } = await findTuple(files, { latest, epoch });
  if (tuple.network !== input.network) throw new Error(`the tuple is of the network ${tuple.network}`);
  await step('tuple', `${tupleHash(tuple)}, ${steps} parent hashes below the one on chain`);

  const folder = await readFolder(files, tuple);
  requireFacts(folder.opened, rules);
  await step(
    'inputs',
    `${folder.files.size} files; evidence, registry, policy and state are those of the tuple`,
  );

  for (const says of await proveLogs(files, folder.opened)) await step('log', says);

  const { result, says } = recompute(folder, { key, every: input.everySignature === true });
  await step('recomputed', says);

  const cumulative = proveLeaf(result, { key, tuple, latest });
  await step('leaf', cumulative.says);
  const payout = result.payouts.find((each) => each.key === key);
  const { beacon = 0n, witness = 0n, data = 0n } = payout?.amounts ?? {};
  return {
    key: keyText(key),
    epoch: input.epoch,
    reports: reportsOf(result, key),
    earned: (beacon + witness + data).toString(),
    cumulative: cumulative.amount.toString(),
  };
}

interface ReadFolder {
  readonly files: FolderFiles;
  readonly opened: EpochFolder;
}

async function readFolder(source: Files, tuple: Tuple): Promise<ReadFolder> {
  const manifest = await requireFile(source, epochPath(tuple.epoch, MANIFEST));
  const files = new Map([[MANIFEST, manifest]]);
  for (const [name, hash] of openManifest(manifest)) {
    const bytes = await requireFile(source, epochPath(tuple.epoch, name));
    if (sha256Hex(bytes) !== hash) throw new Error(`${name} is not the file that ${MANIFEST} lists`);
    files.set(name, bytes);
  }
  const opened = openFolder(files);
  if (tupleHash(opened.tuple) !== tupleHash(tuple))
    throw new Error(`${FILES.tuple} changed while it was read`);
  const other = unnamedInput(files, opened);
  if (other !== undefined)
    throw new Error(`${other.file}: ${other.where} is ${other.theirs}, the tuple names ${other.ours}`);
  return { files, opened };
}

/** The facts that the folder repeats must be those of the Network account; the credit price stands in the policy. */
function requireFacts({ facts, policy }: EpochFolder, rules: NetworkRules): void {
  const start = Number(rules.firstEpochStart + facts.epoch * rules.epochLength);
  const expected: EpochFacts = {
    network: facts.network,
    epoch: facts.epoch,
    start,
    end: start + Number(rules.epochLength),
    emission: emissionAt({
      base: amount(rules.baseEmission),
      halvingPeriod: rules.halvingPeriod,
      epoch: facts.epoch,
    }),
    holdback: rules.holdback,
    creditPrice: BigInt(policy.credit_price),
    operations: rules.operations,
  };
  const other = firstDifferentPath(flatten(facts), flatten(expected));
  if (other !== undefined)
    throw new Error(`${FILES.epoch}: ${other.path} is ${other.theirs}, by the chain ${other.ours}`);
}

/** The oracle's mirror of each log is signed by the log's key, and the epoch's cut is a prefix of it. */
async function proveLogs(source: Files, folder: EpochFolder): Promise<readonly string[]> {
  const said: string[] = [];
  for (const { origin, size, root } of folder.evidence) {
    const log = folder.policy.logs.find((each) => each.origin === origin);
    if (log === undefined || size === 0) continue;
    const reader = logAt(source, mirrorPath(origin));
    const known = { origin, keys: [parseVerifierKey(log.vkey)], verify: verifyPlainly };
    const checkpoint = openCheckpoint(await reader.checkpoint(), known);
    const tree = new VerifiedTree(reader, checkpoint);
    if (!equalBytes(await tree.rootAt(size), root))
      throw new Error(`${origin}: the cut at ${size} is not in the log`);
    said.push(`${origin}: ${size} entries, a prefix of the ${checkpoint.size} that its key signed`);
  }
  return said;
}

function recompute(
  { files, opened }: ReadFolder,
  of: { readonly key: HotspotKey; readonly every: boolean },
): { readonly result: ComputedEpoch; readonly says: string } {
  const names = (poc: PocVerdict): boolean => allOf(poc).some(({ key }) => key === of.key);
  const verifier = believeVerdicts({
    published: openVerdicts(fileOf(files, FILES.verdicts)),
    isChosen: (poc) => of.every || names(poc),
    verify: verifyPlainly,
  });
  const result = computeEpoch({ ...opened, state: opened.stateBefore, verify: verifier.verify });
  if (result.kind === 'empty') throw new Error('the epoch is empty by its evidence');
  const ours = resultFiles(opened.facts, result);
  // Missing where they would be empty: one that is there must be computed, too.
  const sparse = [FILES.packets, FILES.credits].filter((name) => files.has(name));
  const theirs = new Map(
    [...new Set([...ours.keys(), ...sparse])].map((name) => [name, fileOf(files, name)]),
  );
  const other = firstDifference(theirs, ours);
  if (other !== undefined)
    throw new Error(`${other.file}: ${other.where} is ${other.theirs}, computed here: ${other.ours}`);
  const unseen = result.packets.filter(({ believed }) => believed).length;
  const says =
    `${result.verdicts.length} PoCs, ${result.leaves.length} leaves and the root as published; ` +
    `${verifier.verified} signatures verified here, ${verifier.believed} taken from the published verdicts` +
    (unseen === 0 ? '' : `; the signatures of ${unseen} packets are not checked, for want of disclosures`);
  return { result, says };
}

function proveLeaf(
  { leaves }: ComputedEpoch,
  of: { readonly key: HotspotKey; readonly tuple: Tuple; readonly latest: LatestEpoch },
): { readonly amount: bigint; readonly says: string } {
  const { tuple, latest } = of;
  const { network } = tuple;
  if (latest.epoch === tuple.epoch && latest.root !== tuple.root)
    throw new Error(`the chain has the root ${latest.root}, the tuple ${tuple.root}`);
  const where = latest.epoch === tuple.epoch ? 'the root on chain' : `the root of epoch ${tuple.epoch}`;
  const found = settlementTree({ network, leaves }).prove(hotspotLeafKey(of.key));
  if (found === undefined) return { amount: 0n, says: `no leaf under ${where}: nothing is paid yet` };
  const { leaf, index, proof } = found;
  if (!verifyLeaf({ network, leaf, index, count: tuple.leafCount, proof, root: tuple.root }))
    throw new Error(`the leaf does not lead to ${tuple.root}`);
  return {
    amount: leaf.cumulative,
    says: `${leaf.cumulative} in leaf ${index}, by ${proof.length} hashes under ${where}, ${tuple.root}`,
  };
}

function reportsOf({ verdicts, badlySigned }: ComputedEpoch, key: HotspotKey): readonly ReportVerdict[] {
  return [...verdicts.flatMap(allOf), ...badlySigned].filter((report) => report.key === key);
}

function allOf({ beacon, witnesses, others }: PocVerdict): readonly ReportVerdict[] {
  return [...(beacon === null ? [] : [beacon]), ...witnesses, ...others];
}

import { policyAt, readAllCredits, readClock, readHotspots } from '#client';
import { entryKind } from '#protocol/evidence/record';
import { creditsTree } from '#protocol/settle/credits/credits-tree';
import { FILES, type EpochFolder, type FolderFiles } from '#protocol/settle/folder';
import { policyHash } from '#protocol/settle/policy-codec';
import { tupleHash, type Tuple } from '#protocol/settle/tuple';
import type { EpochNumber, Hash } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';
import { nativeHashes } from '#services/runtime/evidence/native-hash';
import { checkEntropies } from '#services/audit/chain/check-entropies';
import { checkRegistry } from '#services/audit/chain/check-registry';
import { checkAttestations, checkVoters } from '#services/audit/chain/check-voters';
import { openListedFolder, requireInputs } from '#services/audit/files/authentic-folder';
import { checkEvidence } from '#services/audit/files/check-evidence';
import { checkWitnesses } from '#services/audit/files/check-witnesses';
import { checkSessions } from '#services/audit/files/check-sessions';
import { readFolder } from '#services/audit/files/read-folder';
import { CannotCheck, Disagreement } from '#services/audit/report/failures';
import type { Notes } from '#services/audit/report/notes';
import type { AuditedEpoch, Finding } from '#services/audit/report/report';
import { sampleFinding, sampleOf, type SampleFigures } from '#services/audit/sample/sampled';
import type { AuditContext } from './context.ts';
import { packetFindings } from './packets.ts';
import { knownFacts, recompute, type Recomputed } from './recompute.ts';

/** What the next epoch begins with. */
export interface LeftState {
  readonly epoch: EpochNumber;
  readonly stateHash: Hash;
}

/** An epoch and, where the one before it was computed here, what that left. */
interface Asked {
  readonly tuple: Tuple;
  readonly before?: LeftState | null;
}

/** Recomputes one epoch from its folder and compares everything that the chain and the logs still say of it. */
export async function auditEpoch(
  context: AuditContext,
  asked: Asked,
  notes: Notes,
): Promise<AuditedEpoch | null> {
  const { tuple } = asked;
  const folder = await openAuthentic(context, tuple, notes);
  if (folder === null) return null;
  const done = await notes.attempt('recomputed', () => recomputeFolder(context, folder));
  if (done !== undefined) for (const finding of recomputedFindings(done, context)) notes.add(finding);
  await checkAgainstRest(context, { ...asked, ...folder }, notes);
  if (done === undefined || done.different.length > 0) return null;
  const { root, cumulativeTotal } = done.result.tuple;
  return {
    epoch: tuple.epoch.toString(),
    kind: 'computed',
    tuple_hash: done.result.tupleHash,
    root,
    cumulative_total: cumulativeTotal.toString(),
    sample: done.sample,
  };
}

interface OpenedFolder {
  readonly files: FolderFiles;
  readonly folder: EpochFolder;
}

async function openAuthentic(
  { source, verify }: AuditContext,
  tuple: Tuple,
  notes: Notes,
): Promise<OpenedFolder | null> {
  const files = await notes.attempt('folder', () => readFolder(source, tuple.epoch));
  if (files === undefined) return null;
  const folder = await notes.attempt('folder', () => openListedFolder(files, tuple));
  if (folder === undefined) return null;
  notes.add({ kind: 'agrees', check: 'folder', says: `${files.size} files as the manifest lists them` });
  const expected = tupleHash(tuple);
  const isAuthentic = await notes.attempt('inputs', () => {
    requireInputs(folder, { files, expected, verify });
    return true;
  });
  if (isAuthentic !== true) return null;
  notes.add({
    kind: 'agrees',
    check: 'inputs',
    says: 'evidence, registry, policy, parent and state as the tuple names them',
  });
  return { files, folder };
}

interface Done extends Recomputed {
  readonly sample: SampleFigures | null;
}

function recomputeFolder(context: AuditContext, { files, folder }: OpenedFolder): Done {
  const { sample: option } = context;
  const total = folder.evidence.reduce(
    (sum, { entries }) =>
      sum + entries.filter((entry) => ['beacon', 'witness'].includes(entryKind(entry))).length,
    0,
  );
  const sample =
    option === null
      ? null
      : sampleOf(files, { option, tupleHash: tupleHash(folder.tuple), verify: context.verify });
  const verify = counting(sample?.verify ?? context.verify, (done) => {
    context.onProgress(Math.min(done, total), total);
  });
  const facts = knownFacts(context.network, folder);
  const done = recompute({ facts, files, folder, verify, disclosures: context.disclosures });
  return { ...done, sample: sample?.figures() ?? null };
}

function recomputedFindings({ result, different, sample }: Done, context: AuditContext): readonly Finding[] {
  if (different.length > 0) return different.map((each) => ({ kind: 'differs', ...each }));
  const reports = result.verdicts.reduce(
    (sum, { beacon, witnesses, others }) =>
      sum + (beacon === null ? 0 : 1) + witnesses.length + others.length,
    result.badlySigned.length,
  );
  const says = `${reports} reports of ${result.verdicts.length} PoCs judged again, ${result.payouts.length} hotspots with shares, ${result.leaves.length} leaves, root ${result.tuple.root}`;
  return [
    { kind: 'agrees', check: 'recomputed', says },
    ...packetFindings(result.packets, context.disclosures),
    ...(sample === null || context.sample === null ? [] : [sampleFinding(sample, context.sample.seed)]),
  ];
}

/** What the folder was computed from, against the logs, the accounts and the transactions. */
async function checkAgainstRest(
  context: AuditContext,
  of: Asked & OpenedFolder,
  notes: Notes,
): Promise<void> {
  const { entropies, logs, votes, latest, source, verify } = context;
  const { folder, tuple } = of;
  const { evidence } = folder;
  await notes.check('state', () => checkState(of));
  await notes.check('leaf', () => checkLeaves(folder));
  await notes.check('credits', () => checkSettled(folder));
  await notes.check('policy', () => checkPolicy(context, folder));
  await notes.check('evidence', () => checkEvidence({ folder, logs }));
  await notes.check('session', () => checkSessions(evidence, verify));
  await notes.check('witnesses', () => checkWitnesses({ folder, logs, source, verify }));
  await notes.check('entropy', () => checkEntropies(evidence, entropies));
  await notes.check('registry', () => registryFindings(context, folder));
  await notes.check('voters', () => checkVoters(folder, votes));
  await notes.check('attestations', () => checkAttestations({ tuple, latest, history: votes }));
}

function checkState({ before, folder }: Asked & OpenedFolder): readonly Finding[] {
  if (before === undefined) return [];
  const expected = before?.stateHash ?? null;
  const found = folder.parent?.stateHash ?? null;
  const where = before === null ? 'the genesis' : `epoch ${before.epoch}`;
  if (found !== expected || (folder.parent?.epoch ?? null) !== (before?.epoch ?? null))
    throw new Disagreement({
      check: 'state',
      where: `state-before.bin: what ${where} left`,
      found: found ?? 'the empty state',
      expected: expected ?? 'the empty state',
    });
  return [{ kind: 'agrees', check: 'state', says: `begins with what ${where} left` }];
}

function checkLeaves(folder: EpochFolder): readonly Finding[] {
  const leaves = new Map(folder.leaves.map((leaf) => [leaf.key, leaf.cumulative]));
  for (const [key, before] of folder.stateBefore.cumulative) {
    const now: bigint = leaves.get(key) ?? 0n;
    if (now < before)
      throw new Disagreement({
        check: 'leaf',
        where: `leaves.bin: ${key} fell`,
        found: now.toString(),
        expected: `at least ${before.toString()}`,
      });
  }
  return [{ kind: 'agrees', check: 'leaf', says: `none of ${folder.stateBefore.cumulative.size} fell` }];
}

/** What an owner has used never becomes less, and its leaf stands in the tree of the tuple. */
export function checkSettled(folder: EpochFolder): readonly Finding[] {
  const check = 'credits';
  const { tuple, stateBefore, credits } = folder;
  const tree = creditsTree({ network: tuple.network, leaves: credits, hashes: nativeHashes });
  if (tree.root !== tuple.creditsRoot || tree.leaves.length !== tuple.creditsCount)
    throw new Disagreement({
      check,
      where: `${FILES.credits}: root of ${tree.leaves.length} leaves`,
      found: tree.root,
      expected: `${tuple.creditsRoot} of ${tuple.creditsCount}`,
    });
  const settled = new Map(credits.map((leaf) => [leaf.owner, leaf.settled]));
  for (const [owner, before] of stateBefore.settledCredits) {
    const now = settled.get(owner) ?? 0n;
    if (now < before)
      throw new Disagreement({
        check,
        where: `${FILES.credits}: ${owner} fell`,
        found: now.toString(),
        expected: `at least ${before.toString()}`,
      });
  }
  const says = `${credits.length} owners in the tree of the tuple; none of ${stateBefore.settledCredits.size} settled totals fell`;
  return [{ kind: 'agrees', check, says }];
}

function checkPolicy({ network, latest }: AuditContext, folder: EpochFolder): readonly Finding[] {
  const check = 'policy';
  const { epoch } = folder.facts;
  const found = policyHash(folder.policy);
  const expected = policyAt(network, epoch).hash;
  if (found === expected) return [{ kind: 'agrees', check, says: `${found}, as the chain pins it` }];
  if (epoch === latest.epoch) throw new Disagreement({ check, where: 'policy.json: hash', found, expected });
  const says = `${found} was replaced since; the program compared it when it made the epoch final`;
  return [{ kind: 'not_checked', check, says }];
}

async function registryFindings(
  { connection, network }: AuditContext,
  { registry, facts }: EpochFolder,
): Promise<readonly Finding[]> {
  // A node that is behind another one does not know yet who registered: what it lacks would look like a difference.
  const clock = await readClock(connection);
  if (clock.unixTime <= facts.end)
    throw new CannotCheck(
      'chain_behind',
      `the node's clock is at ${clock.unixTime}, the epoch ended at ${facts.end}`,
    );
  const options = { minContextSlot: clock.slot };
  const hotspots = await readHotspots(connection, network, options);
  const credits = await readAllCredits(connection, network.address, options);
  return checkRegistry({
    table: registry,
    hotspots: hotspots.value,
    credits: credits.value,
    epoch: facts.epoch,
    end: facts.end,
  });
}

function counting(verify: VerifySignature, onCount: (done: number) => void): VerifySignature {
  let done = 0;
  return (signed) => {
    done += 1;
    if (done % 512 === 0) onCount(done);
    return verify(signed);
  };
}

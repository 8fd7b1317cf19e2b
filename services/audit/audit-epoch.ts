import type { Connection, PublicKey } from '@solana/web3.js';
import {
  liveVotes,
  policyAt,
  readBallot,
  readClock,
  readHotspots,
  readNetwork,
  type FinalizedEpoch,
  type Network,
} from '#client';
import type { EpochFacts } from '#protocol/epoch';
import { ProtocolError } from '#protocol/errors';
import { FILES, type EpochFolder, type FolderFiles } from '#protocol/settle/folder';
import { checkFolder } from '#protocol/settle/folder/check-folder';
import { openPolicy, policyHash } from '#protocol/settle/policy-codec';
import { tupleHash } from '#protocol/settle/tuple';
import type { EpochNumber } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';
import { epochFacts } from '#services/runtime/chain-epoch';
import type { PublicFiles } from '#services/runtime/public-files';
import { checkClaims } from './check-claims.ts';
import { checkEvidence } from './check-evidence.ts';
import { checkRegistry } from './check-registry.ts';
import { checkSkipped } from './check-skipped.ts';
import { checkVoters } from './check-voters.ts';
import { readFolder } from './read-folder.ts';
import { CannotCheck, Disagreement, type Finding } from './report.ts';
import { findTuplePlace } from './tuple-chain.ts';

export interface AuditInput {
  readonly connection: Connection;
  readonly network: PublicKey;
  readonly epoch: EpochNumber;
  /** An oracle's public files or a mirror of them; nothing in them is believed. */
  readonly source: PublicFiles;
  readonly verify: VerifySignature;
  readonly onFinding: (finding: Finding) => void;
}

/** Recomputes one epoch from public files and the chain alone; says what it agrees on, throws at the first difference. */
export async function auditEpoch(input: AuditInput): Promise<string> {
  const { connection, epoch, source, onFinding } = input;
  const network = await readNetwork(connection, input.network);
  const latest = await requireFinal(input, network);
  const place = await findTuplePlace(source, { latest, epoch });
  if (place.kind === 'skipped') return await checkSkipped({ ...input, network, place });
  onFinding({
    kind: 'agrees',
    check: 'tuple',
    says: `${tupleHash(place.tuple)}, by parent hashes from epoch ${latest.epoch.toString()} on chain`,
  });

  const files = await readFolder(source, epoch);
  const recomputed = checkFolder({
    files,
    verify: input.verify,
    chain: { tupleHash: tupleHash(place.tuple), facts: knownFacts(network, { epoch, files }) },
  });
  if (!recomputed.agrees) {
    const { thing, file, where, theirs, ours } = recomputed.difference;
    throw new Disagreement({ check: thing, where: `${file}: ${where}`, found: theirs, expected: ours });
  }
  const { folder, result } = recomputed;
  onFinding({
    kind: 'agrees',
    check: 'recomputed',
    says: `${result.verdicts.length} PoCs judged again, ${result.leaves.length} leaves, root ${result.tuple.root}`,
  });

  checkPolicy(input, { network, folder });
  checkLeavesNeverFall(folder);
  for (const finding of await checkEvidence({ ...input, folder })) onFinding(finding);
  for (const finding of await registryFindings(input, { network, folder })) onFinding(finding);
  onFinding(await checkVoters({ ...input, folder }));
  for (const finding of await checkClaims({ connection, network, source })) onFinding(finding);
  return `root ${result.tuple.root}, cumulative total ${result.tuple.cumulativeTotal.toString()}`;
}

async function requireFinal(input: AuditInput, network: Network): Promise<FinalizedEpoch> {
  const { latest } = network;
  if (latest !== null && input.epoch <= latest.epoch) return latest;
  const { unixTime } = await readClock(input.connection);
  const ballot = await readBallot(input.connection, network.address);
  const seats = liveVotes(ballot, { network, unixTime });
  const voted = seats.filter(({ vote }) => vote?.epoch === input.epoch).length;
  const state =
    ballot.ripe?.epoch === input.epoch
      ? 'its challenge delay runs'
      : `${voted} of ${seats.length} oracles voted`;
  const last = latest === null ? 'none' : latest.epoch.toString();
  throw new CannotCheck('not_final', `the epoch is not final (latest: ${last}); ${state}`);
}

/** The credit price is the policy's, which may have been replaced since; the epoch's own policy then says it. */
function knownFacts(
  network: Network,
  from: { readonly epoch: EpochNumber; readonly files: FolderFiles },
): EpochFacts {
  const facts = epochFacts(network, from.epoch);
  const bytes = from.files.get(FILES.policy);
  if (bytes === undefined) return facts;
  try {
    const policy = openPolicy(bytes);
    const isPinned = policyHash(policy) === policyAt(network, from.epoch).hash;
    return isPinned ? facts : { ...facts, creditPrice: BigInt(policy.credit_price) };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return facts;
  }
}

function checkPolicy(
  { epoch, onFinding }: AuditInput,
  { network, folder }: { readonly network: Network; readonly folder: EpochFolder },
): void {
  const found = policyHash(folder.policy);
  const pinned = policyAt(network, epoch).hash;
  if (found === pinned) {
    onFinding({ kind: 'agrees', check: 'policy', says: `${found}, as the chain pins it` });
    return;
  }
  if (epoch === network.latest?.epoch)
    throw new Disagreement({ check: 'policy', where: 'policy.json: hash', found, expected: pinned });
  onFinding({
    kind: 'not_checked',
    check: 'policy',
    says: `${found} was replaced since; the program compared it when it made the epoch final`,
  });
}

function checkLeavesNeverFall(folder: EpochFolder): void {
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
}

async function registryFindings(
  input: AuditInput,
  { network, folder }: { readonly network: Network; readonly folder: EpochFolder },
): Promise<readonly Finding[]> {
  const { end } = folder.facts;
  // A node that is behind another one does not know yet who registered: what it lacks would look like a difference.
  const clock = await readClock(input.connection);
  if (clock.unixTime <= end)
    throw new CannotCheck(
      'chain_behind',
      `the node's clock is at ${clock.unixTime}, the epoch ended at ${end}`,
    );
  const hotspots = await readHotspots(input.connection, network, { minContextSlot: clock.slot });
  return checkRegistry({ table: folder.registry, hotspots: hotspots.value, epoch: input.epoch, end });
}

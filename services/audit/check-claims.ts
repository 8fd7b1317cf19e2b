import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '@solana/web3.js';
import {
  readHotspots,
  readLedger,
  readNetwork,
  readPayees,
  readTokenSupply,
  type FinalizedEpoch,
  type Network,
} from '#client';
import { ProtocolError } from '#protocol/errors';
import { FILES, openFile } from '#protocol/settle/folder';
import { openLeaves } from '#protocol/settle/folder/leaves-file';
import { hotspotLeafKey, payeeLeafKey, type LeafKey } from '#protocol/settle/leaf';
import { settlementTree } from '#protocol/settle/tree';
import type { Address } from '#protocol/units';
import { nativeHashes } from '#services/runtime/evidence/native-hash';
import { Outage } from '#services/runtime/outage';
import { epochPath } from '#services/runtime/public-epochs';
import type { PublicFiles } from '#services/runtime/public-files';
import { Disagreement, type Difference, type Finding } from './report.ts';

const ATTEMPTS = 5;
/** Between attempts: some slots, in which nodes behind the same RPC catch up with each other. */
const PAUSE_MS = 500;

interface Claims {
  readonly bySubject: ReadonlyMap<LeafKey, bigint>;
  readonly total: bigint;
  readonly supply: bigint;
}

/** Nobody claimed more than the latest final leaf, and every token that exists was claimed. */
export async function checkClaims(input: {
  readonly connection: Connection;
  readonly network: Network;
  readonly source: PublicFiles;
}): Promise<readonly Finding[]> {
  const { connection, network, source } = input;
  const { latest } = network;
  if (latest === null) return [];
  const leaves = await readLeaves({ network, latest, source });
  let difference: Difference | null = null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (attempt > 0) await sleep(PAUSE_MS);
    const claims = await readClaims(connection, network);
    // Claims go on while they are read, and an RPC may be several nodes: only what stays is a difference.
    difference = claims === null ? null : differenceIn(claims, leaves);
    if (claims === null || difference !== null) continue;
    const says = `${claims.total.toString()} claimed of ${latest.cumulativeTotal.toString()}, which is the whole supply`;
    return [{ kind: 'agrees', check: 'claims', says }];
  }
  if (difference !== null) throw new Disagreement(difference);
  const says = 'the chain moved on while it was read; run the audit again';
  return [{ kind: 'not_checked', check: 'claims', says }];
}

/** Accounts as of one moment; null where claims or a finalization came in between. */
async function readClaims(connection: Connection, network: Network): Promise<Claims | null> {
  const before = await readLedger(connection, network.address);
  const hotspots = await readHotspots(connection, network);
  const payees = await readPayees(connection, network.address);
  const supply = await readTokenSupply(connection, network.address);
  const after = await readLedger(connection, network.address);
  const now = await readNetwork(connection, network.address);
  if (before.totalClaimed !== after.totalClaimed || now.latest?.tupleHash !== network.latest?.tupleHash)
    return null;
  const bySubject = new Map<LeafKey, bigint>([
    ...hotspots.value.map((hotspot): [LeafKey, bigint] => [hotspotLeafKey(hotspot.key), hotspot.claimed]),
    ...payees.map((payee): [LeafKey, bigint] => [
      payeeLeafKey(payee.address.toBase58() as Address),
      payee.claimed,
    ]),
  ]);
  return { bySubject, total: after.totalClaimed, supply };
}

function differenceIn(claims: Claims, leaves: ReadonlyMap<LeafKey, bigint>): Difference | null {
  const check = 'claims';
  const total = claims.total.toString();
  for (const [key, claimed] of claims.bySubject) {
    const cumulative = leaves.get(key) ?? 0n;
    const expected = `at most ${cumulative.toString()}`;
    if (claimed > cumulative)
      return { check, where: `claimed by ${key}`, found: claimed.toString(), expected };
  }
  const sum = [...claims.bySubject.values()].reduce((all, claimed) => all + claimed, 0n);
  if (sum !== claims.total)
    return { check, where: 'sum over accounts', found: sum.toString(), expected: total };
  if (claims.supply !== claims.total)
    return { check, where: 'token supply', found: claims.supply.toString(), expected: total };
  return null;
}

/** The latest leaves, which have the root on chain. */
async function readLeaves(input: {
  readonly network: Network;
  readonly latest: FinalizedEpoch;
  readonly source: PublicFiles;
}): Promise<ReadonlyMap<LeafKey, bigint>> {
  const { network, latest, source } = input;
  const path = epochPath(latest.epoch, FILES.leaves);
  const bytes = await source.read(path);
  if (bytes === null) throw new Outage('file_missing', { location: source.location, path });
  const tree = settlementTree({
    network: network.address.toBase58() as Address,
    leaves: leavesOf(bytes, path),
    hashes: nativeHashes,
  });
  if (tree.root !== latest.root)
    throw new Disagreement({
      check: 'claims',
      where: `${path}: root`,
      found: tree.root,
      expected: latest.root,
    });
  return new Map(tree.leaves.map((leaf) => [leaf.key, leaf.cumulative]));
}

function leavesOf(bytes: Uint8Array, path: string): ReturnType<typeof openLeaves> {
  try {
    return openFile(new Map([[FILES.leaves, bytes]]), FILES.leaves, openLeaves);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new Disagreement({ check: 'claims', where: path, found: error.message, expected: 'leaves' });
  }
}

import type { Connection } from '@solana/web3.js';
import { readHotspots, readLedger, readNetwork, readPayees, readTokenSupply, type Network } from '#client';
import { ProtocolError } from '#protocol/errors';
import { FILES, openFile } from '#protocol/settle/folder';
import { openLeaves } from '#protocol/settle/folder/leaves-file';
import { hotspotLeafKey, payeeLeafKey, type LeafKey } from '#protocol/settle/leaf';
import { settlementTree } from '#protocol/settle/tree';
import type { Address } from '#protocol/units';
import { Outage } from '#services/runtime/outage';
import { epochPath } from '#services/runtime/public-epochs';
import type { PublicFiles } from '#services/runtime/public-files';
import { Disagreement, type Finding } from './report.ts';

const ATTEMPTS = 5;

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
  const { network, source } = input;
  const { latest } = network;
  if (latest === null) return [];
  const claims = await readClaims(input.connection, network);
  if (claims === null)
    return [
      {
        kind: 'not_checked',
        check: 'claims',
        says: 'the chain moved on while it was read; run the audit again',
      },
    ];
  const path = epochPath(latest.epoch, FILES.leaves);
  const bytes = await source.read(path);
  if (bytes === null) throw new Outage('file_missing', { location: source.location, path });
  const tree = settlementTree({
    network: network.address.toBase58() as Address,
    leaves: leavesOf(bytes, path),
  });
  expect({ check: 'claims', where: `${path}: root`, found: tree.root, expected: latest.root });
  const leaves = new Map(tree.leaves.map((leaf) => [leaf.key, leaf.cumulative]));
  for (const [key, claimed] of claims.bySubject) {
    const cumulative: bigint = leaves.get(key) ?? 0n;
    if (claimed > cumulative)
      throw new Disagreement({
        check: 'claims',
        where: `claimed by ${key}`,
        found: claimed.toString(),
        expected: `at most ${cumulative.toString()}`,
      });
  }
  const sum = [...claims.bySubject.values()].reduce((total, claimed) => total + claimed, 0n);
  expect({
    check: 'claims',
    where: 'sum over accounts',
    found: sum.toString(),
    expected: claims.total.toString(),
  });
  expect({
    check: 'claims',
    where: 'token supply',
    found: claims.supply.toString(),
    expected: claims.total.toString(),
  });
  const says = `${claims.total.toString()} claimed of ${latest.cumulativeTotal.toString()}, which is the whole supply`;
  return [{ kind: 'agrees', check: 'claims', says }];
}

/** Accounts as of one moment: read again while claims or finalizations come in between; null where they never stop. */
async function readClaims(connection: Connection, network: Network): Promise<Claims | null> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const before = await readLedger(connection, network.address);
    const hotspots = await readHotspots(connection, network);
    const payees = await readPayees(connection, network.address);
    const supply = await readTokenSupply(connection, network.address);
    const after = await readLedger(connection, network.address);
    if (before.totalClaimed !== after.totalClaimed) continue;
    const now = await readNetwork(connection, network.address);
    if (now.latest?.tupleHash !== network.latest?.tupleHash) return null;
    const bySubject = new Map<LeafKey, bigint>([
      ...hotspots.value.map((hotspot): [LeafKey, bigint] => [hotspotLeafKey(hotspot.key), hotspot.claimed]),
      ...payees.map((payee): [LeafKey, bigint] => [
        payeeLeafKey(payee.address.toBase58() as Address),
        payee.claimed,
      ]),
    ]);
    return { bySubject, total: after.totalClaimed, supply };
  }
  return null;
}

function leavesOf(bytes: Uint8Array, path: string): ReturnType<typeof openLeaves> {
  try {
    return openFile(new Map([[FILES.leaves, bytes]]), FILES.leaves, openLeaves);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new Disagreement({ check: 'claims', where: path, found: error.message, expected: 'leaves' });
  }
}

function expect(values: {
  readonly check: string;
  readonly where: string;
  readonly found: string;
  readonly expected: string;
}): void {
  if (values.found !== values.expected) throw new Disagreement(values);
}

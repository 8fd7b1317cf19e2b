import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '@solana/web3.js';
import {
  readHotspots,
  readLedger,
  readNetwork,
  readPayees,
  readTokenSupply,
  readVaultBalance,
  type Hotspot,
  type Network,
} from '#client';
import { hotspotLeafKey, payeeLeafKey, type LeafKey } from '#protocol/settle/leaf';
import type { Address } from '#protocol/units';
import type { PublicFiles } from '#services/runtime/public-files';
import { Disagreement } from '#services/audit/report/failures';
import type { Difference, Finding } from '#services/audit/report/report';
import { readLatestLeaves } from '#services/audit/files/latest-leaves';
import { readBurns, type Burns } from './read-burns.ts';

const ATTEMPTS = 5;
/** Between attempts: some slots, in which nodes behind the same RPC catch up with each other. */
const PAUSE_MS = 500;

/** What the accounts say of the tokens, as of one moment. */
export interface Claims {
  readonly bySubject: ReadonlyMap<LeafKey, bigint>;
  readonly total: bigint;
  /** Burned for data credits, and minted again for those that were withdrawn. */
  readonly credits: { readonly burned: bigint; readonly refunded: bigint };
  readonly supply: bigint;
  readonly vault: bigint;
  /** Bonds and what was asked back, over all hotspots. */
  readonly bonds: bigint;
}

interface ReadClaims extends Claims {
  readonly hotspots: readonly Hotspot[];
}

/** Nobody claimed more than the latest final leaf, what exists is what was claimed less what was burned, and bonds are covered. */
export async function checkClaims(input: {
  readonly connection: Connection;
  readonly network: Network;
  readonly source: PublicFiles;
}): Promise<readonly Finding[]> {
  const { connection, network, source } = input;
  const { latest } = network;
  if (latest === null) return [];
  const leaves = await readLatestLeaves(source, { network, latest });
  let difference: Difference | null = null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (attempt > 0) await sleep(PAUSE_MS);
    const claims = await readClaims(connection, network);
    // Claims go on while they are read, and an RPC may be several nodes: only what stays is a difference.
    difference = claims === null ? null : claimsDifference(claims, leaves);
    if (claims === null || difference !== null) continue;
    const burns = await readBurns(connection, {
      network: network.address,
      hotspots: claims.hotspots,
      missing: issued(claims) - claims.supply,
      credits: claims.credits.burned,
    });
    return [
      {
        kind: 'agrees',
        check: 'claims',
        says: `${claims.total.toString()} claimed of ${latest.cumulativeTotal.toString()}`,
      },
      ...supplyFindings(claims, burns),
      bondsFinding(claims),
    ];
  }
  if (difference !== null) throw new Disagreement(difference);
  const says = 'the chain moved on while it was read; run the audit again';
  return [{ kind: 'not_checked', check: 'claims', says }];
}

/** Accounts as of one moment; null where claims, bonds or a finalization came in between. */
async function readClaims(connection: Connection, network: Network): Promise<ReadClaims | null> {
  const before = await readSums(connection, network);
  const hotspots = await readHotspots(connection, network);
  const payees = await readPayees(connection, network.address);
  const after = await readSums(connection, network);
  const now = await readNetwork(connection, network.address);
  const moved =
    before.total !== after.total ||
    before.credits.burned !== after.credits.burned ||
    before.credits.refunded !== after.credits.refunded ||
    before.supply !== after.supply ||
    before.vault !== after.vault;
  if (moved || now.latest?.tupleHash !== network.latest?.tupleHash) return null;
  const bySubject = new Map<LeafKey, bigint>([
    ...hotspots.value.map((hotspot): [LeafKey, bigint] => [hotspotLeafKey(hotspot.key), hotspot.claimed]),
    ...payees.map((payee): [LeafKey, bigint] => [
      payeeLeafKey(payee.address.toBase58() as Address),
      payee.claimed,
    ]),
  ]);
  const bonds = hotspots.value.reduce((sum, { bond, unbonding }) => sum + bond + unbonding, 0n);
  return { bySubject, ...after, bonds, hotspots: hotspots.value };
}

async function readSums(
  connection: Connection,
  { address }: Network,
): Promise<Pick<Claims, 'total' | 'credits' | 'supply' | 'vault'>> {
  const { totalClaimed, creditsBurned, creditsRefunded } = await readLedger(connection, address);
  const supply = await readTokenSupply(connection, address);
  const credits = { burned: creditsBurned, refunded: creditsRefunded };
  return { total: totalClaimed, credits, supply, vault: await readVaultBalance(connection, address) };
}

/** What no burning explains; null where there is nothing of the kind. */
export function claimsDifference(claims: Claims, leaves: ReadonlyMap<LeafKey, bigint>): Difference | null {
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
  const { burned, refunded } = claims.credits;
  if (refunded > burned) {
    const expected = `at most ${burned.toString()}`;
    return { check, where: 'refunds of credits', found: refunded.toString(), expected };
  }
  if (claims.supply > issued(claims)) {
    const expected = `at most ${issued(claims).toString()}`;
    return { check, where: 'token supply', found: claims.supply.toString(), expected };
  }
  if (claims.vault < claims.bonds)
    return {
      check: 'bonds',
      where: 'vault',
      found: claims.vault.toString(),
      expected: `at least ${claims.bonds.toString()}`,
    };
  return null;
}

/** What exists where nobody burned a bond or tokens of their own. */
function issued({ total, credits }: Pick<Claims, 'total' | 'credits'>): bigint {
  return total - credits.burned + credits.refunded;
}

/** Supply is claims less burns and with refunds, exactly; throws where more was burned than is missing. */
export function supplyFindings(
  claims: Pick<Claims, 'total' | 'credits' | 'supply'>,
  burns: Burns,
): readonly Finding[] {
  const check = 'claims';
  const { total, credits, supply } = claims;
  const missing = issued(claims) - supply;
  const known = burns.bonds + burns.holders;
  const ofCredits =
    credits.burned === 0n
      ? ''
      : ` - ${credits.burned.toString()} burned for credits + ${credits.refunded.toString()} refunded`;
  const says = `supply ${supply.toString()} = ${total.toString()} claimed${ofCredits} - ${burns.bonds.toString()} of burned bonds - ${burns.holders.toString()} burned by holders`;
  if (known === missing) return [{ kind: 'agrees', check, says }];
  if (known > missing)
    throw new Disagreement({
      check,
      where: 'token supply',
      found: supply.toString(),
      expected: (issued(claims) - known).toString(),
    });
  return [
    {
      kind: 'not_checked',
      check,
      says: `${says} - ${(missing - known).toString()} burned in transactions that the node does not show: motions of which it has forgotten the events, or holders who burned their own`,
    },
  ];
}

function bondsFinding({ vault, bonds }: Claims): Finding {
  const surplus = vault === bonds ? '' : `, and ${(vault - bonds).toString()} that somebody sent there`;
  return { kind: 'agrees', check: 'bonds', says: `the vault holds the bonds, ${bonds.toString()}${surplus}` };
}

import type { Connection, PublicKey, TokenBalance, VersionedTransactionResponse } from '@solana/web3.js';
import { eventsOf, mintAddress, type Hotspot } from '#client';
import { recentTransactions } from '#services/runtime/chain-history';

/** Tokens that were burned, as far as the node's transactions show. */
export interface Burns {
  /** With the bonds of quarantined hotspots. */
  readonly bonds: bigint;
  /** By holders, of their own: the token program lets everybody. */
  readonly holders: bigint;
}

/** Every claim names the mint too: more transactions than these are not read for the sake of a holder's burning. */
const MAX_TRANSACTIONS = 5_000;

/** Looks for what is missing from the supply: first where bonds were burned, then in the mint's own transactions. */
export async function readBurns(
  connection: Connection,
  of: {
    readonly network: PublicKey;
    readonly hotspots: readonly Hotspot[];
    /** From the supply, that credits do not explain. */
    readonly missing: bigint;
    /** What was ever burned for credits, which the Ledger says. */
    readonly credits: bigint;
  },
): Promise<Burns> {
  if (of.missing === 0n && of.hotspots.every(({ motions }) => motions === 0n))
    return { bonds: 0n, holders: 0n };
  let bonds = 0n;
  for (const { address, motions } of of.hotspots)
    if (motions > 0n)
      for await (const transaction of recentTransactions(connection, address))
        bonds += burnedBonds(transaction, address);
  if (bonds === of.missing) return { bonds, holders: 0n };
  const mint = mintAddress(of.network);
  let all = 0n;
  let left = MAX_TRANSACTIONS;
  for await (const transaction of recentTransactions(connection, mint)) {
    all += burnedIn(transaction, mint);
    left -= 1;
    if (left === 0) break;
  }
  const known = bonds + of.credits;
  return { bonds, holders: all > known ? all - known : 0n };
}

function burnedBonds({ meta }: VersionedTransactionResponse, hotspot: PublicKey): bigint {
  return eventsOf(meta?.logMessages ?? []).reduce(
    (sum, event) =>
      event.name === 'MotionApplied' && event.subject.equals(hotspot) ? sum + event.burned : sum,
    0n,
  );
}

/** What the balances of a mint fell by, over all accounts that a transaction names: transfers cancel out. */
function burnedIn({ meta }: VersionedTransactionResponse, mint: PublicKey): bigint {
  const sum = (balances: readonly TokenBalance[] | null | undefined): bigint =>
    (balances ?? [])
      .filter((balance) => balance.mint === mint.toBase58())
      .reduce((all, { uiTokenAmount }) => all + BigInt(uiTokenAmount.amount), 0n);
  const fell = sum(meta?.preTokenBalances) - sum(meta?.postTokenBalances);
  return fell > 0n ? fell : 0n;
}

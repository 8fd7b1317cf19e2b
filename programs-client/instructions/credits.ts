import type { PublicKey, TransactionInstruction } from '@solana/web3.js';
import { creditsAddress, ledgerAddress, mintAddress, tokenAccountAddress } from '../address.ts';
import { buildInstruction } from './instruction.ts';

interface OfOwner {
  readonly owner: PublicKey;
  readonly network: PublicKey;
}

/** Signed by the owner, who pays for the account, and whose token account pays for the credits: at most `maxTokens`. */
export function buyCredits(
  input: OfOwner & { readonly credits: bigint; readonly maxTokens: bigint },
): TransactionInstruction {
  const { owner, network, credits, maxTokens } = input;
  return buildInstruction(
    'buy_credits',
    {
      owner,
      network,
      ledger: ledgerAddress(network),
      credits: creditsAddress(network, owner),
      mint: mintAddress(network),
      source: tokenAccountAddress(network, owner),
    },
    { credits, max_tokens: maxTokens },
  );
}

/** Signed by the owner; the credits are off its balance from the next epoch on. */
export function withdrawCredits(input: OfOwner & { readonly credits: bigint }): TransactionInstruction {
  const { owner, network, credits } = input;
  return buildInstruction(
    'withdraw_credits',
    { owner, network, credits: creditsAddress(network, owner) },
    { credits },
  );
}

/**
 * Settles what the owner used by the latest final credits root, and pays a withdrawal that is due to the owner's token
 * account, which must exist for that; signed by nobody but who pays the fee.
 */
export function settleCredits(
  input: OfOwner & {
    readonly settledTotal: bigint;
    readonly index: number;
    readonly proof: readonly Uint8Array[];
  },
): TransactionInstruction {
  const { owner, network, settledTotal, index, proof } = input;
  return buildInstruction(
    'settle_credits',
    {
      network,
      ledger: ledgerAddress(network),
      credits: creditsAddress(network, owner),
      mint: mintAddress(network),
      destination: tokenAccountAddress(network, owner),
    },
    { settled_total: settledTotal, index, proof },
  );
}

/** Smallest units of the token that credits cost at a price (USD per token, 8 decimals); null without a price. */
export function creditsCost(credits: bigint, price: bigint): bigint | null {
  // $0.00001 per credit, 8 decimals of the price, 8 of the token.
  return price === 0n ? null : (credits * 100_000_000_000n + price - 1n) / price;
}

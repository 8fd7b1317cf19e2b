import { SystemProgram, type Connection, type Keypair, type PublicKey } from '@solana/web3.js';
import {
  buyCredits,
  createTokenAccount,
  creditsCost,
  policyAt,
  readCredits,
  readNetwork,
  readTokenBalance,
  sendInstructions,
} from '#client';
import { epochNumber, type EpochNumber } from '#protocol/units';
import { poll } from '../watch.ts';

/** A dollar's worth. */
const CREDITS = 100_000n;
const LAMPORTS = 50_000_000;

/**
 * Buys credits once for an owner, with tokens that its hotspot earned; waits until there are enough. Returns the epoch from
 * which on they are in force.
 */
export async function buyDeviceCredits(options: {
  readonly connection: Connection;
  readonly network: PublicKey;
  readonly owner: Keypair;
  /** Pays the owner's fees: earning tokens gives no lamports. */
  readonly payer: Keypair;
  readonly signal: AbortSignal;
}): Promise<EpochNumber> {
  const { connection, owner, payer, signal } = options;
  const of = { network: options.network, owner: owner.publicKey };
  const held = await readCredits(connection, of);
  if (held !== null) return held.balance.nextFrom;
  await sendInstructions(connection, {
    instructions: [
      SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: owner.publicKey, lamports: LAMPORTS }),
      createTokenAccount({ payer: payer.publicKey, ...of }),
    ],
    payer,
  });
  return await poll(signal, async () => {
    const network = await readNetwork(connection, options.network);
    const next = epochNumber((network.latest?.epoch ?? 0n) + 1n);
    const maxTokens = creditsCost(CREDITS, policyAt(network, next).creditPrice);
    const tokens = (await readTokenBalance(connection, of, 'confirmed')) ?? 0n;
    if (maxTokens === null || tokens < maxTokens) return null;
    await sendInstructions(connection, {
      instructions: [buyCredits({ ...of, credits: CREDITS, maxTokens })],
      payer: owner,
    });
    return (await readCredits(connection, of))?.balance.nextFrom ?? null;
  });
}

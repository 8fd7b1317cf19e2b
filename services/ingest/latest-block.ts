import { PublicKey, type Connection } from '@solana/web3.js';
import type { LatestBlock } from './entropy.ts';

/**
 * The newest confirmed block, read as a block: only so do slot and blockhash surely belong together, and anyone can ask
 * any RPC for the same.
 */
export async function readLatestBlock(chain: Connection): Promise<LatestBlock> {
  const slot = await chain.getSlot('confirmed');
  const block = await chain.getBlock(slot, {
    commitment: 'confirmed',
    maxSupportedTransactionVersion: 0,
    transactionDetails: 'none',
    rewards: false,
  });
  if (block === null) throw new Error(`the RPC has no block for its confirmed slot ${slot}`);
  // A blockhash has the form of an address: 32 bytes in base58.
  return { slot: BigInt(slot), blockhash: new PublicKey(block.blockhash).toBytes(), time: block.blockTime };
}

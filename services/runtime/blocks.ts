import { SolanaJSONRPCError, type Connection } from '@solana/web3.js';

export interface Block {
  /** Base58. */
  readonly blockhash: string;
  /** Seconds; null where the node does not tell it. */
  readonly time: number | null;
  readonly parentSlot: number;
}

/** The chain's blocks, as far as a node has them; all methods reject where it cannot be asked. */
export interface Blocks {
  /** null where the node has none at the slot, for whatever reason. */
  block(slot: number): Promise<Block | null>;
  /** The newest confirmed one. */
  newest(): Promise<{ readonly slot: number; readonly time: number | null } | null>;
  /** The oldest one that the node still has, its time in seconds; null where it does not tell. */
  oldest(): Promise<{ readonly slot: number; readonly time: number } | null>;
  /** Whether the next block's parent lies before the slot: then it never had one. */
  isSkipped(slot: number): Promise<boolean>;
}

/** Slots after one in which its next block is looked for. */
const LOOK_AHEAD = 32;

/** Blocks at commitment confirmed, without their transactions. */
export function openBlocks(connection: Connection): Blocks {
  const block = (slot: number): Promise<Block | null> =>
    unlessRefused(async () => {
      const found = await connection.getBlock(slot, {
        commitment: 'confirmed',
        maxSupportedTransactionVersion: 0,
        transactionDetails: 'none',
        rewards: false,
      });
      if (found === null) return null;
      const { blockhash, blockTime, parentSlot } = found;
      return { blockhash, time: blockTime, parentSlot };
    });
  return {
    block,
    async newest() {
      const slot = await connection.getSlot('confirmed');
      return { slot, time: await unlessRefused(() => connection.getBlockTime(slot)) };
    },
    oldest: () =>
      unlessRefused(async () => {
        const slot = await connection.getFirstAvailableBlock();
        const time = await connection.getBlockTime(slot);
        return time === null ? null : { slot, time };
      }),
    async isSkipped(slot) {
      const after = await unlessRefused(() => connection.getBlocks(slot + 1, slot + LOOK_AHEAD, 'confirmed'));
      const next = after?.[0] === undefined ? null : await block(after[0]);
      return next !== null && next.parentSlot < slot;
    },
  };
}

/** An error that the node answers with says that it has no such thing. */
async function unlessRefused<Answer>(ask: () => Promise<Answer>): Promise<Answer | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof SolanaJSONRPCError) return null;
    throw error;
  }
}

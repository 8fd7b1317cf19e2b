import type { PublicKey, TransactionInstruction } from '@solana/web3.js';
import { creditsAddress, decodeCredits, ledgerAddress, settleCredits, type Credits } from '#client';
import { EMPTY_ROOT, leafHash } from '#protocol/evidence/merkle';
import { MerkleTree } from '#protocol/evidence/proof';
import type { Tuple } from '#protocol/settle/tuple';
import { hexHash, type TestNetwork } from './litesvm-network.ts';

/** What an owner used since the network's beginning. */
export interface Used {
  readonly owner: PublicKey;
  readonly total: bigint;
}

/** The credits tree of a network, from the definition in chain.md, "Bytes". */
export interface TestCreditsTree {
  readonly used: readonly Used[];
  /** What a tuple says of it. */
  readonly pins: Pick<Tuple, 'creditsRoot' | 'creditsCount'>;
  /** The settlement of an owner; where it has no leaf, one that proves nothing. */
  readonly settlementOf: (owner: PublicKey) => TransactionInstruction;
}

export function creditsTree({ address: network }: TestNetwork, all: readonly Used[]): TestCreditsTree {
  const used = [...all].sort((a, b) => Buffer.compare(a.owner.toBuffer(), b.owner.toBuffer()));
  const tree = new MerkleTree(used.map((of) => leafHash(entryOf(network, of))));
  const root = used.length === 0 ? EMPTY_ROOT : tree.root;
  return {
    used,
    pins: { creditsRoot: hexHash(root), creditsCount: used.length },
    settlementOf: (owner) => {
      const index = used.findIndex((of) => of.owner.equals(owner));
      const settledTotal = used[index]?.total ?? 0n;
      if (index < 0) return settleCredits({ network, owner, settledTotal, index: 0, proof: [] });
      return settleCredits({ network, owner, settledTotal, index, proof: tree.inclusionProof(index) });
    },
  };
}

export function creditsState({ chain, address }: TestNetwork, owner: PublicKey): Credits {
  const account = creditsAddress(address, owner);
  const found = chain.account(account);
  if (found === null) throw new Error('the owner has no credits');
  return decodeCredits(account, found.data);
}

/** What was ever burned for credits and given back for them. */
export function creditsMoney({ chain, address }: TestNetwork): {
  readonly burned: bigint;
  readonly refunded: bigint;
} {
  const data = Buffer.from(chain.account(ledgerAddress(address))?.data ?? []);
  return { burned: data.readBigUInt64LE(50), refunded: data.readBigUInt64LE(58) };
}

const entryOf = (network: PublicKey, { owner, total }: Used): Uint8Array => {
  const settled = Buffer.alloc(8);
  settled.writeBigUInt64LE(total);
  return Buffer.concat([Buffer.from('coverant/credits/v1'), network.toBytes(), owner.toBytes(), settled]);
};

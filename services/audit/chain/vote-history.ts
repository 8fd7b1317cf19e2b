import type { Connection, PublicKey, VersionedTransactionResponse } from '@solana/web3.js';
import { ballotAddress, eventsOf, signedAttestations, type FinalizedEpoch } from '#client';
import { tupleHash } from '#protocol/settle/tuple';
import type { Address, Hash, HotspotKey } from '#protocol/units';
import { recentTransactions } from '#services/runtime/chain-history';
import { verifySignature } from '#services/runtime/signature';

/** Who voted for a tuple, as the transactions show that the node still has. */
export interface Votes {
  /** As the program stored them when the tuple became final; null where that transaction is gone. */
  readonly voters: readonly Address[] | null;
  /** Whose own signature on a transaction that attests the tuple verifies. */
  readonly signed: ReadonlySet<Address>;
}

/** Reads the votes of a network backwards, once, as far as they are asked for. */
export class VoteHistory {
  readonly #transactions: AsyncGenerator<VersionedTransactionResponse>;
  readonly #network: PublicKey;
  readonly #final = new Map<Hash, FinalizedEpoch>();
  readonly #signed = new Map<Hash, Set<Address>>();
  #ended = false;

  constructor(connection: Connection, network: PublicKey) {
    this.#network = network;
    this.#transactions = recentTransactions(connection, ballotAddress(network));
  }

  /** Reads on until the voters of the tuple, and a signature of each, are found, or the history ends. */
  async votesOn(hash: Hash): Promise<Votes> {
    while (!this.#ended && !this.#isWhole(hash)) await this.#readOne();
    return { voters: this.#votersOf(hash), signed: this.#signed.get(hash) ?? new Set() };
  }

  async #readOne(): Promise<void> {
    const next = await this.#transactions.next();
    if (next.done === true) {
      this.#ended = true;
      return;
    }
    const { transaction, meta } = next.value;
    for (const event of eventsOf(meta?.logMessages ?? []))
      if (event.name === 'Finalized' && event.network.equals(this.#network))
        this.#final.set(event.latest.tupleHash, event.latest);
    for (const { oracle, tuple, message, signature } of signedAttestations(transaction)) {
      const key = `01${Buffer.from(oracle.toBytes()).toString('hex')}` as HotspotKey;
      if (!verifySignature({ key, message, signature })) continue;
      const hash = tupleHash(tuple);
      const signed = this.#signed.get(hash) ?? new Set();
      this.#signed.set(hash, signed.add(oracle.toBase58() as Address));
    }
  }

  #votersOf(hash: Hash): readonly Address[] | null {
    return this.#final.get(hash)?.voters.map((key) => key.toBase58() as Address) ?? null;
  }

  #isWhole(hash: Hash): boolean {
    const voters = this.#votersOf(hash);
    return voters?.every((voter) => this.#signed.get(hash)?.has(voter) === true) ?? false;
  }
}

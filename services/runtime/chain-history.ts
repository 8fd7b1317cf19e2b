import type { Connection, PublicKey, VersionedTransactionResponse } from '@solana/web3.js';
import { ballotAddress, eventsOf, type CoverageEvent, type FinalizedEpoch } from '#client';
import { tupleHash, type Tuple } from '#protocol/settle/tuple';
import type { Hash } from '#protocol/units';

/** Signatures asked for at once; a node gives at most 1000. */
const PAGE = 100;

/** Successful transactions that name an address, as the node still remembers them, newest first. */
export async function* recentTransactions(
  connection: Connection,
  address: PublicKey,
): AsyncGenerator<VersionedTransactionResponse> {
  let before: string | undefined;
  for (;;) {
    const page = await connection.getSignaturesForAddress(
      address,
      { limit: PAGE, ...(before === undefined ? {} : { before }) },
      'finalized',
    );
    for (const { signature, err } of page) {
      if (err !== null) continue;
      const transaction = await connection.getTransaction(signature, {
        commitment: 'finalized',
        maxSupportedTransactionVersion: 0,
      });
      if (transaction !== null) yield transaction;
    }
    before = page.at(-1)?.signature;
    if (page.length < PAGE || before === undefined) return;
  }
}

/** The network's events as the node still remembers them, newest first: nothing else holds what Ballot has forgotten. */
export async function* recentEvents(
  connection: Connection,
  network: PublicKey,
): AsyncGenerator<CoverageEvent> {
  for await (const { meta } of recentTransactions(connection, ballotAddress(network)))
    yield* eventsOf(meta?.logMessages ?? []).toReversed();
}

/** The whole tuple behind a vote; null where the node does not remember it. */
export async function findTuple(
  connection: Connection,
  network: PublicKey,
  hash: Hash,
): Promise<Tuple | null> {
  for await (const event of recentEvents(connection, network))
    if (event.name === 'Attested' && tupleHash(event.tuple) === hash) return event.tuple;
  return null;
}

/** Epochs that were made final, as far back as the node remembers. */
export async function* finalizedNewestFirst(
  connection: Connection,
  network: PublicKey,
): AsyncGenerator<FinalizedEpoch> {
  for await (const event of recentEvents(connection, network))
    if (event.name === 'Finalized' && event.network.equals(network)) yield event.latest;
}

import type {
  ConfirmedSignatureInfo,
  Connection,
  PublicKey,
  VersionedTransactionResponse,
} from '@solana/web3.js';
import {
  ballotAddress,
  eventsOf,
  settlementInstructions,
  type FinalizedEpoch,
  type SettlementInstruction,
} from '#client';
import { tupleHash, type Tuple } from '#protocol/settle/tuple';
import type { Hash } from '#protocol/units';
import { Outage } from './outage.ts';
import { remember } from './remember.ts';

/** Signatures asked for at once; a node gives at most 1000. */
const PAGE = 100;
/** Transactions asked for at once, and held. */
const PARALLEL = 8;
/** Anyone may name the ballot in a transaction: how many of them a search for one tuple goes through. */
const SEARCHED = 5000;
/** Tuples remembered by a search. */
const REMEMBERED = 256;

/** What of a final epoch its transaction and the Network account both say. */
export type FinalEpoch = Omit<FinalizedEpoch, 'time'>;

/** An epoch that was made final, as its transaction says: with its whole tuple, that Network does not keep. */
export type HistoricEpoch = FinalEpoch & { readonly tuple: Tuple };

interface Landed {
  readonly signature: string;
  readonly transaction: VersionedTransactionResponse;
  /** Newest first. */
  readonly instructions: readonly SettlementInstruction[];
}

/**
 * Transactions that succeeded and name an address, newest first, down to the first one that the node lists and no longer
 * has: what lies before that is not known.
 */
export async function* recentTransactions(
  connection: Connection,
  address: PublicKey,
): AsyncGenerator<VersionedTransactionResponse> {
  for await (const { transaction } of listedNewestFirst(connection, address)) {
    if (transaction === null) return;
    yield transaction;
  }
}

/** null for a transaction that the node lists and does not have. */
async function* listedNewestFirst(
  connection: Connection,
  address: PublicKey,
  until?: string,
): AsyncGenerator<ConfirmedSignatureInfo & { readonly transaction: VersionedTransactionResponse | null }> {
  let before: string | undefined;
  for (;;) {
    const options = {
      limit: PAGE,
      ...(before === undefined ? {} : { before }),
      ...(until === undefined ? {} : { until }),
    };
    const page = await connection.getSignaturesForAddress(address, options, 'finalized');
    const succeeded = page.filter(({ err }) => err === null);
    for (let at = 0; at < succeeded.length; at += PARALLEL)
      yield* await Promise.all(
        succeeded.slice(at, at + PARALLEL).map(async (listed) => ({
          ...listed,
          transaction: await connection.getTransaction(listed.signature, {
            commitment: 'finalized',
            maxSupportedTransactionVersion: 0,
          }),
        })),
      );
    before = page.at(-1)?.signature;
    if (page.length < PAGE || before === undefined) return;
  }
}

/**
 * The network's transactions that succeeded, newest first, as far back as the node lists them. Throws Outage
 * history_unavailable where it lists one that it does not have: what that said is not known then.
 */
async function* landedNewestFirst(
  connection: Connection,
  network: PublicKey,
  until?: string,
): AsyncGenerator<Landed> {
  for await (const listed of listedNewestFirst(connection, ballotAddress(network), until)) {
    const { signature, slot, transaction } = listed;
    if (transaction?.meta == null) throw new Outage('history_unavailable', { signature, slot });
    const instructions = settlementInstructions(transaction).filter((each) => each.network.equals(network));
    yield { signature, transaction, instructions: instructions.toReversed() };
  }
}

/** Finds the whole tuples behind votes. */
export interface TupleSearch {
  /**
   * null where no vote since the latest final epoch was for it, as far as the node tells: older votes stand no more.
   * Throws Outage history_unavailable.
   */
  find(hash: Hash): Promise<Tuple | null>;
}

/** Remembers what it has gone through: another hash costs what is new on the chain. */
export function openTupleSearch(connection: Connection, network: PublicKey): TupleSearch {
  const tuples = new Map<Hash, Tuple>();
  let seen: string | undefined;

  async function goThrough(): Promise<void> {
    let newest: string | undefined;
    let left = SEARCHED;
    for await (const { signature, instructions } of landedNewestFirst(connection, network, seen)) {
      newest ??= signature;
      for (const instruction of instructions)
        if (instruction.name === 'attest')
          remember(tuples, {
            key: tupleHash(instruction.tuple),
            value: instruction.tuple,
            most: REMEMBERED,
          });
      left -= 1;
      if (left === 0 || instructions.some(({ name }) => name === 'finalize')) break;
    }
    seen = newest ?? seen;
  }

  return {
    async find(hash) {
      if (!tuples.has(hash)) await goThrough();
      return tuples.get(hash) ?? null;
    },
  };
}

/**
 * Epochs that were made final, as far back as the node remembers. Who voted is told by the transaction's event, or, where
 * its log was cut, by the votes since the epoch before: then the latest of each oracle counts. A vote that a veto or a
 * rotation made void in between counts too; who computes on it comes to another tuple than the final one, and says so.
 */
export async function* finalizedNewestFirst(
  connection: Connection,
  network: PublicKey,
): AsyncGenerator<HistoricEpoch> {
  let untold: { readonly epoch: HistoricEpoch; readonly votes: Map<string, Vote> } | null = null;
  for await (const { transaction, instructions } of landedNewestFirst(connection, network)) {
    for (const instruction of instructions) {
      if (instruction.name === 'attest') {
        const { oracle, tuple } = instruction;
        const id = oracle.toBase58();
        if (untold?.votes.has(id) === false) untold.votes.set(id, { oracle, tupleHash: tupleHash(tuple) });
        continue;
      }
      if (untold !== null) yield withVoters(untold.epoch, untold.votes);
      untold = null;
      if (instruction.name === 'create_network') return;
      const epoch = epochOf(instruction.tuple);
      const voters = votersToldBy(transaction, epoch.tupleHash);
      if (voters === null) untold = { epoch, votes: new Map() };
      else yield { ...epoch, voters };
    }
  }
  // Its votes lie beyond what the node remembers.
  if (untold !== null) throw new Outage('history_unavailable', { epoch: untold.epoch.epoch });
}

interface Vote {
  readonly oracle: PublicKey;
  readonly tupleHash: Hash;
}

function epochOf(tuple: Tuple): HistoricEpoch {
  const { epoch, root, leafCount, cumulativeTotal, creditsRoot, creditsCount } = tuple;
  const totals = { root, leafCount, cumulativeTotal, creditsRoot, creditsCount };
  return { epoch, tupleHash: tupleHash(tuple), ...totals, tuple, voters: [] };
}

function withVoters(epoch: HistoricEpoch, votes: ReadonlyMap<string, Vote>): HistoricEpoch {
  const voters = [...votes.values()].filter((vote) => vote.tupleHash === epoch.tupleHash);
  return { ...epoch, voters: voters.map(({ oracle }) => oracle) };
}

function votersToldBy(transaction: VersionedTransactionResponse, hash: Hash): readonly PublicKey[] | null {
  for (const event of eventsOf(transaction.meta?.logMessages ?? []))
    if (event.name === 'Finalized' && event.latest.tupleHash === hash) return event.latest.voters;
  return null;
}

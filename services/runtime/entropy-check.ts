import { entropyData } from '#protocol/crypto/entropy';
import { decodeRecord, entryKind, type EvidenceBody } from '#protocol/evidence/record';
import { base58 } from '@scure/base';
import { toHex } from '#protocol/wire/hex';
import type { Blocks } from './blocks.ts';
import { remember } from './remember.ts';

/** An entropy as a log holds it. */
export interface LoggedEntropy extends Omit<Extract<EvidenceBody, { kind: 'entropy' }>, 'kind'> {
  /** Milliseconds. */
  readonly receivedAt: number;
}

/** An entropy and its index in the log. */
export interface PlacedEntropy extends LoggedEntropy {
  readonly index: number;
}

/** Entropies among consecutive entries of a log, of which the first has the index `from`. */
export function entropiesIn(entries: readonly Uint8Array[], from: number): readonly PlacedEntropy[] {
  return entries.flatMap((entry, at) => {
    if (entryKind(entry) !== 'entropy') return [];
    const { receivedAt, body } = decodeRecord(entry);
    return body.kind === 'entropy' ? [{ ...body, receivedAt, index: from + at }] : [];
  });
}

export type EntropyVerdict =
  | { readonly kind: 'ok' }
  | {
      readonly kind: 'differs';
      readonly field: 'data' | 'blockhash' | 'slot' | 'timestamp' | 'received_at';
      readonly found: string;
      readonly expected: string;
    }
  /** The formula holds, and the chain does not tell the block; `isEarly`: it will, when its time has come. */
  | { readonly kind: 'unknown'; readonly why: string; readonly isEarly?: boolean };

/**
 * Seconds. An entropy is made of the newest confirmed block, a second or two old; a cluster's clock and true time have
 * been apart by more than that. Older: it was known too long before it counted. Younger: it counted before its block.
 */
export const OLDEST_BLOCK_S = 60;
export const YOUNGEST_BLOCK_S = 10;

/** Requests under way at a time. */
const PARALLEL = 8;
/** Verdicts remembered; one takes some 200 bytes. */
const REMEMBERED = 20_000;
/** How long an unknown one is not asked for again. */
const UNKNOWN_MS = 60_000;

export interface EntropyCheck {
  /**
   * One verdict per entropy, in their order; never rejects: what cannot be asked is unknown. `again`: what was unknown
   * is asked for again, however little time has passed.
   */
  check(entropies: readonly LoggedEntropy[], again?: boolean): Promise<readonly EntropyVerdict[]>;
}

/** Compares entropies with the formula and the chain's blocks; what was compared once is remembered. */
export function openEntropyCheck(
  blocks: Blocks,
  elapsed: () => number = () => performance.now(),
): EntropyCheck {
  const known = new Map<string, { readonly verdict: EntropyVerdict; readonly at: number }>();

  async function verdictOf(entropy: LoggedEntropy, again: boolean): Promise<EntropyVerdict> {
    const id = idOf(entropy);
    const before = known.get(id);
    const isFresh = before !== undefined && !again && elapsed() - before.at < UNKNOWN_MS;
    if (before !== undefined && (before.verdict.kind !== 'unknown' || isFresh)) return before.verdict;
    const verdict = await judge(entropy, blocks);
    remember(known, { key: id, value: { verdict, at: elapsed() }, most: REMEMBERED });
    return verdict;
  }

  return {
    async check(entropies, again = false) {
      const verdicts: EntropyVerdict[] = [];
      const left = entropies.entries();
      const work = async (): Promise<void> => {
        for (const [at, entropy] of left) verdicts[at] = await verdictOf(entropy, again);
      };
      await Promise.all(Array.from({ length: PARALLEL }, work));
      return verdicts;
    },
  };
}

/** What needs no chain: data is the hash of time and blockhash; null where that holds. */
export function formulaDifference({
  data,
  timestamp,
  blockhash,
}: Pick<LoggedEntropy, 'data' | 'timestamp' | 'blockhash'>): EntropyVerdict | null {
  if (blockhash.length !== 32)
    return differs('blockhash', `${blockhash.length} bytes`, 'the 32 bytes of a blockhash');
  const expected = toHex(entropyData({ timestamp, blockhash }));
  return toHex(data) === expected ? null : differs('data', toHex(data), expected);
}

async function judge(entropy: LoggedEntropy, blocks: Blocks): Promise<EntropyVerdict> {
  const wrong = formulaDifference(entropy);
  if (wrong !== null) return wrong;
  try {
    const verdict = await compare(entropy, blocks);
    if (verdict.kind !== 'differs') return verdict;
    // A chain whose history begins after the record (a local one that was started again) says nothing about it.
    const oldest = await blocks.oldest();
    if (oldest === null || entropy.receivedAt / 1000 >= oldest.time) return verdict;
    return { kind: 'unknown', why: `the node's history begins at ${oldest.time}` };
  } catch (error) {
    return { kind: 'unknown', why: error instanceof Error ? error.message : String(error) };
  }
}

async function compare(entropy: LoggedEntropy, blocks: Blocks): Promise<EntropyVerdict> {
  const slot = Number(entropy.slot);
  const block = await blocks.block(slot);
  if (block === null) return await compareMissing(entropy, blocks);
  const blockhash = base58.encode(entropy.blockhash);
  if (block.blockhash !== blockhash) return differs('blockhash', blockhash, block.blockhash);
  if (block.time === null) return { kind: 'unknown', why: `the node does not tell the time of slot ${slot}` };
  const bounds = { least: block.time - YOUNGEST_BLOCK_S, most: block.time + OLDEST_BLOCK_S };
  const within = `${bounds.least} to ${bounds.most}, by the block's time ${block.time}`;
  const receivedAt = entropy.receivedAt / 1000;
  if (entropy.timestamp < bounds.least || entropy.timestamp > bounds.most)
    return differs('timestamp', String(entropy.timestamp), within);
  if (receivedAt < bounds.least || receivedAt > bounds.most)
    return differs('received_at', String(receivedAt), within);
  return { kind: 'ok' };
}

/** No block: the chain passed over the slot, or has not come to it in time, or the node does not know. */
async function compareMissing(entropy: LoggedEntropy, blocks: Blocks): Promise<EntropyVerdict> {
  const slot = Number(entropy.slot);
  const newest = await blocks.newest();
  if (newest !== null && newest.slot < slot) {
    const isOver = newest.time !== null && newest.time > entropy.receivedAt / 1000 + YOUNGEST_BLOCK_S;
    return isOver
      ? differs('slot', String(slot), `at most ${newest.slot}, whose time is ${newest.time}`)
      : { kind: 'unknown', why: `the node has not reached slot ${slot}`, isEarly: true };
  }
  // A node that has forgotten the block knows all the same how old it is at least.
  const oldest = await blocks.oldest();
  if (oldest !== null && slot < oldest.slot && entropy.receivedAt / 1000 > oldest.time + OLDEST_BLOCK_S)
    return differs('slot', String(slot), `at least ${oldest.slot}, whose time is ${oldest.time}`);
  if (await blocks.isSkipped(slot)) return differs('slot', String(slot), 'a slot that has a block');
  return { kind: 'unknown', why: `the node does not have slot ${slot}` };
}

function differs(
  field: Extract<EntropyVerdict, { kind: 'differs' }>['field'],
  found: string,
  expected: string,
): EntropyVerdict {
  return { kind: 'differs', field, found, expected };
}

function idOf({ data, timestamp, slot, blockhash, receivedAt }: LoggedEntropy): string {
  return [toHex(data), timestamp, slot, toHex(blockhash), receivedAt].join(' ');
}

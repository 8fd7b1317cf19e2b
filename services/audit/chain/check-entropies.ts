import { SolanaJSONRPCError, type Connection } from '@solana/web3.js';
import { base58 } from '@scure/base';
import { entropyData } from '#protocol/crypto/entropy';
import type { SealedEvidence } from '#protocol/evidence/cut';
import { equalBytes } from '#protocol/evidence/merkle';
import { decodeRecord, entryKind, type EvidenceBody } from '#protocol/evidence/record';
import { Disagreement } from '#services/audit/report/failures';
import type { Finding } from '#services/audit/report/report';

type Entropy = Extract<EvidenceBody, { readonly kind: 'entropy' }>;

/** An entropy and where it stands. */
interface Placed {
  readonly entropy: Entropy;
  readonly where: string;
}

/** What the chain has in a slot; null where the node does not know the slot any more. */
export interface SlotBlock {
  readonly blockhash: Uint8Array;
  /** Seconds; null where the node does not tell. */
  readonly time: number | null;
}

const AT_A_TIME = 8;

/** Every entropy follows from its blockhash, and the blockhash and the time are those of the slot that it names. */
export async function checkEntropies(input: {
  readonly evidence: readonly SealedEvidence[];
  /** Seconds for which the policy lets an entropy be used: one that was known for longer is no use as one. */
  readonly window: number;
  readonly blockOf: (slot: bigint) => Promise<SlotBlock | null>;
}): Promise<readonly Finding[]> {
  const check = 'entropy';
  const placed = input.evidence.flatMap(entropiesOf);
  const known = placed.filter(({ entropy }) => entropy.version === 0);
  for (const each of known) requireDerived(each);
  const gone: Placed[] = [];
  let furthest = 0;
  for (let at = 0; at < known.length; at += AT_A_TIME)
    await Promise.all(
      known.slice(at, at + AT_A_TIME).map(async (each) => {
        const block = await input.blockOf(each.entropy.slot);
        if (block === null) gone.push(each);
        else furthest = Math.max(furthest, requireBlock(each, block, input.window));
      }),
    );
  const findings: Finding[] = [];
  const seen = known.length - gone.length;
  if (known.length > 0)
    findings.push({
      kind: 'agrees',
      check,
      says: `${known.length} follow from their blockhash; ${seen} have the blockhash of their slot, at most ${furthest} s from its time`,
    });
  if (gone.length > 0)
    findings.push({
      kind: 'not_checked',
      check,
      says: `the node has no block for the slots of ${gone.length} entropies: its own history ends before them, or they were skipped`,
    });
  if (known.length < placed.length)
    findings.push({
      kind: 'not_checked',
      check,
      says: `${placed.length - known.length} entropies are of a version that no rule knows, and count for nothing`,
    });
  return findings;
}

/** Asks a node for blocks; null for slots that it does not have. */
export function blocksOf(connection: Connection): (slot: bigint) => Promise<SlotBlock | null> {
  return async (slot) => {
    if (slot > BigInt(Number.MAX_SAFE_INTEGER)) return null;
    try {
      const block = await connection.getBlock(Number(slot), {
        commitment: 'finalized',
        maxSupportedTransactionVersion: 0,
        transactionDetails: 'none',
        rewards: false,
      });
      return block && { blockhash: base58.decode(block.blockhash), time: block.blockTime };
    } catch (error) {
      // The node answered, and has none.
      if (error instanceof SolanaJSONRPCError) return null;
      throw error;
    }
  };
}

function entropiesOf(sealed: SealedEvidence): readonly Placed[] {
  return sealed.entries.flatMap((entry, at) => {
    if (entryKind(entry) !== 'entropy') return [];
    const { body } = decodeRecord(entry);
    if (body.kind !== 'entropy') return [];
    return [{ entropy: body, where: `${sealed.origin} entry ${sealed.from + at}` }];
  });
}

function requireDerived({ entropy, where }: Placed): void {
  const expected = entropyData(entropy);
  if (!equalBytes(entropy.data, expected))
    throw new Disagreement({
      check: 'entropy',
      where: `${where}: data`,
      found: Buffer.from(entropy.data).toString('hex'),
      expected: Buffer.from(expected).toString('hex'),
    });
}

/** Seconds between the entropy's time and its block's. */
function requireBlock({ entropy, where }: Placed, block: SlotBlock, window: number): number {
  if (!equalBytes(entropy.blockhash, block.blockhash))
    throw new Disagreement({
      check: 'entropy',
      where: `${where}: blockhash of slot ${entropy.slot}`,
      found: base58.encode(entropy.blockhash),
      expected: base58.encode(block.blockhash),
    });
  const apart = block.time === null ? 0 : Math.abs(entropy.timestamp - block.time);
  if (apart > window)
    throw new Disagreement({
      check: 'entropy',
      where: `${where}: time of slot ${entropy.slot}`,
      found: String(entropy.timestamp),
      expected: `within ${window} s of ${block.time}`,
    });
  return apart;
}

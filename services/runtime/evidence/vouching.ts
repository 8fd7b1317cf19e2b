import type { CosignedCheckpoint } from '#protocol/evidence/checkpoint';
import type { SealedEvidence } from '#protocol/evidence/cut';
import { equalBytes } from '#protocol/evidence/merkle';
import { entryReceivedAt } from '#protocol/evidence/record';
import { witnessObjection, type WitnessObjection } from '#protocol/evidence/witnessed';
import { ProtocolError } from '#protocol/errors';
import type { Policy } from '#protocol/policy';
import type { Millis } from '#protocol/units';
import { Outage } from '../outage.ts';
import type { PublicFiles } from '../public-files.ts';
import { within } from '../within.ts';
import type { CosignedReader } from './cosigned-reader.ts';
import type { VerifiedTree } from './verified-tree.ts';

/** What one witness says of a log's cut; null: it vouches for it. */
export interface Vouching {
  readonly witness: string;
  readonly objection: Objection | null;
}

export type Objection =
  | WitnessObjection
  /** Its files cannot be read, or are not what its key signed. */
  | { readonly kind: 'unreadable'; readonly error: string }
  /** It saw another tree of the log than this one: the log forked, and both checkpoints are signed. */
  | { readonly kind: 'other_tree'; readonly size: number; readonly note: Uint8Array };

/** Asks every witness of the policy about a log's cut, from the first place that lets it vouch. */
export async function vouchings(input: {
  readonly tree: VerifiedTree;
  readonly sealed: SealedEvidence;
  readonly policy: Pick<Policy, 'log_witnesses' | 'max_skew_ms'>;
  /** Start of the epoch, ms. */
  readonly start: number;
  readonly witnesses: readonly { readonly reader: CosignedReader; readonly places: readonly PublicFiles[] }[];
}): Promise<readonly Vouching[]> {
  return await Promise.all(
    input.witnesses.map(async ({ reader, places }) => {
      const objection = await within(ANSWER_MS, objectionOf({ ...input, reader, places }), SILENT);
      return { witness: reader.witness, objection };
    }),
  );
}

/** For one witness, at all its places: nobody is to wait for it longer. */
const ANSWER_MS = 60_000;
const SILENT: Objection = { kind: 'unreadable', error: `no answer within ${ANSWER_MS} ms` };

async function objectionOf(
  input: Omit<Parameters<typeof vouchings>[0], 'witnesses'> & {
    readonly reader: CosignedReader;
    readonly places: readonly PublicFiles[];
  },
): Promise<Objection | null> {
  let objection: Objection | null = { kind: 'unreadable', error: 'no place to read from' };
  for (const files of input.places) {
    objection = await objectionAt(files, input);
    if (objection === null || objection.kind === 'other_tree') break;
  }
  return objection;
}

async function objectionAt(
  files: PublicFiles,
  input: Omit<Parameters<typeof vouchings>[0], 'witnesses'> & { readonly reader: CosignedReader },
): Promise<Objection | null> {
  const { tree, sealed, policy, start, reader } = input;
  const from = Math.floor((start - policy.log_witnesses.gap_ms) / 1000);
  try {
    const heads = await reader.read(files, { from, until: sealed.size });
    const reached = heads.findIndex(({ size }) => size >= sealed.size);
    const upTo = reached < 0 ? heads : heads.slice(0, reached + 1);
    // What the mirror does not hold yet cannot be compared yet.
    const known = upTo.filter(({ size }) => size <= tree.size);
    requireOrder(reader.witness, known);
    const other = await otherTree(tree, known);
    if (other !== null) return other;
    const objection = witnessObjection({
      heads: known,
      from: sealed.from,
      cut: sealed.size,
      stampAt: (index) => stampAt(sealed, index),
      start,
      limits: policy.log_witnesses,
      maxSkewMs: policy.max_skew_ms,
    });
    return objection ?? null;
  } catch (error) {
    if (error instanceof Outage || error instanceof ProtocolError)
      return { kind: 'unreadable', error: error.message };
    throw error;
  }
}

/** Within a file the order is checked where it is opened; this is the order from file to file. */
function requireOrder(witness: string, heads: readonly CosignedCheckpoint[]): void {
  for (const [at, head] of heads.entries()) {
    const before = heads[at - 1];
    if (before !== undefined && (head.time <= before.time || head.size < before.size))
      throw new ProtocolError('evidence_mismatch', { witness, time: head.time, size: head.size });
  }
}

async function otherTree(
  tree: VerifiedTree,
  heads: readonly CosignedCheckpoint[],
): Promise<Objection | null> {
  let size = -1;
  let root = new Uint8Array(0);
  for (const head of heads) {
    if (head.size !== size) [size, root] = [head.size, new Uint8Array(await tree.rootAt(head.size))];
    if (!equalBytes(root, head.root)) return { kind: 'other_tree', size: head.size, note: head.note };
  }
  return null;
}

function stampAt(sealed: SealedEvidence, index: number): Millis {
  const entry = sealed.entries[index - sealed.from];
  if (entry === undefined) throw new RangeError(`no entry ${index} in [${sealed.from}, ${sealed.size})`);
  return entryReceivedAt(entry);
}

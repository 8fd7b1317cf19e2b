import {
  openCheckpoint,
  openCosignedCheckpoint,
  type CosignedCheckpoint,
} from '#protocol/evidence/checkpoint';
import { cosignedHour } from '#protocol/evidence/cosigned-file';
import { equalBytes } from '#protocol/evidence/merkle';
import { cosignNote, type NoteSigner } from '#protocol/evidence/note';
import { parseVerifierKey } from '#protocol/evidence/verifier-key';
import type { Policy } from '#protocol/policy';
import type { VerifySignature } from '#protocol/verify/poc';
import { forkFile } from '#services/runtime/evidence/fork-file';
import { publicLogReader, type PublicLogReader } from '#services/runtime/evidence/public-log-reader';
import { VerifiedTree } from '#services/runtime/evidence/verified-tree';
import type { CosignedFiles } from './cosigned-files.ts';

/** What a look at a log came to. */
export type Look =
  | { readonly kind: 'cosigned'; readonly size: number; readonly time: number }
  /** The server gave an older checkpoint than one that was cosigned, of the same tree. */
  | { readonly kind: 'stale'; readonly size: number; readonly held: number }
  /** The clock has not moved past the last note's second; by how many seconds it is behind. */
  | { readonly kind: 'too_soon'; readonly behind: number }
  /** The log signed two checkpoints that do not fit: kept, and nothing of it is cosigned any more. */
  | { readonly kind: 'forked'; readonly fork: string | null };

/** One log as a witness follows it. */
export interface FollowedLog {
  readonly origin: string;
  /** Looks at the log's public files under `url`; throws what cannot be read or verified now: then nothing is cosigned. */
  look(url: string): Promise<Look>;
}

/** Cosigns only what extends all that was cosigned before (C2SP tlog-cosignature; evidence.md, "What must hold"). */
export async function followLog(options: {
  readonly log: Policy['logs'][number];
  readonly signer: NoteSigner;
  readonly files: CosignedFiles;
  readonly verify: VerifySignature;
  /** Milliseconds. */
  readonly now: () => number;
}): Promise<FollowedLog> {
  const { log, signer, files, verify } = options;
  const { origin } = log;
  const key = parseVerifierKey(log.vkey);
  let forked = await files.hasFork();
  let held = await readHeld();

  async function readHeld(): Promise<CosignedCheckpoint | null> {
    const note = await files.latest();
    // A damaged file must not be taken for none: the witness would forget what it has cosigned.
    return note === null
      ? null
      : openCosignedCheckpoint(note, { origin, log: key, witness: signer.key, verify });
  }

  /** Where the smaller of two trees is no prefix of the larger, the file that shows it. */
  async function findFork(
    next: VerifiedTree,
    from: { readonly reader: PublicLogReader; readonly note: Uint8Array },
  ): Promise<string | null> {
    if (held === null) return null;
    const { reader, note } = from;
    const mine = new VerifiedTree(reader, held);
    const [small, large] = next.size < mine.size ? [next, mine] : [mine, next];
    const prefix = small.size === large.size ? large.root : await large.rootAt(small.size);
    if (equalBytes(prefix, small.root)) return null;
    const [older, newer] = large === next ? [held.note, note] : [note, held.note];
    const fork = await forkFile({ log, older, newer, tree: large, verify });
    await files.keepFork(fork);
    return fork.name;
  }

  async function look(url: string): Promise<Look> {
    if (forked) return { kind: 'forked', fork: null };
    const reader = publicLogReader({ base: url });
    const note = await reader.checkpoint();
    const head = openCheckpoint(note, { origin, keys: [key], verify });
    const fork = await findFork(new VerifiedTree(reader, head), { reader, note });
    if (fork !== null) {
      forked = true;
      return { kind: 'forked', fork };
    }
    if (held !== null && head.size < held.size) return { kind: 'stale', size: head.size, held: held.size };
    const time = Math.floor(options.now() / 1000);
    if (held !== null && time <= held.time) return { kind: 'too_soon', behind: held.time - time };
    const cosigned = cosignNote(note, { log: key, witness: signer, time: BigInt(time) });
    // First: where only a part of it comes to disk, what may have been given out binds all the same.
    held = { ...head, note: cosigned, time };
    await files.add(cosigned, cosignedHour(time));
    return { kind: 'cosigned', size: head.size, time };
  }

  return { origin, look };
}

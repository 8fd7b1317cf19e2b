import { openCosignedCheckpoint, type CosignedCheckpoint } from '#protocol/evidence/checkpoint';
import { cosignedHour, openCosignedFile } from '#protocol/evidence/cosigned-file';
import { COSIGNATURE, parseVerifierKey } from '#protocol/evidence/verifier-key';
import type { Policy } from '#protocol/policy';
import type { VerifySignature } from '#protocol/verify/poc';
import { mirrorPath } from '../public-epochs.ts';
import { openPublicFiles, type PublicFiles } from '../public-files.ts';
import { remember } from '../remember.ts';
import { cosignedPath, LATEST_COSIGNED } from './cosigned-path.ts';

/** A file of a witness as it was read, its path below the base of public files. */
export interface CosignedFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** One witness's checkpoints of one log, from any public files that hold them. */
export interface CosignedReader {
  /** Its name, for messages. */
  readonly witness: string;
  /**
   * Those from the hour of `from` (seconds) on, in order, until one has the size `until`; every one signed by both. Throws
   * Outage where files cannot be read, ProtocolError where they are not what the two keys signed.
   */
  read(
    files: PublicFiles,
    range: { readonly from: number; readonly until: number },
  ): Promise<readonly CosignedCheckpoint[]>;
}

/** Above any honest hour: a note every second, each of a few lines. */
const MAX_FILE_BYTES = 2 << 20;
/** More hours than any epoch and what it waits for: a latest note may name any time. */
const MAX_HOURS = 24 * 92;
/** Hours that are remembered. */
const REMEMBERED = 400;

/** `kept` gets each file of the witness's own server that verified whole, such as for a mirror. */
export function openCosignedReader(options: {
  readonly log: Policy['logs'][number];
  readonly witness: Policy['log_witnesses']['keys'][number];
  readonly verify: VerifySignature;
  readonly kept?: (file: CosignedFile) => Promise<void>;
}): CosignedReader {
  const { log, verify } = options;
  const witness = parseVerifierKey(options.witness.vkey, [COSIGNATURE]);
  const known = { origin: log.origin, log: parseVerifierKey(log.vkey), witness, verify };
  const base = mirrorPath(log.origin);
  const own = openPublicFiles(options.witness.url).location;
  /** Hours that the witness had left behind when its own server gave them: a mirror may have a part only. */
  const past = new Map<number, readonly CosignedCheckpoint[]>();

  async function keep(files: PublicFiles, file: CosignedFile): Promise<void> {
    if (files.location === own) await options.kept?.(file);
  }

  async function readHour(
    files: PublicFiles,
    { hour, isPast }: { readonly hour: number; readonly isPast: boolean },
  ): Promise<readonly CosignedCheckpoint[]> {
    const held = past.get(hour);
    if (held !== undefined) return held;
    const path = `${base}/${cosignedPath(witness.id, hour)}`;
    const bytes = await files.read(path, MAX_FILE_BYTES);
    if (bytes === null) return [];
    const heads = openCosignedFile(bytes, { ...known, hour });
    await keep(files, { path, bytes });
    if (!isPast || files.location !== own) return heads;
    remember(past, { key: hour, value: heads, most: REMEMBERED });
    return heads;
  }

  return {
    witness: witness.name,
    read: async (files, { from, until }) => {
      const path = `${base}/${cosignedPath(witness.id, LATEST_COSIGNED)}`;
      const latest = await files.read(path, MAX_FILE_BYTES);
      if (latest === null) return [];
      const last = cosignedHour(openCosignedCheckpoint(latest, known).time);
      const heads: CosignedCheckpoint[] = [];
      const first = cosignedHour(from);
      for (let hour = first; hour <= Math.min(last, first + MAX_HOURS); hour += 1) {
        heads.push(...(await readHour(files, { hour, isPast: hour < last })));
        if ((heads.at(-1)?.size ?? 0) >= until) break;
      }
      // Last, so that whoever finds it finds the hours too.
      await keep(files, { path, bytes: latest });
      return heads;
    },
  };
}

import { ProtocolError } from '../errors.ts';
import { type CosignedCheckpoint, openCosignedCheckpoint } from './checkpoint.ts';

/** Checkpoints of one witness and log whose times lie in the same hour stand in one file, named by it. */
export function cosignedHour(time: number): number {
  return Math.floor(time / 3600);
}

/** One note as it stands in such a file: u16 BE length, then the note. */
export function cosignedFrame(note: Uint8Array): Uint8Array {
  if (note.length > 0xffff)
    throw new ProtocolError('malformed_checkpoint', { bytes: note.length, limit: 0xffff });
  return Uint8Array.of(note.length >> 8, note.length & 0xff, ...note);
}

/** The whole notes of a file and the bytes that they take; what comes after them is still being written. */
export function cosignedFrames(bytes: Uint8Array): {
  readonly notes: readonly Uint8Array[];
  readonly whole: number;
} {
  const notes: Uint8Array[] = [];
  let at = 0;
  for (;;) {
    const [high, low] = bytes.subarray(at, at + 2);
    if (high === undefined || low === undefined) break;
    const end = at + 2 + high * 256 + low;
    // Zeros are what a disk makes of a page that it lost.
    if (end > bytes.length || end === at + 2) break;
    notes.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return { notes, whole: at };
}

/**
 * Opens a file: every note signed by both, times ascend, sizes never fall. Throws what a note is refused by, and
 * evidence_mismatch where the witness contradicts itself.
 */
export function openCosignedFile(
  bytes: Uint8Array,
  known: Parameters<typeof openCosignedCheckpoint>[1] & { readonly hour: number },
): readonly CosignedCheckpoint[] {
  const opened: CosignedCheckpoint[] = [];
  for (const [at, note] of cosignedFrames(bytes).notes.entries()) {
    const head = openCosignedCheckpoint(note, known);
    const before = opened.at(-1);
    const follows = before === undefined || (head.time > before.time && head.size >= before.size);
    if (cosignedHour(head.time) !== known.hour || !follows)
      throw new ProtocolError('evidence_mismatch', {
        witness: known.witness.name,
        hour: known.hour,
        note: at,
        time: head.time,
        size: head.size,
      });
    opened.push(head);
  }
  return opened;
}

import { base64, hex, utf8 } from '@scure/base';
import { ProtocolError } from '../errors.ts';
import type { VerifySignature } from '../verify/poc.ts';
import { COSIGNATURE, decodeBase64, isKeyName, signingKey, type VerifierKey } from './verifier-key.ts';

/** Signs notes as the holder of `key`, a log's or a witness's. */
export interface NoteSigner {
  readonly key: VerifierKey;
  /** 64 bytes, ed25519. */
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** A note whose text at least one known key signed. */
export interface OpenedNote {
  /** With its last newline. */
  readonly text: string;
  /** The known keys that signed it. */
  readonly signers: readonly VerifierKey[];
  /** Of each witness among them, when it says that it cosigned: the latest where it did so more than once. */
  readonly times: ReadonlyMap<VerifierKey, bigint>;
}

/** More than any honest note has: sixteen signatures of 5 kB, as post-quantum ones are, must fit. */
const MAX_NOTE_BYTES = 262_144;
const MAX_SIGNATURES = 100;

/** Text and signature lines in the bytes of C2SP signed-note; the text must end in a newline. */
export function signNote(text: string, signers: readonly NoteSigner[]): Uint8Array {
  const message = utf8.decode(text);
  if (!text.endsWith('\n') || hasControl(message)) throw new ProtocolError('malformed_checkpoint', { text });
  const lines = signers.map(({ key, sign }) =>
    signatureLine({ name: key.name, id: key.id, signature: sign(message) }),
  );
  return utf8.decode(`${text}\n${lines.join('')}`);
}

/**
 * The note with the log's signature and one more line, by which a witness says that it saw the text at `time` (seconds,
 * C2SP tlog-cosignature). Lines of others are left out: nobody can make the result unreadable.
 */
export function cosignNote(
  note: Uint8Array,
  by: { readonly log: VerifierKey; readonly witness: NoteSigner; readonly time: bigint },
): Uint8Array {
  const { log, witness, time } = by;
  const { text, signatures } = splitNote(note);
  const stamp = new Uint8Array(8);
  new DataView(stamp.buffer).setBigUint64(0, time);
  const cosigned = Uint8Array.of(...stamp, ...witness.sign(cosignedMessage(text, time)));
  const lines = [
    ...signatures.filter(({ name, id }) => name === log.name && id === log.id),
    { name: witness.key.name, id: witness.key.id, signature: cosigned },
  ].map(signatureLine);
  return utf8.decode(`${text}\n${lines.join('')}`);
}

/**
 * Opens a note by the known keys. Unknown signatures are ignored; a bad one by a known key refuses the whole note
 * (invalid_signature), and so does the lack of any by a known key (unsigned_checkpoint).
 */
export function openNote(
  bytes: Uint8Array,
  { keys, verify }: { readonly keys: readonly VerifierKey[]; readonly verify: VerifySignature },
): OpenedNote {
  const { text, signatures } = splitNote(bytes);
  const signers = new Set<VerifierKey>();
  const times = new Map<VerifierKey, bigint>();
  for (const { name, id, signature } of signatures) {
    const key = keys.find((known) => known.name === name && known.id === id);
    if (key === undefined) continue;
    if (!isSignedBy(key, { text, signature, verify }))
      throw new ProtocolError('invalid_signature', { name, keyId: id });
    signers.add(key);
    if (key.type === COSIGNATURE) times.set(key, latest(times.get(key), cosignatureTime(signature)));
  }
  if (signers.size === 0)
    throw new ProtocolError('unsigned_checkpoint', {
      signatures: signatures.map(({ name }) => name).join(','),
    });
  return { text, signers: [...signers], times };
}

/** A cosignature is 8 bytes of time, big endian, and the signature over both (C2SP tlog-cosignature). */
function isSignedBy(
  key: VerifierKey,
  of: { readonly text: string; readonly signature: Uint8Array; readonly verify: VerifySignature },
): boolean {
  const { text, signature } = of;
  if (key.type !== COSIGNATURE)
    return of.verify({ key: signingKey(key), message: utf8.decode(text), signature });
  if (signature.length !== 72) return false;
  const message = cosignedMessage(text, cosignatureTime(signature));
  return of.verify({ key: signingKey(key), message, signature: signature.subarray(8) });
}

function cosignatureTime(signature: Uint8Array): bigint {
  return new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
}

function cosignedMessage(text: string, time: bigint): Uint8Array {
  return utf8.decode(`cosignature/v1\ntime ${time}\n${text}`);
}

function latest(before: bigint | undefined, time: bigint): bigint {
  return before === undefined || time > before ? time : before;
}

interface NoteSignature {
  readonly name: string;
  readonly id: string;
  readonly signature: Uint8Array;
}

function signatureLine({ name, id, signature }: NoteSignature): string {
  return `\u2014 ${name} ${base64.encode(Uint8Array.of(...hex.decode(id), ...signature))}\n`;
}

function splitNote(bytes: Uint8Array): {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
} {
  const note = decodeText(bytes);
  // The text may hold empty lines: the last one separates it from the signatures.
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n'))
    throw new ProtocolError('malformed_checkpoint', { bytes: bytes.length });
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES)
    throw new ProtocolError('malformed_checkpoint', { signatures: lines.length, limit: MAX_SIGNATURES });
  return { text: note.slice(0, split + 1), signatures: lines.map(parseSignature) };
}

function parseSignature(line: string): NoteSignature {
  const [dash, name = '', encoded = '', ...rest] = line.split(' ');
  const decoded = decodeBase64(encoded);
  if (dash !== '\u2014' || !isKeyName(name) || decoded === undefined || decoded.length < 5 || rest.length > 0)
    throw new ProtocolError('malformed_checkpoint', { line });
  return { name, id: hex.encode(decoded.subarray(0, 4)), signature: decoded.subarray(4) };
}

function decodeText(bytes: Uint8Array): string {
  if (bytes.length > MAX_NOTE_BYTES)
    throw new ProtocolError('malformed_checkpoint', { bytes: bytes.length, limit: MAX_NOTE_BYTES });
  if (hasControl(bytes))
    throw new ProtocolError('malformed_checkpoint', { bytes: bytes.length, control: true });
  try {
    return utf8.encode(bytes);
  } catch {
    throw new ProtocolError('malformed_checkpoint', { bytes: bytes.length, utf8: false });
  }
}

/** Control characters other than newline are not legal in a note. */
function hasControl(bytes: Uint8Array): boolean {
  return bytes.some((byte) => byte < 0x20 && byte !== 0x0a);
}

import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openCheckpoint, signCheckpoint } from '#protocol/evidence/checkpoint';
import { openNote, signNote } from '#protocol/evidence/note';
import { formatVerifierKey, parseVerifierKey } from '#protocol/evidence/verifier-key';
import { logSigner } from '#services/runtime/log/log-signer';
import { verifyEd25519 } from '../../support/ed25519.ts';

/** Keys and notes that golang.org/x/mod/sumdb/note and its ports have in common. */
const NEUMANN = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const NEUMANN_TEXT =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const NEUMANN_LINE =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
const EXAMPLE = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const EXAMPLE_NOTE =
  'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';
/** Its base64 part holds plus signs. */
const GO_SUM = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8';

const origin = 'example-net/9xQe/ingest';
const signer = logSigner(origin, new Uint8Array(32).fill(1));
const other = logSigner('witness.example', new Uint8Array(32).fill(2));
const root = createHash('sha256').update('root').digest();
const known = { origin, keys: [signer.key], verify: verifyEd25519 };

function note(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}

describe('a verifier key', () => {
  it.each([NEUMANN, EXAMPLE, GO_SUM])('is read and written as others do: %s', (text) => {
    expect(formatVerifierKey(parseVerifierKey(text))).toBe(text);
  });

  it.each([
    ['another id', NEUMANN.replace('c74f20a3', 'c74f20a4')],
    ['another name', NEUMANN.replace('Peter', 'Paul')],
    ['no key', 'PeterNeumann+c74f20a3'],
    ['an empty name', NEUMANN.replace('PeterNeumann', '')],
    ['a space in the name', NEUMANN.replace('Peter', 'Peter ')],
    ['another signature type', `a+00000000+${Buffer.from([4, ...new Uint8Array(32)]).toString('base64')}`],
    ['a short key', 'a+00000000+AQ=='],
  ])('is refused with %s', (_, text) => {
    expect(() => parseVerifierKey(text)).toThrow(expect.objectContaining({ code: 'malformed_verifier_key' }));
  });
});

describe('a note', () => {
  it('of another implementation opens by its key', () => {
    const [neumann, example] = [parseVerifierKey(NEUMANN), parseVerifierKey(EXAMPLE)];
    const opened = openNote(note(`${NEUMANN_TEXT}\n${NEUMANN_LINE}`), {
      keys: [neumann],
      verify: verifyEd25519,
    });
    expect(opened).toMatchObject({ text: NEUMANN_TEXT, signers: [neumann] });
    expect(openNote(note(EXAMPLE_NOTE), { keys: [example], verify: verifyEd25519 }).signers).toEqual([
      example,
    ]);
  });

  it('ignores signatures of keys that it does not know, and of known names with other ids', () => {
    const text = `${NEUMANN_TEXT}\n— PeterNeumann ${randomBytes(68).toString('base64')}\n— nobody AAAAAGJhZA==\n${NEUMANN_LINE}`;
    const keys = [parseVerifierKey(NEUMANN)];
    expect(openNote(note(text), { keys, verify: verifyEd25519 }).signers).toEqual(keys);
  });

  it('is refused whole for one bad signature by a known key, whatever else signed it', () => {
    const bytes = textOf(signNote('text\n', [signer, other]));
    const keys = [signer.key, other.key];
    expect(openNote(note(bytes), { keys, verify: verifyEd25519 }).signers).toEqual(keys);
    const line = textOf(signNote('another\n', [other])).split('\n\n')[1] ?? '';
    const poisoned = `${bytes.slice(0, bytes.lastIndexOf('—'))}${line}`;
    expect(() => openNote(note(poisoned), { keys, verify: verifyEd25519 })).toThrow(
      expect.objectContaining({ code: 'invalid_signature' }),
    );
  });

  it('is refused without a signature by a known key', () => {
    expect(() => openNote(note(EXAMPLE_NOTE), { keys: [signer.key], verify: verifyEd25519 })).toThrow(
      expect.objectContaining({ code: 'unsigned_checkpoint' }),
    );
  });

  it('keeps empty lines of its text: the last empty line ends it', () => {
    const text = 'one\n\ntwo\n';
    expect(openNote(signNote(text, [signer]), known).text).toBe(text);
  });

  it.each([
    ['no empty line', 'text\n— a AAAAAGJhZA==\n'],
    ['no last newline', 'text\n\n— a AAAAAGJhZA=='],
    ['two hyphens for the dash', 'text\n\n-- a AAAAAGJhZA==\n'],
    ['a control character', 'te\u0007xt\n\n— a AAAAAGJhZA==\n'],
    ['a carriage return', 'text\r\n\n— a AAAAAGJhZA==\n'],
    ['a signature line of two parts', 'text\n\n— a\n'],
    ['a signature that is no base64', 'text\n\n— a !!!\n'],
    ['a signature without bytes after the key id', 'text\n\n— a AAAAAA==\n'],
    ['more lines than any honest note', `text\n\n${'— a AAAAAGJhZA==\n'.repeat(101)}`],
  ])('is malformed with %s', (_, text) => {
    expect(() => openNote(note(text), known)).toThrow(
      expect.objectContaining({ code: 'malformed_checkpoint' }),
    );
  });

  it('is malformed where it is no UTF-8', () => {
    const bytes = Buffer.concat([Buffer.of(0xff), signNote('text\n', [signer])]);
    expect(() => openNote(bytes, known)).toThrow(expect.objectContaining({ code: 'malformed_checkpoint' }));
  });
});

describe('a checkpoint', () => {
  it('has the lines of tlog-checkpoint and is signed over them', () => {
    const [body, signature] = textOf(signCheckpoint({ origin, size: 20_852_163, root }, [signer])).split(
      '\n\n',
    );
    expect(body).toBe(`${origin}\n20852163\n${root.toString('base64')}`);
    const [dash, name, encoded] = signature?.trimEnd().split(' ') ?? [];
    expect([dash, name]).toEqual(['\u2014', origin]);
    const bytes = Buffer.from(encoded ?? '', 'base64');
    const id = createHash('sha256')
      .update(`${origin}\n`)
      .update(Buffer.of(1))
      .update(signer.key.publicKey)
      .digest();
    expect(bytes.subarray(0, 4)).toEqual(id.subarray(0, 4));
    const key = `01${Buffer.from(signer.key.publicKey).toString('hex')}` as Parameters<
      typeof verifyEd25519
    >[0]['key'];
    expect(verifyEd25519({ key, message: note(`${body}\n`), signature: bytes.subarray(4) })).toBe(true);
  });

  it('opens to what was signed, extension lines included', () => {
    const head = { origin, size: 0, root: new Uint8Array(root) };
    expect(openCheckpoint(signCheckpoint(head, [other, signer]), known)).toEqual({ ...head, extensions: [] });
    const extended = signNote(`${origin}\n7\n${root.toString('base64')}\nextension 1\n`, [signer]);
    expect(openCheckpoint(extended, known)).toMatchObject({ size: 7, extensions: ['extension 1'] });
  });

  it.each([
    ['another origin', `other\n7\n${root.toString('base64')}\n`],
    ['a leading zero', `${origin}\n07\n${root.toString('base64')}\n`],
    ['a negative size', `${origin}\n-7\n${root.toString('base64')}\n`],
    ['a size beyond 2^53', `${origin}\n9007199254740992\n${root.toString('base64')}\n`],
    ['a short root', `${origin}\n7\n${root.subarray(1).toString('base64')}\n`],
    ['no root', `${origin}\n7\n`],
    ['an empty extension line', `${origin}\n7\n${root.toString('base64')}\n\nlater\n`],
  ])('is refused with %s, although it is signed', (_, text) => {
    expect(() => openCheckpoint(signNote(text, [signer]), known)).toThrow(
      expect.objectContaining({ code: 'malformed_checkpoint' }),
    );
  });

  it('is refused when any byte of it is flipped, but for what its signature does not cover', () => {
    const bytes = Buffer.from(signCheckpoint({ origin, size: 12, root }, [signer]));
    for (const at of bytes.keys())
      for (const bit of [0, 5, 7]) {
        const flipped = Buffer.from(bytes);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
        expect(() => openCheckpoint(flipped, known)).toThrow();
      }
  });
});

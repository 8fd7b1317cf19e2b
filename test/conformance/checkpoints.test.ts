import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signCheckpoint } from '#protocol/evidence/checkpoint';
import { signNote } from '#protocol/evidence/note';
import { COSIGNATURE, formatVerifierKey, verifierKey } from '#protocol/evidence/verifier-key';
import { logSigner } from '#services/runtime/log/log-signer';
import { codeOf, outOf } from './support/ask.ts';

const log = logSigner('example.com/log', new Uint8Array(32).fill(1));
const other = logSigner('other.example', new Uint8Array(32).fill(2));
const witness = logSigner('witness.example/w1', new Uint8Array(32).fill(3));
const witnessKey = verifierKey(witness.key.name, witness.key.publicKey, COSIGNATURE);
const [LOG, OTHER, WITNESS] = [log.key, other.key, witnessKey].map(formatVerifierKey);
const root = createHash('sha256').update('root').digest();
const head = { origin: 'origin of another name', size: 20_852_163, root };
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const text = textOf(signCheckpoint(head, [log]));
const parsed = { origin: head.origin, size: '20852163', root: root.toString('hex') };
const parse = (note: string, ...vkeys: readonly (string | undefined)[]) =>
  outOf('checkpoint.parse', { text: note, vkeys: vkeys.map(String) });
const refusal = (note: string, ...vkeys: readonly (string | undefined)[]) =>
  codeOf('checkpoint.parse', { text: note, vkeys: vkeys.map(String) });

function cosigned(note: string): string {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(1_679_315_147n);
  const message = `cosignature/v1\ntime 1679315147\n${note.slice(0, note.indexOf('\n\n') + 1)}`;
  const line = Buffer.concat([Buffer.from(witnessKey.id, 'hex'), time, witness.sign(Buffer.from(message))]);
  return `${note}— ${witnessKey.name} ${line.toString('base64')}\n`;
}

describe('a checkpoint of any origin', () => {
  it('opens by the keys that signed it, whatever others signed as well', () => {
    expect(parse(text, LOG)).toEqual({ ...parsed, valid_signers: [log.key.name] });
    const both = textOf(signCheckpoint(head, [other, log]));
    expect(parse(both, LOG)).toEqual({ ...parsed, valid_signers: [log.key.name] });
    expect(parse(both, LOG, OTHER)).toEqual({ ...parsed, valid_signers: [other.key.name, log.key.name] });
    expect(parse(both, OTHER, OTHER)).toEqual({ ...parsed, valid_signers: [other.key.name] });
  });

  it('may be cosigned by witnesses', () => {
    expect(parse(cosigned(text), LOG, WITNESS)).toEqual({
      ...parsed,
      valid_signers: [log.key.name, witnessKey.name],
    });
    expect(parse(cosigned(text), WITNESS)).toEqual({ ...parsed, valid_signers: [witnessKey.name] });
  });

  it('may have lines of extensions, and need not have any entry', () => {
    const empty = `log\n0\n${root.toString('base64')}\none more\nand another\n`;
    expect(parse(textOf(signNote(empty, [log])), LOG)).toMatchObject({ origin: 'log', size: '0' });
  });

  it('may have any size that is a u64', () => {
    const sized = (size: string): string =>
      textOf(signNote(`log\n${size}\n${root.toString('base64')}\n`, [log]));
    for (const size of ['9007199254740991', '9007199254740992', '18446744073709551615'])
      expect(parse(sized(size), LOG)).toMatchObject({ size });
    for (const size of ['18446744073709551616', '99999999999999999999999', '01', '-1', '1.0', ''])
      expect(refusal(sized(size), LOG)).toBe('malformed_checkpoint');
  });

  it('is refused where a key that signed it well signed it badly too', () => {
    const [, badly = ''] = textOf(signCheckpoint({ ...head, size: 1 }, [log])).split('\n\n');
    expect(refusal(`${text}${badly}`, LOG)).toBe('invalid_signature');
    const [, again = ''] = text.split('\n\n');
    expect(parse(`${text}${again}`, LOG)).toEqual({ ...parsed, valid_signers: [log.key.name] });
  });

  it('is refused unless a known key signed it, and none of them badly', () => {
    expect(refusal(text, OTHER)).toBe('unsigned_checkpoint');
    expect(refusal(text)).toBe('unsigned_checkpoint');
    expect(refusal(text.replace('20852163', '20852164'), LOG)).toBe('invalid_signature');
    expect(refusal(cosigned(text).replace('20852163', '20852164'), OTHER, WITNESS)).toBe('invalid_signature');
    const [, line = ''] = textOf(signCheckpoint({ ...head, size: 1 }, [other])).split('\n\n');
    expect(refusal(`${text}${line}`, LOG, OTHER)).toBe('invalid_signature');
    expect(parse(`${text}${line}`, LOG)).toMatchObject(parsed);
  });

  it.each([
    ['nothing', '', 'malformed_checkpoint'],
    ['no empty line', text.replace('\n\n', '\n'), 'malformed_checkpoint'],
    ['no last line feed', text.trimEnd(), 'malformed_checkpoint'],
    ['carriage returns', text.replaceAll('\n', '\r\n'), 'malformed_checkpoint'],
    ['half of a surrogate pair', `\ud800${text}`, 'malformed_input'],
    [
      'a leading zero',
      textOf(signNote(`o\n01\n${root.toString('base64')}\n`, [log])),
      'malformed_checkpoint',
    ],
    ['a short root', textOf(signNote('o\n1\nAAAA\n', [log])), 'malformed_checkpoint'],
    ['no root', textOf(signNote('o\n1\n', [log])), 'malformed_checkpoint'],
  ])('of %s is refused', (_, note, code) => {
    expect(refusal(note, LOG)).toBe(code);
  });

  it.each([
    ['nothing', ''],
    ['another id', String(LOG).replace(/\+[0-9a-f]{8}\+/, '+00000000+')],
    ['a type that is not known', `log+00000000+${Buffer.of(2, ...log.key.publicKey).toString('base64')}`],
    ['half of a surrogate pair', `\udfff${String(LOG)}`],
    ['too many characters', 'a'.repeat(5000)],
  ])('is not read by a key of %s', (_, vkey) => {
    expect(refusal(text, vkey)).toMatch(/^malformed_(verifier_key|input)$/);
  });
});

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openCheckpointHead, signCheckpoint } from '#protocol/evidence/checkpoint';
import {
  COSIGNATURE,
  formatVerifierKey,
  NOTE,
  parseVerifierKey,
  verifierKey,
} from '#protocol/evidence/verifier-key';
import { logSigner } from '#services/runtime/log/log-signer';
import { verifyEd25519 } from '../../support/ed25519.ts';

const log = logSigner('example.com/log', new Uint8Array(32).fill(1));
const witness = logSigner('witness.example/w1', new Uint8Array(32).fill(2));
const witnessKey = verifierKey(witness.key.name, witness.key.publicKey, COSIGNATURE);
const root = createHash('sha256').update('root').digest();
const signed = Buffer.from(signCheckpoint({ origin: log.key.name, size: 7, root }, [log])).toString();
const body = signed.slice(0, signed.indexOf('\n\n') + 1);

/** A line as tlog-cosignature has it: key id, 8 bytes of time, signature over both and the checkpoint's body. */
function cosignature(of: { readonly time: bigint; readonly over?: string; readonly cut?: number }): string {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(of.time);
  const message = of.over ?? `cosignature/v1\ntime ${of.time}\n${body}`;
  const blob = Buffer.concat([Buffer.from(witnessKey.id, 'hex'), time, witness.sign(Buffer.from(message))]);
  return `— ${witnessKey.name} ${blob.subarray(0, blob.length - (of.cut ?? 0)).toString('base64')}\n`;
}

const open = (note: string, keys: Parameters<typeof openCheckpointHead>[1]['keys']) =>
  openCheckpointHead(Buffer.from(note), { keys, verify: verifyEd25519 });

describe('a cosignature', () => {
  it('counts beside the signature of the log, at whatever time it was made', () => {
    for (const time of [0n, 1_679_315_147n, 0xffff_ffff_ffff_ffffn]) {
      const { head, signers } = open(`${signed}${cosignature({ time })}`, [log.key, witnessKey]);
      expect(head).toMatchObject({ origin: log.key.name, size: 7n });
      expect(signers).toEqual([log.key, witnessKey]);
    }
  });

  it('is ignored where only the log is known, and is enough where only the witness is', () => {
    const note = `${signed}${cosignature({ time: 5n })}`;
    expect(open(note, [log.key]).signers).toEqual([log.key]);
    expect(open(note, [witnessKey]).signers).toEqual([witnessKey]);
  });

  it.each([
    ['another time', { time: 5n, over: `cosignature/v1\ntime 6\n${body}` }],
    ['the body alone', { time: 5n, over: body }],
    ['another body', { time: 5n, over: `cosignature/v1\ntime 5\n${body.replace('7', '8')}` }],
  ])('over %s refuses the whole note', (_, line) => {
    expect(() => open(`${signed}${cosignature(line)}`, [log.key, witnessKey])).toThrow(
      expect.objectContaining({ code: 'invalid_signature' }),
    );
  });

  it('that is too short refuses the whole note', () => {
    for (const cut of [1, 8, 64, 71])
      expect(() => open(`${signed}${cosignature({ time: 5n, cut })}`, [log.key, witnessKey])).toThrow(
        expect.objectContaining({ code: 'invalid_signature' }),
      );
  });

  it('has a key of its own type: neither is the other', () => {
    const text = formatVerifierKey(witnessKey);
    expect(parseVerifierKey(text, [NOTE, COSIGNATURE])).toEqual(witnessKey);
    expect(witnessKey.id).not.toBe(witness.key.id);
    expect(() => parseVerifierKey(text)).toThrow(expect.objectContaining({ code: 'malformed_verifier_key' }));
    expect(() => parseVerifierKey(formatVerifierKey(log.key), [COSIGNATURE])).toThrow(
      expect.objectContaining({ code: 'malformed_verifier_key' }),
    );
  });
});

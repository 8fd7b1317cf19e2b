import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openCosignedCheckpoint, signCheckpoint } from '#protocol/evidence/checkpoint';
import { cosignedFrame, cosignedFrames, openCosignedFile } from '#protocol/evidence/cosigned-file';
import { decodeFork, encodeFork, verifyFork, type Fork } from '#protocol/evidence/fork';
import { leafHash } from '#protocol/evidence/merkle';
import { cosignNote, openNote, type NoteSigner } from '#protocol/evidence/note';
import { MerkleTree } from '#protocol/evidence/proof';
import { COSIGNATURE, verifierKey } from '#protocol/evidence/verifier-key';
import { logSigner } from '#services/runtime/log/log-signer';
import { verifyEd25519 } from '../../support/ed25519.ts';

const ORIGIN = 'example.com/log';
const HOUR = 500_000;
const log = logSigner(ORIGIN, new Uint8Array(32).fill(1));
const witness = witnessSigner('witness.example/w1', 2);
const other = witnessSigner('witness.example/w2', 3);
const known = { origin: ORIGIN, log: log.key, witness: witness.key, verify: verifyEd25519 };

function witnessSigner(name: string, seed: number): NoteSigner {
  const { key, sign } = logSigner(name, new Uint8Array(32).fill(seed));
  return { key: verifierKey(name, key.publicKey, COSIGNATURE), sign };
}

function checkpoint(size: number, of = 'root', signer = log): Uint8Array {
  const root = createHash('sha256').update(`${of} ${size}`).digest();
  return signCheckpoint({ origin: ORIGIN, size, root }, [signer]);
}

function cosigned(size: number, time: number, by = witness): Uint8Array {
  return cosignNote(checkpoint(size), { log: log.key, witness: by, time: BigInt(time) });
}

describe('a cosigned checkpoint', () => {
  it('holds the signatures of log and witness, and nothing of others', () => {
    const note = Buffer.from(cosigned(7, 1_800_000_000)).toString();
    expect(openCosignedCheckpoint(Buffer.from(note), known)).toMatchObject({
      origin: ORIGIN,
      size: 7,
      time: 1_800_000_000,
    });
    // A log that adds lines in the name of the witness cannot make its notes unreadable.
    const line = `— ${witness.key.name} ${Buffer.from(`${'\0'.repeat(4)}forged`).toString('base64')}\n`;
    const spoilt = Buffer.concat([
      checkpoint(7),
      ...Array.from({ length: 60 }, () => Buffer.from(line)),
      ...Array.from({ length: 30 }, (_, at) => Buffer.from(line.replace('w1', `w${at + 5}`))),
    ]);
    const again = cosignNote(spoilt, { log: log.key, witness, time: 9n });
    expect(Buffer.from(again).toString().split('\n— ')).toHaveLength(3);
    expect(openCosignedCheckpoint(again, known).time).toBe(9);
  });

  it('is refused without either of the two signatures, or by another witness', () => {
    const stranger = logSigner(ORIGIN, new Uint8Array(32).fill(9));
    const alone = cosignNote(checkpoint(7, 'root', stranger), { log: stranger.key, witness, time: 5n });
    for (const note of [checkpoint(7), cosigned(7, 5, other), alone])
      expect(() => openCosignedCheckpoint(note, known)).toThrow(
        expect.objectContaining({ code: 'unsigned_checkpoint' }),
      );
  });

  it('has the latest time where a witness cosigned more than once', () => {
    const first = Buffer.from(cosigned(7, 5)).toString();
    const second = Buffer.from(cosigned(7, 6)).toString();
    const both = `${first}${second.slice(second.lastIndexOf('— '))}`;
    const { times } = openNote(Buffer.from(both), { keys: [witness.key], verify: verifyEd25519 });
    expect([...times.values()]).toEqual([6n]);
  });
});

describe("a witness's file of an hour", () => {
  const time = HOUR * 3600;
  const open = (notes: readonly Uint8Array[]): readonly number[] =>
    openCosignedFile(Buffer.concat(notes.map(cosignedFrame)), { ...known, hour: HOUR }).map(
      ({ size }) => size,
    );

  it('gives its notes back, without one that is still being written', () => {
    const notes = [cosigned(3, time), cosigned(3, time + 60), cosigned(9, time + 3599)];
    expect(open(notes)).toEqual([3, 3, 9]);
    const whole = Buffer.concat(notes.map(cosignedFrame));
    for (let cut = 0; cut <= whole.length; cut += 1) {
      const { notes: found, whole: taken } = cosignedFrames(whole.subarray(0, cut));
      expect(taken).toBeLessThanOrEqual(cut);
      expect(Buffer.concat(found.map(cosignedFrame))).toEqual(whole.subarray(0, taken));
    }
  });

  it.each([
    ['times that do not ascend', [cosigned(3, time + 5), cosigned(4, time + 5)]],
    ['sizes that fall', [cosigned(4, time), cosigned(3, time + 1)]],
    ['a note of another hour', [cosigned(3, time + 3600)]],
  ])('is refused with %s', (_, notes) => {
    expect(() => open(notes)).toThrow(expect.objectContaining({ code: 'evidence_mismatch' }));
  });

  it('is refused wherever a byte of it was changed', () => {
    const file = cosignedFrame(cosigned(3, time));
    for (let at = 2; at < file.length; at += 1) {
      const changed = Uint8Array.from(file);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => openCosignedFile(changed, { ...known, hour: HOUR }), `byte ${at}`).toThrow();
    }
  });
});

describe('a fork', () => {
  const leaves = Array.from({ length: 21 }, (_, at) => leafHash(Uint8Array.of(at)));
  const others = [...leaves.slice(0, 6), ...leaves.slice(7), leafHash(Uint8Array.of(99))];
  const by = { origin: ORIGIN, key: log.key, verify: verifyEd25519 };
  const note = (of: readonly Uint8Array[], size: number): Uint8Array =>
    signCheckpoint({ origin: ORIGIN, size, root: new MerkleTree(of.slice(0, size)).root }, [log]);
  const between = (older: number, newer: number): Fork => ({
    older: note(leaves, older),
    newer: note(others, newer),
    prefix: new MerkleTree(others.slice(0, older)).root,
    proof: new MerkleTree(others.slice(0, newer)).consistencyProof(older),
  });

  it('convicts wherever the trees part, and also as a file', () => {
    for (let older = 7; older <= 21; older += 1)
      for (let newer = older; newer <= 21; newer += 1) {
        const fork = between(older, newer);
        expect(() => {
          verifyFork(decodeFork(JSON.parse(JSON.stringify(encodeFork(fork)))), by);
        }).not.toThrow();
      }
  });

  it('convicts nobody where one tree extends the other', () => {
    for (const older of [1, 4, 6])
      expect(() => {
        verifyFork(between(older, 20), by);
      }).toThrow(expect.objectContaining({ code: 'no_fork' }));
  });

  it('convicts nobody by a made-up prefix or proof, or by notes of another key', () => {
    const honest = { older: note(leaves, 5), newer: note(leaves, 20) };
    const proof = new MerkleTree(leaves.slice(0, 20)).consistencyProof(5);
    for (const prefix of [new Uint8Array(32), new Uint8Array(0)])
      expect(() => {
        verifyFork({ ...honest, prefix, proof }, by);
      }).toThrow(expect.objectContaining({ code: 'no_fork' }));
    expect(() => {
      verifyFork(between(9, 20), { ...by, key: logSigner(ORIGIN, new Uint8Array(32).fill(8)).key });
    }).toThrow(expect.objectContaining({ code: 'unsigned_checkpoint' }));
  });

  it.each([[null], [{}], [{ older: 'a', newer: 'b', prefix: 'xy', proof: [] }], [{ proof: 5 }]])(
    'is refused as a file that holds %j',
    (json) => {
      expect(() => decodeFork(json)).toThrow(expect.objectContaining({ code: 'malformed_fork' }));
    },
  );
});

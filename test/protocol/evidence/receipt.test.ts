import { describe, expect, it } from 'vitest';
import { openNote } from '#protocol/evidence/note';
import { leafHash } from '#protocol/evidence/merkle';
import { MerkleTree } from '#protocol/evidence/proof';
import {
  decodeReceipt,
  encodeReceipt,
  receiptBytes,
  verifyReceipt,
  type Receipt,
} from '#protocol/evidence/receipt';
import { millis } from '#protocol/units';
import { logSigner } from '#services/runtime/log/log-signer';
import { verifyEd25519 } from '../../support/ed25519.ts';

const origin = 'net/address/ingest';
const signer = logSigner(origin, new Uint8Array(32).fill(1));
const by = { key: signer.key, verify: verifyEd25519 };

function receipts(count: number): Receipt[] {
  const tree = new MerkleTree(Array.from({ length: count }, (_, at) => leafHash(Uint8Array.of(at))));
  const [receivedAt, integratedBy] = [millis(1_800_000_000_000), millis(1_800_000_075_000)];
  const batch = { origin, first: 40, size: count, root: tree.root, receivedAt, integratedBy };
  const signature = signer.sign(receiptBytes(batch));
  return tree.leaves.map((leaf, at) => ({
    origin,
    index: 40 + at,
    leaf,
    receivedAt,
    integratedBy,
    batchFirst: 40,
    batchSize: count,
    batchProof: tree.inclusionProof(at),
    signature,
  }));
}

function flip(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, at) => (at === 0 ? byte ^ 1 : byte));
}

describe('a receipt', () => {
  it.each([1, 2, 7, 100])('of a batch of %i is proven by the one signature over the batch', (count) => {
    for (const receipt of receipts(count)) verifyReceipt(decodeReceipt(encodeReceipt(receipt)), by);
  });

  it('convicts nobody when any of its values is another', () => {
    const [, receipt] = receipts(5);
    if (receipt === undefined) throw new Error('expected a receipt');
    for (const change of [
      { origin: 'net/address/other' },
      { index: receipt.index + 1 },
      { leaf: flip(receipt.leaf) },
      { receivedAt: millis(receipt.receivedAt - 1) },
      { integratedBy: millis(receipt.integratedBy + 1) },
      { batchFirst: 39 },
      { batchSize: 6 },
      { batchProof: receipt.batchProof.map(flip) },
      { signature: flip(receipt.signature) },
    ])
      expect(() => {
        verifyReceipt({ ...receipt, ...change }, by);
      }).toThrow();
  });

  it('is no note: its signed bytes can never be those of a checkpoint by the same key', () => {
    const root = leafHash(Uint8Array.of(0));
    const stamp = millis(1);
    const bytes = receiptBytes({ origin, first: 0, size: 1, root, receivedAt: stamp, integratedBy: stamp });
    expect(() => openNote(bytes, { keys: [signer.key], verify: verifyEd25519 })).toThrow(
      expect.objectContaining({ code: 'malformed_checkpoint' }),
    );
    expect(bytes.includes(0)).toBe(true);
  });

  it('is malformed with fields of another shape', () => {
    const [receipt] = receipts(1);
    if (receipt === undefined) throw new Error('expected a receipt');
    const json = encodeReceipt(receipt);
    const changes: readonly Readonly<Record<string, unknown>>[] = [
      { leaf_hash: 'zz' },
      { received_at: -1 },
      { signature: '?' },
      { signature: 7 },
      { index: '4' },
      { origin: null },
      { batch: null },
      { batch: { ...json.batch, first: 0.5 } },
      { batch: { ...json.batch, proof: 'no list' } },
    ];
    const malformed = [...changes.map((change) => ({ ...json, ...change })), null, 'receipt', []];
    for (const other of malformed)
      expect(() => decodeReceipt(other)).toThrow(expect.objectContaining({ code: 'malformed_receipt' }));
  });
});

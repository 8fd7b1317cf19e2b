import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { getResolution, isValidCell } from 'h3-js';

/**
 * Writes test/vectors/settlement.json again: its keys, amounts, tuple fields, cells and the messages of real hotspots stay,
 * and what follows from them is computed by the definitions (chain.md, "Bytes"; RFC 6962, 2.1), not by the project's code.
 */
interface Vectors {
  readonly settlement_leaves: readonly {
    readonly network: string;
    readonly key_type: number;
    readonly key: string;
    readonly cumulative: string;
  }[];
  readonly endorsed_leaves: readonly { readonly key_type: number; readonly key: string }[];
  readonly credits_leaves: readonly {
    readonly network: string;
    readonly owner: string;
    readonly settled_total: string;
  }[];
  readonly trees: readonly { readonly leaves: readonly string[] }[];
  readonly tuple: Readonly<Record<string, string | number>>;
  readonly cells: { readonly valid: readonly string[]; readonly invalid: readonly string[] };
  readonly add_gateway: readonly unknown[];
}

const ABOUT =
  "Golden vectors of settlement, read by TypeScript and by the program's host tests. scripts/make-settlement-vectors.ts computes hashes from the definitions in RFC 6962, 2.1, and judges cells by the H3 library; add_gateway is what two real hotspots signed. Hashes, keys and bytes are hexadecimal, u64 values decimal strings. A tree's leaves are the first n of settlement_leaves; proofs[i] is leaf i's audit path.";
const FILE = new URL('../test/vectors/settlement.json', import.meta.url);

function sha256(...parts: readonly Uint8Array[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest();
}

const hex = (digits: string): Buffer => Buffer.from(digits, 'hex');
const tag = (text: string): Buffer => Buffer.from(text, 'ascii');
const u8 = (value: number): Buffer => Buffer.of(value);

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: string): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** The largest power of two below n > 1. */
function split(n: number): number {
  return 2 ** Math.floor(Math.log2(n - 1));
}

/** MTH of RFC 6962, 2.1, over leaf hashes. */
function rootOf(hashes: readonly Buffer[]): Buffer {
  const [only] = hashes;
  if (only === undefined) return sha256();
  if (hashes.length === 1) return only;
  const k = split(hashes.length);
  return sha256(u8(1), rootOf(hashes.slice(0, k)), rootOf(hashes.slice(k)));
}

/** PATH of RFC 6962, 2.1.1. */
function pathOf(index: number, hashes: readonly Buffer[]): Buffer[] {
  if (hashes.length < 2) return [];
  const k = split(hashes.length);
  const [left, right] = [hashes.slice(0, k), hashes.slice(k)];
  return index < k ? [...pathOf(index, left), rootOf(right)] : [...pathOf(index - k, right), rootOf(left)];
}

function tupleOf(tuple: Vectors['tuple']): Vectors['tuple'] {
  const fields = Object.entries(tuple).filter(([name]) => name !== 'bytes' && name !== 'hash');
  const parts = fields.map(([name, value]) => {
    if (typeof value === 'number') return u32(value);
    return name === 'epoch' || name === 'cumulative_total' ? u64(value) : hex(value);
  });
  const bytes = Buffer.concat(parts);
  const hash = sha256(tag('coverant/tuple/v1'), bytes);
  return { ...Object.fromEntries(fields), bytes: bytes.toString('hex'), hash: hash.toString('hex') };
}

const old = JSON.parse(readFileSync(FILE, 'utf8')) as Vectors;
const leaves = old.settlement_leaves.map(({ network, key_type, key, cumulative }) => {
  const entry = [tag('coverant/leaf/v1'), hex(network), u8(key_type), hex(key), u64(cumulative)];
  return { network, key_type, key, cumulative, hash: sha256(u8(0), ...entry).toString('hex') };
});
const endorsed = old.endorsed_leaves.map(({ key_type, key }) => ({
  key_type,
  key,
  hash: sha256(u8(0), tag('coverant/endorsed/v1'), u8(key_type), hex(key)).toString('hex'),
}));
const credits = old.credits_leaves.map(({ network, owner, settled_total }) => {
  const entry = [tag('coverant/credits/v1'), hex(network), hex(owner), u64(settled_total)];
  return { network, owner, settled_total, hash: sha256(u8(0), ...entry).toString('hex') };
});
const trees = old.trees.map(({ leaves: { length } }) => {
  const hashes = leaves.slice(0, length).map(({ hash }) => hex(hash));
  return {
    leaves: hashes.map((hash) => hash.toString('hex')),
    root: rootOf(hashes).toString('hex'),
    proofs: hashes.map((_, index) => pathOf(index, hashes).map((hash) => hash.toString('hex'))),
  };
});
const isAsserted = (cell: string): boolean => isValidCell(cell) && getResolution(cell) === 12;
const cells = [...old.cells.valid, ...old.cells.invalid].sort();
const vectors = {
  about: ABOUT,
  settlement_leaves: leaves,
  endorsed_leaves: endorsed,
  credits_leaves: credits,
  trees,
  tuple: tupleOf(old.tuple),
  cells: { valid: cells.filter(isAsserted), invalid: cells.filter((cell) => !isAsserted(cell)) },
  add_gateway: old.add_gateway,
};
writeFileSync(FILE, `${JSON.stringify(vectors, null, 2)}\n`);
console.log(`${leaves.length} leaves, ${trees.length} trees, ${cells.length} cells`);

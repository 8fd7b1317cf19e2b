import { amount } from '../../units.ts';
import { TableReader, TableWriter } from '../bytes/byte-table.ts';
import { leafKey, type Leaf } from '../leaf.ts';

const VERSION = 1;

/** Every leaf in leaf order, as docs/formats.md lays it out. */
export function leavesBytes(leaves: readonly Leaf[]): Uint8Array {
  const writer = new TableWriter().u8(VERSION).u32(leaves.length);
  for (const leaf of leaves) writer.hex(leaf.key, 33).u64(leaf.cumulative);
  return writer.finish();
}

/** Inverse of `leavesBytes`; malformed_folder for other orders, zero amounts and unknown key types. */
export function openLeaves(bytes: Uint8Array): Leaf[] {
  const reader = new TableReader(bytes, 'malformed_folder');
  reader.version(VERSION);
  const leaves: Leaf[] = [];
  let last = '';
  for (let rest = reader.count(41); rest > 0; rest -= 1) {
    const key = reader.hex(33);
    const cumulative = reader.u64();
    if (!/^(00|01|20)/.test(key)) throw reader.error({ expected: 'a key type 00, 01 or 20', key });
    if (key <= last) throw reader.error({ expected: 'ascending keys', key });
    if (cumulative === 0n) throw reader.error({ expected: 'an amount above 0', key });
    last = key;
    leaves.push({ key: leafKey(key), cumulative: amount(cumulative) });
  }
  reader.finish();
  return leaves;
}

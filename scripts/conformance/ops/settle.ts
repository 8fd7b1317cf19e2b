import { hotspotLeafKey, payeeLeafKey, type Leaf, type LeafKey } from '#protocol/settle/leaf';
import { settlementTree, type SettlementTree } from '#protocol/settle/tree';
import { tupleBytes, tupleHash, type Tuple } from '#protocol/settle/tuple';
import { toHex } from '#protocol/wire/hex';
import { listOf, object, type Fields, type Read } from '../input/fields.ts';
import { textOf } from '../input/key-forms.ts';
import type { Op } from '../op.ts';
import { malformed } from '../refusal.ts';
import { address, amountOf, epoch, hash, keyName, size, text } from '../input/values.ts';

const u32 = size(0, 0xffff_ffff);
const PAYEE = 'payee:';

/** The settlement tree over leaves in any order; a cumulative amount of 0 has no leaf (chain.md, "Bytes"). */
export const root: Op = (input) => {
  const { tree, names } = treeOf(input);
  return {
    root: tree.root,
    order: tree.leaves.map((leaf) => names.get(leaf.key) ?? ''),
    leaf_hashes: tree.leafHashes,
  };
};

/** Place and proof of one leaf. */
export const prove: Op = (input) => {
  const { tree } = treeOf(input);
  const wanted = input.get('key', named);
  const proof = tree.prove(wanted.key);
  if (proof === undefined) throw malformed(`${input.path}.key`, 'a key with a leaf', wanted.name);
  return { index: proof.index, leaf: proof.leafHash, proof: proof.proof.map(toHex) };
};

/** Borsh bytes and hash of what oracles attest. */
export const tuple: Op = (input) => {
  const of: Tuple = {
    network: input.get('network', address),
    epoch: input.get('epoch', epoch),
    parentTupleHash: input.get('parent_tuple_hash', hash),
    root: input.get('root', hash),
    leafCount: input.get('leaf_count', u32),
    cumulativeTotal: input.get('cumulative_total', amountOf),
    creditsRoot: input.get('credits_root', hash),
    creditsCount: input.get('credits_count', u32),
    evidenceHash: input.get('evidence_hash', hash),
    registryHash: input.get('registry_hash', hash),
    policyHash: input.get('policy_hash', hash),
    stateHash: input.get('state_hash', hash),
  };
  return { bytes: toHex(tupleBytes(of)), hash: tupleHash(of) };
};

interface Named {
  readonly key: LeafKey;
  /** As it is written in answers. */
  readonly name: string;
}

function treeOf(input: Fields): {
  readonly tree: SettlementTree;
  readonly names: ReadonlyMap<LeafKey, string>;
} {
  const network = input.get('network', address);
  const names = new Map<LeafKey, string>();
  const leaves: Leaf[] = [];
  input.get(
    'leaves',
    listOf((value, path) => {
      const of = object(value, path);
      const { key: leaf, name } = of.get('key', named);
      if (names.has(leaf)) throw malformed(`${path}.key`, 'each key once', name);
      names.set(leaf, name);
      const cumulative = of.get('cumulative', amountOf);
      if (cumulative > 0n) leaves.push({ key: leaf, cumulative });
    }),
  );
  return { tree: settlementTree({ network, leaves }), names };
}

/** A hotspot's key, or `payee:` and an address. */
const named: Read<Named> = (value, path) => {
  const given = text(value, path);
  if (given.startsWith(PAYEE))
    return { key: payeeLeafKey(address(given.slice(PAYEE.length), path)), name: given };
  const hotspot = keyName(given, path);
  return { key: hotspotLeafKey(hotspot), name: textOf(hotspot) };
};

import { base58, hex } from '@scure/base';
import { describe, expect, it } from 'vitest';
import { codeOf, outOf } from './support/ask.ts';
import { readVectors } from './support/read-vectors.ts';

interface LeafVector {
  readonly network: string;
  readonly key_type: number;
  readonly key: string;
  readonly cumulative: string;
}

const {
  settlement_leaves: leaves,
  trees,
  tuple,
} = readVectors('settlement.json') as {
  readonly settlement_leaves: readonly LeafVector[];
  readonly trees: readonly {
    readonly leaves: readonly string[];
    readonly root: string;
    readonly proofs: readonly (readonly string[])[];
  }[];
  readonly tuple: Readonly<Record<string, string | number>>;
};
const network = base58.encode(hex.decode(leaves[0]?.network ?? ''));

/** How the command writes a leaf's key. */
function nameOf({ key_type, key }: LeafVector): string {
  if (key_type === 0x20) return `payee:${base58.encode(hex.decode(key))}`;
  const one = [{ key: `0${key_type}${key}`, cumulative: '1' }];
  return (outOf('settle.root', { network, leaves: one })['order'] as readonly string[]).join();
}

describe('the settlement tree', () => {
  it.each(trees)('has the root $root and its proofs, in whatever order it is given', (tree) => {
    const within = leaves.slice(0, tree.leaves.length);
    const given = within.map((leaf) => ({ key: nameOf(leaf), cumulative: leaf.cumulative }));
    const shuffled = given.toReversed();
    expect(outOf('settle.root', { network, leaves: shuffled })).toEqual({
      root: tree.root,
      order: given.map(({ key }) => key),
      leaf_hashes: tree.leaves,
    });
    for (const [index, { key }] of given.entries())
      expect(outOf('settle.prove', { network, leaves: shuffled, key })).toEqual({
        index,
        leaf: tree.leaves[index],
        proof: tree.proofs[index],
      });
  });

  it('refuses a key that stands twice, in another form or with another network nibble too', () => {
    const key = '11nYr7TBMbpGiQadiCxGCPZFZ8ENo1JNtbS7aB5U7UXn4a8Dvb3';
    const body = '676cbd3ae59d2bd53c159914063c522b6b510b478b4a6bc6c2f013a8f8438f10';
    for (const again of [key, `00${body}`, `10${body}`]) {
      const twice = [key, again].map((form) => ({ key: form, cumulative: '1' }));
      expect(codeOf('settle.root', { network, leaves: twice })).toBe('malformed_input');
    }
  });

  it('has no leaf for nothing', () => {
    const keyForm = (number: number): string => `01${String(number).padStart(64, '0')}`;
    const [one, zero] = [keyForm(1), keyForm(2)];
    const most = { key: one, cumulative: '18446744073709551615' };
    const given = [{ key: zero, cumulative: '0' }, most];
    expect(outOf('settle.root', { network, leaves: given })).toEqual(
      outOf('settle.root', { network, leaves: [most] }),
    );
    expect(codeOf('settle.prove', { network, leaves: given, key: zero })).toBe('malformed_input');
    const beyond = [{ key: one, cumulative: '18446744073709551616' }];
    expect(codeOf('settle.root', { network, leaves: beyond })).toBe('malformed_input');
  });

  it.each([
    ['no address', 'payee:'],
    ['31 bytes', 'payee:1111111111111111111111111111111'],
    ['33 bytes', 'payee:111111111111111111111111111111111'],
    ['a letter that base58 has not', 'payee:1111111111111111111111111111111O'],
    ['a payee by its bytes', `20${'11'.repeat(32)}`],
  ])('refuses a payee with %s', (_, key) => {
    expect(codeOf('settle.root', { network, leaves: [{ key, cumulative: '1' }] })).toMatch(
      /^malformed_(input|key)$/,
    );
  });

  it('is attested by the bytes and hash of a tuple', () => {
    const { bytes, hash, network: bytesOfNetwork, ...fields } = tuple;
    const input = { ...fields, network: base58.encode(hex.decode(String(bytesOfNetwork))) };
    expect(outOf('settle.tuple', input)).toEqual({ bytes, hash });
    const asText = Object.fromEntries(Object.entries(input).map(([name, value]) => [name, value]));
    expect(outOf('settle.tuple', asText)).toEqual({ bytes, hash });
    expect(codeOf('settle.tuple', { ...asText, leaf_count: '4294967296' })).toBe('malformed_input');
  });
});

describe('Merkle trees', () => {
  /** Entries and roots that implementations of RFC 6962 have tested with since Certificate Transparency's own. */
  const entries = [
    '',
    '00',
    '10',
    '2021',
    '3031',
    '40414243',
    '5051525354555657',
    '606162636465666768696a6b6c6d6e6f',
  ];
  const roots = [
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ];

  it('have the roots of published vectors', () => {
    for (const [at, root] of roots.entries())
      expect(outOf('merkle.root', { entries: entries.slice(0, at + 1) })).toEqual({ root });
  });

  it('have their proofs, and none for a place that they have not', () => {
    expect(outOf('merkle.inclusion', { entries, index: 5 })['proof']).toEqual([
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ]);
    const alone = { entries: entries.slice(0, 1), index: '0' };
    expect(outOf('merkle.inclusion', alone)).toEqual({ proof: [], leaf: roots[0] });
    expect(codeOf('merkle.inclusion', { entries, index: 8 })).toBe('malformed_input');
    expect(codeOf('merkle.inclusion', { entries: [], index: 0 })).toBe('malformed_input');
  });
});

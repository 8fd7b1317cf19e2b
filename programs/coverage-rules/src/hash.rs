//! Domain-separated SHA-256 hashes (chain.md, "Bytes"); golden vectors: test/vectors/settlement.json.
use solana_sha256_hasher::hashv;

pub type Hash = [u8; 32];

/// The key type of a payee's leaf, whose key is its address.
pub const PAYEE_KEY_TYPE: u8 = 0x20;

/// Root of a tree without leaves: SHA-256 of nothing.
pub const EMPTY_ROOT: Hash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41,
    0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

const LEAF: &[u8] = &[0];
const NODE: &[u8] = &[1];

/// A leaf of the settlement tree: what a hotspot or payee earned since the network's beginning.
pub fn settlement_leaf(network: &Hash, key_type: u8, key: &Hash, cumulative: u64) -> Hash {
    hashv(&[
        LEAF,
        b"coverant/leaf/v1",
        network,
        &[key_type],
        key,
        &cumulative.to_le_bytes(),
    ])
    .to_bytes()
}

/// A leaf of the credits tree: what an owner used of its data credits since the network's beginning.
pub fn credits_leaf(network: &Hash, owner: &Hash, settled_total: u64) -> Hash {
    hashv(&[
        LEAF,
        b"coverant/credits/v1",
        network,
        owner,
        &settled_total.to_le_bytes(),
    ])
    .to_bytes()
}

/// A leaf of a maker's list: a key that the maker endorses.
pub fn endorsed_leaf(key_type: u8, key: &Hash) -> Hash {
    hashv(&[LEAF, b"coverant/endorsed/v1", &[key_type], key]).to_bytes()
}

/// An inner node of any of these trees.
pub fn node(left: &Hash, right: &Hash) -> Hash {
    hashv(&[NODE, left, right]).to_bytes()
}

/// Hash of a tuple's borsh bytes; the next epoch's tuple names it as its parent.
pub fn tuple_hash(tuple: &[u8]) -> Hash {
    hashv(&[b"coverant/tuple/v1", tuple]).to_bytes()
}

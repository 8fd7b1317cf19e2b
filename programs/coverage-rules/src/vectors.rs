//! The golden vectors that TypeScript reads too.
use crate::hash::{credits_leaf, endorsed_leaf, settlement_leaf, tuple_hash, Hash, EMPTY_ROOT};
use serde_json::Value;
use std::{string::String, vec::Vec};

const SETTLEMENT: &str = include_str!("../../../test/vectors/settlement.json");

pub struct Tree {
    pub count: u32,
    pub root: Hash,
    pub leaves: Vec<Hash>,
    pub proofs: Vec<Vec<Hash>>,
}

fn settlement() -> Value {
    serde_json::from_str(SETTLEMENT).unwrap()
}

fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    assert!(text.len().is_multiple_of(2));
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

fn hash(value: &Value) -> Hash {
    hex(value).try_into().unwrap()
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

/// A u64 stands in JSON as a decimal string.
fn number(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}

pub fn trees() -> Vec<Tree> {
    list(&settlement()["trees"])
        .iter()
        .map(|tree| Tree {
            count: list(&tree["leaves"]).len() as u32,
            root: hash(&tree["root"]),
            leaves: list(&tree["leaves"]).iter().map(hash).collect(),
            proofs: list(&tree["proofs"])
                .iter()
                .map(|proof| list(proof).iter().map(hash).collect())
                .collect(),
        })
        .collect()
}

pub fn cells() -> Vec<(u64, bool)> {
    let all = settlement();
    let of = |name: &str, valid: bool| -> Vec<(u64, bool)> {
        list(&all["cells"][name])
            .iter()
            .map(|cell| (u64::from_str_radix(cell.as_str().unwrap(), 16).unwrap(), valid))
            .collect()
    };
    [of("valid", true), of("invalid", false)].concat()
}

/// The signed bytes of real hotspots with owner, gateway and payer.
pub fn add_gateway() -> Vec<(Vec<u8>, [Vec<u8>; 3])> {
    list(&settlement()["add_gateway"])
        .iter()
        .map(|m| {
            (
                hex(&m["signed_bytes"]),
                [hex(&m["owner"]), hex(&m["gateway"]), hex(&m["payer"])],
            )
        })
        .collect()
}

#[test]
fn leaves_are_hashed_as_the_vectors_say() {
    let all = settlement();
    let leaves = list(&all["settlement_leaves"]);
    assert_eq!(leaves.len(), 20);
    for leaf in leaves {
        let key_type = leaf["key_type"].as_u64().unwrap() as u8;
        let computed = settlement_leaf(
            &hash(&leaf["network"]),
            key_type,
            &hash(&leaf["key"]),
            number(&leaf["cumulative"]),
        );
        assert_eq!(computed, hash(&leaf["hash"]));
    }
    let endorsed = list(&all["endorsed_leaves"]);
    assert_eq!(endorsed.len(), 2);
    for leaf in endorsed {
        let computed = endorsed_leaf(leaf["key_type"].as_u64().unwrap() as u8, &hash(&leaf["key"]));
        assert_eq!(computed, hash(&leaf["hash"]));
    }
    let credits = list(&all["credits_leaves"]);
    assert_eq!(credits.len(), 3);
    for leaf in credits {
        let computed = credits_leaf(
            &hash(&leaf["network"]),
            &hash(&leaf["owner"]),
            number(&leaf["settled_total"]),
        );
        assert_eq!(computed, hash(&leaf["hash"]));
    }
}

#[test]
fn a_tuple_is_hashed_as_the_vectors_say() {
    let all = settlement();
    assert_eq!(tuple_hash(&hex(&all["tuple"]["bytes"])), hash(&all["tuple"]["hash"]));
}

#[test]
fn a_tree_without_leaves_has_the_empty_root() {
    assert_eq!(trees()[0].root, EMPTY_ROOT);
    let sizes: Vec<String> = trees().iter().map(|tree| std::format!("{}", tree.count)).collect();
    assert_eq!(sizes.join(" "), "0 1 2 3 4 5 6 7 8 9 20");
}

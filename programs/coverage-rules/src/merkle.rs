//! RFC 6962 inclusion proofs (audit paths), for trees of any size.
use crate::hash::{node, Hash};

/// More hashes than a transaction has room for are refused: 20 reach a million leaves.
pub const MAX_PROOF: usize = 20;

/// Where a leaf stands: at `index` of `count` leaves.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub index: u32,
    pub count: u32,
}

/// The root that `proof` leads to from `leaf` at its place; `None` when the proof's length does not fit that place.
#[inline(always)] // the target passes at most five arguments
pub fn root_from_proof(leaf: Hash, Place { index, count }: Place, proof: &[Hash]) -> Option<Hash> {
    // RFC 9162, 2.1.3.2: `at` walks up from the leaf, `last` from the last leaf of the tree.
    let mut last = count.checked_sub(1)?;
    if index > last {
        return None;
    }
    let mut at = index;
    let mut root = leaf;
    for sibling in proof {
        if last == 0 {
            return None;
        }
        if at & 1 == 1 || at == last {
            root = node(sibling, &root);
            // A right border without siblings: go up to the level where this node is a right child.
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            root = node(&root, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors;

    #[test]
    fn every_golden_proof_leads_to_its_root_and_to_no_other_place() {
        let mut proofs = 0;
        for tree in vectors::trees() {
            for (index, proof) in tree.proofs.iter().enumerate() {
                let leaf = tree.leaves[index];
                let index = index as u32;
                assert_eq!(
                    root_from_proof(
                        leaf,
                        Place {
                            index,
                            count: tree.count
                        },
                        proof
                    ),
                    Some(tree.root)
                );
                for other in 0..tree.count {
                    if other != index {
                        assert_ne!(
                            root_from_proof(
                                leaf,
                                Place {
                                    index: other,
                                    count: tree.count
                                },
                                proof
                            ),
                            Some(tree.root)
                        );
                    }
                }
                proofs += 1;
            }
        }
        assert_eq!(proofs, (0..=9).sum::<usize>() + 20);
    }

    #[test]
    fn a_changed_shortened_or_lengthened_proof_is_refused() {
        for tree in vectors::trees() {
            for (index, proof) in tree.proofs.iter().enumerate() {
                let (leaf, index) = (tree.leaves[index], index as u32);
                for at in 0..proof.len() {
                    let mut changed = proof.clone();
                    changed[at][31] ^= 1;
                    assert_ne!(
                        root_from_proof(
                            leaf,
                            Place {
                                index,
                                count: tree.count
                            },
                            &changed
                        ),
                        Some(tree.root)
                    );
                    let mut shorter = proof.clone();
                    shorter.remove(at);
                    assert_ne!(
                        root_from_proof(
                            leaf,
                            Place {
                                index,
                                count: tree.count
                            },
                            &shorter
                        ),
                        Some(tree.root)
                    );
                }
                let mut longer = proof.clone();
                longer.push(leaf);
                assert_eq!(
                    root_from_proof(
                        leaf,
                        Place {
                            index,
                            count: tree.count
                        },
                        &longer
                    ),
                    None
                );
            }
        }
    }

    #[test]
    fn an_index_outside_the_tree_is_refused() {
        assert_eq!(root_from_proof([7; 32], Place { index: 0, count: 0 }, &[]), None);
        assert_eq!(root_from_proof([7; 32], Place { index: 1, count: 1 }, &[]), None);
        assert_eq!(
            root_from_proof([7; 32], Place { index: 0, count: 1 }, &[]),
            Some([7; 32])
        );
    }
}

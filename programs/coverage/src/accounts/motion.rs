//! A decision of k oracles on something else than an epoch: to quarantine or release a hotspot. Its address names all
//! that is voted for. Open, until the hotspot's next motion is another or time has passed; then it can be closed.
use coverage_rules::hash::Hash;
use pinocchio::Address;

use super::{
    hotspot::{Hotspot, STATUS_ACTIVE, STATUS_QUARANTINED},
    network::OracleSet,
    stored::{OfNetwork, Stored},
};
use crate::{
    errors::CoverageError::{self, InvalidMotion, NotAnOracle},
    wire::{discriminator, layout, U16, U32, U64},
    ID,
};

pub const KIND_QUARANTINE: u8 = 1;
pub const KIND_RELEASE: u8 = 2;

/// The status that a hotspot has from a motion of this kind on.
pub fn status_after(kind: u8) -> Result<u8, CoverageError> {
    match kind {
        KIND_QUARANTINE => Ok(STATUS_QUARANTINED),
        KIND_RELEASE => Ok(STATUS_ACTIVE),
        _ => Err(InvalidMotion),
    }
}

layout! {
    pub struct Motion {
        version: u8,
        bump: u8,
        network: Address,
        /// 1 quarantine, 2 release.
        kind: u8,
        /// The Hotspot account.
        subject: Address,
        /// How many motions had been applied to the subject before.
        nonce: U64,
        /// SHA-256 of the evidence log's origin, and the record's index there.
        evidence_origin_hash: Hash,
        evidence_index: U64,
        /// The oracle set of which the votes are.
        generation: U32,
        /// Bit i: oracle i of the generation is for it.
        votes: U16,
        lapses_at: U64,
        /// Who paid for this account, and gets its rent back when it is closed.
        opened_by: Address,
    }
}

impl Stored for Motion {
    const DISCRIMINATOR: [u8; 8] = discriminator("account", "Motion");

    fn address(&self) -> Address {
        let (nonce, index) = (self.nonce.get().to_le_bytes(), self.evidence_index.get().to_le_bytes());
        let seeds: [&[u8]; 7] = [
            b"motion",
            self.network.as_ref(),
            &[self.kind],
            self.subject.as_ref(),
            &nonce,
            &self.evidence_origin_hash,
            &index,
        ];
        Address::derive_address(&seeds, Some(self.bump), &ID)
    }
}

impl OfNetwork for Motion {
    fn network(&self) -> &Address {
        &self.network
    }
}

impl Motion {
    /// Whether it can be voted for and applied: no other motion was applied to its subject since, and it has not lapsed.
    pub fn is_open(&self, subject: &Hotspot, now: u64) -> bool {
        self.nonce == subject.motions && now < self.lapses_at.get()
    }

    /// Counts the oracle as for it. Votes of another generation are void.
    pub fn vote(&mut self, oracles: &OracleSet, oracle: &Address) -> Result<(), CoverageError> {
        let bit = oracles.bit(oracle).ok_or(NotAnOracle)?;
        if self.generation != oracles.generation {
            self.generation = oracles.generation;
            self.votes = U16::new(0);
        }
        self.votes = U16::new(self.votes.get() | bit);
        Ok(())
    }

    /// Whether k oracles of this set are for it.
    pub fn is_carried(&self, oracles: &OracleSet) -> bool {
        self.generation == oracles.generation && self.votes.get().count_ones() >= u32::from(oracles.k)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use coverage_rules::oracles::MAX_ORACLES;

    fn oracles(generation: u32, first: u8) -> OracleSet {
        OracleSet {
            generation: U32::new(generation),
            k: 2,
            n: 16,
            keys: core::array::from_fn::<_, MAX_ORACLES, _>(|i| Address::from([first.wrapping_add(i as u8); 32])),
        }
    }

    fn motion() -> Motion {
        Motion {
            version: 1,
            bump: 255,
            network: Address::from([9; 32]),
            kind: KIND_QUARANTINE,
            subject: Address::from([8; 32]),
            nonce: U64::new(0),
            evidence_origin_hash: [7; 32],
            evidence_index: U64::new(6),
            generation: U32::new(0),
            votes: U16::new(0),
            lapses_at: U64::new(100),
            opened_by: Address::from([1; 32]),
        }
    }

    #[test]
    fn k_votes_of_distinct_oracles_carry_it() {
        let (set, mut motion) = (oracles(1, 1), motion());
        for _ in 0..2 {
            motion.vote(&set, &Address::from([16; 32])).unwrap();
            assert!(!motion.is_carried(&set) && motion.votes.get() == 1 << 15);
        }
        motion.vote(&set, &Address::from([1; 32])).unwrap();
        assert!(motion.is_carried(&set));
    }

    #[test]
    fn a_stranger_and_a_zero_key_have_no_vote() {
        let (set, mut motion) = (OracleSet { n: 2, ..oracles(1, 1) }, motion());
        for key in [[3; 32], [99; 32], [0; 32]] {
            assert_eq!(motion.vote(&set, &Address::from(key)), Err(NotAnOracle));
        }
        assert_eq!(motion.votes.get(), 0);
    }

    #[test]
    fn the_votes_of_another_generation_neither_count_nor_stay() {
        let (old, new, mut motion) = (oracles(1, 1), oracles(2, 2), motion());
        for key in [[2; 32], [3; 32]] {
            motion.vote(&old, &Address::from(key)).unwrap();
        }
        assert!(motion.is_carried(&old) && !motion.is_carried(&new));
        motion.vote(&new, &Address::from([4; 32])).unwrap();
        assert!(motion.votes.get() == 1 << 2 && !motion.is_carried(&new) && !motion.is_carried(&old));
        motion.vote(&new, &Address::from([2; 32])).unwrap();
        assert!(motion.is_carried(&new));
    }
}

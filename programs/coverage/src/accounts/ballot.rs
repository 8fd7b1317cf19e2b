//! The oracles' votes on the next epoch: live, then (k equal ones) ripe, then finalized or vetoed.
use coverage_rules::{
    hash::Hash,
    oracles::{agree, MAX_ORACLES},
};
use pinocchio::Address;

use super::{
    network::{Network, OracleSet},
    stored::{OfNetwork, Stored},
};
use crate::{
    errors::CoverageError::{self, NotAnOracle, NotTheRipeTuple, NothingRipe, VotesFrozen},
    wire::{discriminator, layout, U16, U32, U64},
    ID,
};

layout! {
    /// An epoch and its tuple's hash; a zero hash: no vote.
    pub struct Vote {
        epoch: U64,
        tuple_hash: Hash,
    }
}

impl Vote {
    pub const NONE: Self = Self {
        epoch: U64::new(0),
        tuple_hash: [0; 32],
    };
}

layout! {
    pub struct Ballot {
        version: u8,
        bump: u8,
        network: Address,
        /// The oracle set under which the votes, vetoes and what is ripe stand.
        generation: U32,
        votes: [Vote; MAX_ORACLES],
        /// Bit i: oracle i vetoes what is ripe.
        vetoes: U16,
        /// A zero hash: nothing is ripe.
        ripe: Vote,
        ripe_since: U64,
    }
}

impl Stored for Ballot {
    const DISCRIMINATOR: [u8; 8] = discriminator("account", "Ballot");

    fn address(&self) -> Address {
        Address::derive_address(&[b"ballot", self.network.as_ref()], Some(self.bump), &ID)
    }
}

impl OfNetwork for Ballot {
    fn network(&self) -> &Address {
        &self.network
    }
}

impl Ballot {
    pub fn is_ripe(&self) -> bool {
        self.ripe != Vote::NONE
    }

    /// Refuses to end or to take back anything but what is ripe.
    pub fn require_ripe(&self, vote: &Vote) -> Result<(), CoverageError> {
        if !self.is_ripe() {
            Err(NothingRipe)
        } else if &self.ripe != vote {
            Err(NotTheRipeTuple)
        } else {
            Ok(())
        }
    }

    /// Forgets votes, vetoes and what is ripe.
    pub fn clear(&mut self) {
        self.votes = [Vote::NONE; MAX_ORACLES];
        self.vetoes = U16::new(0);
        self.ripe = Vote::NONE;
        self.ripe_since = U64::new(0);
    }

    /// The set that may vote now: what is ripe finishes under its own generation.
    pub fn oracles<'a>(&self, network: &'a Network, now: u64) -> Result<&'a OracleSet, CoverageError> {
        if self.is_ripe() {
            network.oracles_of(self.generation.get()).ok_or(NotAnOracle)
        } else {
            Ok(network.oracles_at(now))
        }
    }

    /// Sets the oracle's live vote and answers whether that made it ripe. Votes of another generation are void. While
    /// something is ripe only a vote for it counts; repeating one's standing vote changes nothing.
    pub fn vote(&mut self, oracles: &OracleSet, oracle: &Address, vote: Vote, now: u64) -> Result<bool, CoverageError> {
        let place = oracles.place(oracle).ok_or(NotAnOracle)?;
        if self.generation != oracles.generation {
            self.clear();
            self.generation = oracles.generation;
        }
        let ripe = self.is_ripe();
        let standing = self.votes.get_mut(place).ok_or(NotAnOracle)?;
        if ripe && vote != self.ripe && vote != *standing {
            return Err(VotesFrozen);
        }
        *standing = vote;
        if ripe || !agree(&self.votes, &vote, oracles.k) {
            return Ok(false);
        }
        self.ripe = vote;
        self.ripe_since = U64::new(now);
        Ok(true)
    }

    /// Sets the oracle's veto of what is ripe, and clears all when fewer than the threshold are left without one; answers
    /// whether it did.
    pub fn veto(&mut self, oracles: &OracleSet, oracle: &Address) -> Result<bool, CoverageError> {
        let bit = oracles.bit(oracle).ok_or(NotAnOracle)?;
        self.vetoes = U16::new(self.vetoes.get() | bit);
        let blocked = oracles.blocks(self.vetoes.get());
        if blocked {
            self.clear();
        }
        Ok(blocked)
    }

    /// The oracles whose live votes equal what is ripe, in the set's order, then zeros.
    pub fn voters(&self, oracles: &OracleSet) -> [Address; MAX_ORACLES] {
        let mut voters = [Address::default(); MAX_ORACLES];
        let for_it = self
            .votes
            .iter()
            .zip(&oracles.keys)
            .filter(|(vote, _)| **vote == self.ripe);
        for (voter, (_, key)) in voters.iter_mut().zip(for_it) {
            *voter = *key;
        }
        voters
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    fn oracles(generation: u32, k: u8, n: u8) -> OracleSet {
        let keys =
            core::array::from_fn(|i| Address::from(if i < usize::from(n) { [i as u8 + 1; 32] } else { [0; 32] }));
        OracleSet {
            generation: U32::new(generation),
            k,
            n,
            keys,
        }
    }

    fn ballot() -> Ballot {
        Ballot {
            version: 1,
            bump: 255,
            network: Address::from([9; 32]),
            generation: U32::new(1),
            votes: [Vote::NONE; MAX_ORACLES],
            vetoes: U16::new(0),
            ripe: Vote::NONE,
            ripe_since: U64::new(0),
        }
    }

    const fn vote(epoch: u64, hash: u8) -> Vote {
        Vote {
            epoch: U64::new(epoch),
            tuple_hash: [hash; 32],
        }
    }

    #[test]
    fn k_equal_votes_ripen_and_the_delay_starts_then() {
        let (set, mut ballot) = (oracles(1, 2, 3), ballot());
        assert_eq!(ballot.vote(&set, &set.keys[0], vote(0, 1), 10), Ok(false));
        assert_eq!(ballot.vote(&set, &set.keys[0], vote(0, 1), 11), Ok(false));
        assert_eq!(ballot.vote(&set, &set.keys[1], vote(0, 2), 12), Ok(false));
        assert_eq!(ballot.vote(&set, &set.keys[1], vote(0, 1), 13), Ok(true));
        assert!(ballot.ripe == vote(0, 1) && ballot.ripe_since.get() == 13);
        assert!(ballot.voters(&set)[..2] == set.keys[..2] && ballot.voters(&set)[2] == Address::default());
    }

    #[test]
    fn while_something_is_ripe_only_a_vote_for_it_counts() {
        let (set, mut ballot) = (oracles(1, 2, 3), ballot());
        ballot.vote(&set, &set.keys[2], vote(0, 2), 10).unwrap();
        ballot.vote(&set, &set.keys[0], vote(0, 1), 10).unwrap();
        ballot.vote(&set, &set.keys[1], vote(0, 1), 10).unwrap();
        assert_eq!(ballot.vote(&set, &set.keys[0], vote(0, 3), 11), Err(VotesFrozen));
        assert_eq!(ballot.vote(&set, &set.keys[2], vote(0, 2), 11), Ok(false));
        assert_eq!(ballot.vote(&set, &set.keys[2], vote(0, 1), 12), Ok(false));
        assert!(ballot.ripe_since.get() == 10 && ballot.voters(&set)[..3] == set.keys[..3]);
    }

    #[test]
    fn a_new_generation_voids_the_votes_before() {
        let (old, new, mut ballot) = (oracles(1, 2, 3), oracles(2, 2, 3), ballot());
        ballot.vote(&old, &old.keys[0], vote(0, 1), 10).unwrap();
        assert_eq!(ballot.vote(&new, &new.keys[1], vote(0, 1), 11), Ok(false));
        assert!(ballot.generation.get() == 2 && ballot.votes[0] == Vote::NONE);
        assert_eq!(ballot.vote(&new, &new.keys[2], vote(0, 1), 12), Ok(true));
    }

    #[test]
    fn vetoes_of_distinct_oracles_clear_votes_vetoes_and_what_is_ripe() {
        let (set, mut ballot) = (oracles(1, 2, 3), ballot());
        ballot.vote(&set, &set.keys[0], vote(0, 1), 10).unwrap();
        ballot.vote(&set, &set.keys[1], vote(0, 1), 10).unwrap();
        for _ in 0..2 {
            assert_eq!(ballot.veto(&set, &set.keys[2]), Ok(false));
            assert!(ballot.vetoes.get() == 0b100 && ballot.ripe == vote(0, 1));
        }
        assert_eq!(ballot.veto(&set, &Address::from([7; 32])), Err(NotAnOracle));
        assert_eq!(ballot.veto(&set, &set.keys[0]), Ok(true));
        assert!(!ballot.is_ripe() && ballot.vetoes.get() == 0 && ballot.votes == [Vote::NONE; MAX_ORACLES]);
        // One of the two who voted before is not enough.
        assert_eq!(ballot.vote(&set, &set.keys[0], vote(0, 1), 11), Ok(false));
        assert_eq!(ballot.vote(&set, &set.keys[1], vote(0, 1), 12), Ok(true));
        assert_eq!(ballot.ripe_since.get(), 12);
    }

    #[test]
    fn a_stranger_and_an_empty_place_have_no_vote() {
        let (set, mut ballot) = (oracles(1, 2, 3), ballot());
        assert_eq!(
            ballot.vote(&set, &Address::from([7; 32]), vote(0, 1), 10),
            Err(NotAnOracle)
        );
        assert_eq!(ballot.vote(&set, &Address::default(), vote(0, 1), 10), Err(NotAnOracle));
    }
}

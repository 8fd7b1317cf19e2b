//! Who decides after whom: a network's pending oracles, authority and guardian. Each waits for the timelock.
use coverage_rules::oracles::{is_set, MAX_ORACLES};
use pinocchio::Address;

use super::network::{Network, OracleSet};
use crate::{
    errors::CoverageError::{
        self, InvalidOracleSet, NoOraclesPending, NotTheAuthority, NotThePendingAuthority, OraclesNotApplied,
        OutOfRange, TimelockRuns,
    },
    wire::{U32, U64},
};

const NOBODY: Address = Address::new_from_array([0; 32]);

impl Network {
    pub fn require_authority(&self, signer: &Address) -> Result<(), CoverageError> {
        if &self.authority == signer {
            Ok(())
        } else {
            Err(NotTheAuthority)
        }
    }

    /// When what the authority decides now holds: when the timelock is over, and never at once.
    pub fn after_timelock(&self, now: u64) -> Result<u64, CoverageError> {
        now.checked_add(u64::from(self.timelock_s.get()).max(1))
            .ok_or(OutOfRange)
    }

    /// The set that votes on an epoch of which nothing is ripe: a pending one takes effect by time alone.
    pub fn oracles_at(&self, now: u64) -> &OracleSet {
        if self.pending_oracles_hold(now) {
            &self.pending_oracles
        } else {
            &self.oracles
        }
    }

    pub fn oracles_of(&self, generation: u32) -> Option<&OracleSet> {
        [&self.oracles, &self.pending_oracles]
            .into_iter()
            .find(|set| set.k != 0 && set.generation.get() == generation)
    }

    fn pending_oracles_hold(&self, now: u64) -> bool {
        self.pending_oracles.k != 0 && now >= self.pending_oracles_from.get()
    }

    /// Takes the set that votes after the timelock, in the place of one that has never voted.
    pub fn propose_oracles(&mut self, k: u8, keys: &[Address], now: u64) -> Result<(), CoverageError> {
        if !is_set(k, keys) {
            return Err(InvalidOracleSet);
        }
        // Its votes may stand in the ballot and in motions: a generation names one set for ever.
        if self.pending_oracles_hold(now) {
            return Err(OraclesNotApplied);
        }
        let generation = self.oracles.generation.get().checked_add(1).ok_or(OutOfRange)?;
        let from = self.after_timelock(now)?;
        self.pending_oracles = OracleSet::new(generation, k, keys);
        self.pending_oracles_from = U64::new(from);
        Ok(())
    }

    /// Makes the pending set, which votes already, the network's.
    pub fn apply_oracles(&mut self, now: u64) -> Result<(), CoverageError> {
        if self.pending_oracles.k == 0 {
            return Err(NoOraclesPending);
        }
        if !self.pending_oracles_hold(now) {
            return Err(TimelockRuns);
        }
        self.oracles = self.pending_oracles;
        self.pending_oracles = OracleSet::NONE;
        self.pending_oracles_from = U64::new(0);
        Ok(())
    }

    /// Takes who may become the authority after the timelock; nobody where `to` is zero.
    pub fn transfer_authority(&mut self, to: &Address, now: u64) -> Result<(), CoverageError> {
        let from = if to == &NOBODY { 0 } else { self.after_timelock(now)? };
        self.pending_authority = *to;
        self.pending_authority_from = U64::new(from);
        Ok(())
    }

    pub fn accept_authority(&mut self, by: &Address, now: u64) -> Result<(), CoverageError> {
        if by == &NOBODY || by != &self.pending_authority {
            return Err(NotThePendingAuthority);
        }
        if now < self.pending_authority_from.get() {
            return Err(TimelockRuns);
        }
        self.authority = *by;
        self.pending_authority = NOBODY;
        self.pending_authority_from = U64::new(0);
        Ok(())
    }

    /// Zero: nobody. A pending one takes effect by time alone.
    pub fn guardian_at(&self, now: u64) -> &Address {
        let from = self.pending_guardian_from.get();
        if from != 0 && now >= from {
            &self.pending_guardian
        } else {
            &self.guardian
        }
    }

    pub fn is_guardian(&self, who: &Address, now: u64) -> bool {
        who != &NOBODY && who == self.guardian_at(now)
    }

    /// Takes the guardian that holds after the timelock, in the place of one that has never held; zero: nobody.
    pub fn set_guardian(&mut self, guardian: &Address, now: u64) -> Result<(), CoverageError> {
        let from = self.after_timelock(now)?;
        self.guardian = *self.guardian_at(now);
        self.pending_guardian = *guardian;
        self.pending_guardian_from = U64::new(from);
        Ok(())
    }
}

impl OracleSet {
    const NONE: Self = Self {
        generation: U32::new(0),
        k: 0,
        n: 0,
        keys: [NOBODY; MAX_ORACLES],
    };

    /// Of keys that are a set (`coverage_rules::oracles::is_set`).
    pub fn new(generation: u32, k: u8, keys: &[Address]) -> Self {
        let mut set = Self::NONE;
        set.generation = U32::new(generation);
        set.k = k;
        for (place, key) in set.keys.iter_mut().zip(keys) {
            *place = *key;
            set.n = set.n.saturating_add(1);
        }
        set
    }

    /// The oracle's place in the set, which is its vote's place in the ballot.
    pub fn place(&self, oracle: &Address) -> Option<usize> {
        self.keys.iter().take(usize::from(self.n)).position(|key| key == oracle)
    }

    /// The oracle's bit where votes or vetoes are bits.
    pub fn bit(&self, oracle: &Address) -> Option<u16> {
        let place = u32::try_from(self.place(oracle)?).ok()?;
        1u16.checked_shl(place)
    }

    /// Whether so many oracles veto that the others are fewer than the threshold.
    pub fn blocks(&self, vetoes: u16) -> bool {
        vetoes.count_ones() > u32::from(self.n).saturating_sub(u32::from(self.k))
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    fn keys(n: u8) -> std::vec::Vec<Address> {
        (1..=n).map(|i| Address::from([i; 32])).collect()
    }

    #[test]
    fn an_oracle_has_the_place_and_the_bit_of_its_key() {
        let set = OracleSet::new(7, 9, &keys(16));
        assert_eq!((set.generation.get(), set.k, set.n), (7, 9, 16));
        assert_eq!(set.bit(&Address::from([1; 32])), Some(1));
        assert_eq!(set.bit(&Address::from([16; 32])), Some(1 << 15));
        assert_eq!(set.bit(&Address::from([17; 32])), None);
    }

    #[test]
    fn zero_is_in_no_set() {
        let set = OracleSet::new(1, 2, &keys(3));
        assert_eq!((set.place(&NOBODY), set.bit(&NOBODY)), (None, None));
        assert_eq!(
            (OracleSet::NONE.place(&NOBODY), OracleSet::NONE.bit(&NOBODY)),
            (None, None)
        );
    }

    #[test]
    fn vetoes_block_when_fewer_than_the_threshold_are_left() {
        for n in 1..=16u8 {
            for k in n / 2 + 1..=n {
                let set = OracleSet::new(1, k, &keys(n));
                for vetoes in 0..=n {
                    let bits = u16::try_from((1u32 << vetoes) - 1).unwrap();
                    assert_eq!(set.blocks(bits), n - vetoes < k, "{vetoes} of {n}, threshold {k}");
                }
            }
        }
    }
}

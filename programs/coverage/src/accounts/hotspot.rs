//! A hotspot: its key, who owns it, what oracles read of it, and what it has claimed.
use coverage_rules::{
    hash::Hash,
    location::{is_cell, ELEVATION, GAIN, MODE_DATA_ONLY, MODE_FULL},
};
use pinocchio::Address;

use super::{
    stored::{OfNetwork, Stored},
    timed::{Moment, Timed},
};
use crate::{
    errors::CoverageError::{
        self, InvalidCell, InvalidElevation, InvalidGain, InvalidMode, NotTheOwner, OutOfRange, Quarantined,
    },
    wire::{discriminator, layout, I32, U64},
    ID,
};

pub const STATUS_ACTIVE: u8 = 1;
pub const STATUS_QUARANTINED: u8 = 2;
pub const TIER_OPEN: u8 = 1;
pub const TIER_ENDORSED: u8 = 2;
pub const TIER_BONDED: u8 = 3;

layout! {
    pub struct Location {
        /// H3 index of resolution 12; 0: not asserted.
        cell: U64,
        /// Tenths of a dBi.
        gain: I32,
        /// Metres.
        elevation: I32,
        /// 1 full, 2 data only.
        mode: u8,
    }
}

impl Location {
    /// Of a hotspot that was registered without one.
    pub const NONE: Self = Self {
        cell: U64::new(0),
        gain: I32::new(0),
        elevation: I32::new(0),
        mode: MODE_FULL,
    };

    pub fn check(&self) -> Result<(), CoverageError> {
        if !is_cell(self.cell.get()) {
            return Err(InvalidCell);
        }
        if !GAIN.contains(&self.gain.get()) {
            return Err(InvalidGain);
        }
        if !ELEVATION.contains(&self.elevation.get()) {
            return Err(InvalidElevation);
        }
        if self.mode != MODE_FULL && self.mode != MODE_DATA_ONLY {
            return Err(InvalidMode);
        }
        Ok(())
    }
}

layout! {
    pub struct Tier {
        /// 1 open, 2 endorsed, 3 bonded.
        kind: u8,
        /// The Maker account that endorsed it; zero: none.
        maker: Address,
    }
}

impl Tier {
    /// Bonded stays bonded.
    pub fn endorsed(self, maker: Address) -> Self {
        let kind = if self.kind == TIER_BONDED {
            TIER_BONDED
        } else {
            TIER_ENDORSED
        };
        Self { kind, maker }
    }

    pub fn bonded(self) -> Self {
        Self {
            kind: TIER_BONDED,
            ..self
        }
    }

    /// What is left without a bond: whoever was endorsed stays so.
    pub fn unbonded(self) -> Self {
        let kind = if self.maker == Address::default() {
            TIER_OPEN
        } else {
            TIER_ENDORSED
        };
        Self { kind, ..self }
    }
}

layout! {
    pub struct Hotspot {
        version: u8,
        bump: u8,
        network: Address,
        /// The low nibble of the key's tag: 0 P-256, 1 ed25519.
        key_type: u8,
        key: Hash,
        owner: Address,
        /// Zero: the owner.
        destination: Address,
        registered_at: U64,
        claimed: U64,
        /// Reward tokens in the network's vault that stand behind tier bonded; 0 where the next tier is another.
        bond: U64,
        /// Tokens in the vault that were asked back and are free from `unbonded_at` on. Quarantine takes them too.
        unbonding: U64,
        unbonded_at: U64,
        /// How many motions were applied to it: the nonce of the next.
        motions: U64,
        /// 1 active, 2 quarantined.
        status: Timed<u8>,
        tier: Timed<Tier>,
        location: Timed<Location>,
    }
}

impl Stored for Hotspot {
    const DISCRIMINATOR: [u8; 8] = discriminator("account", "Hotspot");

    fn address(&self) -> Address {
        let seeds: [&[u8]; 4] = [b"hotspot", self.network.as_ref(), &[self.key_type], &self.key];
        Address::derive_address(&seeds, Some(self.bump), &ID)
    }
}

impl OfNetwork for Hotspot {
    fn network(&self) -> &Address {
        &self.network
    }
}

impl Hotspot {
    pub fn check_owner(&self, signer: &Address) -> Result<(), CoverageError> {
        if &self.owner == signer {
            Ok(())
        } else {
            Err(NotTheOwner)
        }
    }

    /// Refuses what a hotspot that the oracles have quarantined may not do, from their decision to that on its release.
    pub fn check_not_quarantined(&self) -> Result<(), CoverageError> {
        if self.status.next == STATUS_QUARANTINED {
            Err(Quarantined)
        } else {
            Ok(())
        }
    }

    /// Takes from it all that it has in the vault, and answers how much that is. It is not bonded from the next epoch on.
    pub fn take_bond(&mut self, moment: Moment) -> Result<u64, CoverageError> {
        if self.tier.next.kind == TIER_BONDED {
            self.tier.set(self.tier.next.unbonded(), moment)?;
        }
        let taken = self.bond.get().checked_add(self.unbonding.get()).ok_or(OutOfRange)?;
        self.bond = U64::new(0);
        self.unbonding = U64::new(0);
        self.unbonded_at = U64::new(0);
        Ok(taken)
    }
}

#[cfg(test)]
mod names {
    use super::*;
    use crate::contract::Described;

    impl Described for Timed<u8> {
        fn idl() -> std::string::String {
            "TimedStatus".into()
        }
    }
    impl Described for Timed<Tier> {
        fn idl() -> std::string::String {
            "TimedTier".into()
        }
    }
    impl Described for Timed<Location> {
        fn idl() -> std::string::String {
            "TimedLocation".into()
        }
    }
}

//! A hotspot: its key, who owns it, what oracles read of it, and what it has claimed.
use coverage_rules::{
    hash::Hash,
    location::{is_cell, ELEVATION, GAIN, MODE_DATA_ONLY, MODE_FULL},
};
use pinocchio::Address;

use super::{
    stored::{OfNetwork, Stored},
    timed::Timed,
};
use crate::{
    errors::CoverageError::{self, InvalidCell, InvalidElevation, InvalidGain, InvalidMode},
    wire::{discriminator, layout, I32, U64},
    ID,
};

pub const STATUS_ACTIVE: u8 = 1;
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
        /// Reward tokens that stand behind tier bonded.
        bond: U64,
        /// Bond that was asked back and is free from `unbonded_at` on.
        unbonding: U64,
        unbonded_at: U64,
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

//! A maker of hotspots: it endorses the keys that it made, by the root of their list.
use coverage_rules::hash::Hash;
use pinocchio::Address;

use super::stored::{OfNetwork, Stored};
use crate::{
    wire::{discriminator, layout, Bool, U32, U64},
    ID,
};

layout! {
    pub struct Maker {
        version: u8,
        bump: u8,
        network: Address,
        key: Address,
        approved: Bool,
        /// Reward tokens that stand behind the endorsements.
        stake: U64,
        /// Stake that was asked back and is free from `unstaked_at` on.
        unstaking: U64,
        unstaked_at: U64,
        endorsed_root: Hash,
        endorsed_count: U32,
    }
}

impl Stored for Maker {
    const DISCRIMINATOR: [u8; 8] = discriminator("account", "Maker");

    fn address(&self) -> Address {
        Address::derive_address(
            &[b"maker", self.network.as_ref(), self.key.as_ref()],
            Some(self.bump),
            &ID,
        )
    }
}

impl OfNetwork for Maker {
    fn network(&self) -> &Address {
        &self.network
    }
}

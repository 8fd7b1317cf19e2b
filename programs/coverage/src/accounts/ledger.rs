//! The one small account that all who mint or burn by right write, so that they take the Network read-only.
use pinocchio::Address;

use super::stored::{OfNetwork, Stored};
use crate::{
    wire::{discriminator, layout, U64},
    ID,
};

layout! {
    pub struct Ledger {
        version: u8,
        bump: u8,
        network: Address,
        /// What was ever minted for rewards.
        total_claimed: U64,
        /// What was ever burned for data credits.
        credits_burned: U64,
        /// What was ever minted for credits that were withdrawn: never above what was burned.
        credits_refunded: U64,
    }
}

impl Stored for Ledger {
    const DISCRIMINATOR: [u8; 8] = discriminator("account", "Ledger");

    fn address(&self) -> Address {
        Address::derive_address(&[b"ledger", self.network.as_ref()], Some(self.bump), &ID)
    }
}

impl OfNetwork for Ledger {
    fn network(&self) -> &Address {
        &self.network
    }
}

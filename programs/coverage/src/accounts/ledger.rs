//! The one small account that every claim writes, so that claims take the Network read-only.
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
        /// Equals what was ever minted.
        total_claimed: U64,
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

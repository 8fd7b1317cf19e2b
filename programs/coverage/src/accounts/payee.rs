//! An address that earns without being a hotspot: an oracle or the operations fund. It owns itself.
use pinocchio::Address;

use super::stored::{OfNetwork, Stored};
use crate::{
    wire::{discriminator, layout, U64},
    ID,
};

layout! {
    pub struct Payee {
        version: u8,
        bump: u8,
        network: Address,
        address: Address,
        claimed: U64,
    }
}

impl Stored for Payee {
    const DISCRIMINATOR: [u8; 8] = discriminator("account", "Payee");

    fn address(&self) -> Address {
        Address::derive_address(
            &[b"payee", self.network.as_ref(), self.address.as_ref()],
            Some(self.bump),
            &ID,
        )
    }
}

impl OfNetwork for Payee {
    fn network(&self) -> &Address {
        &self.network
    }
}

//! Data credits of an owner of devices.
use pinocchio::Address;

use super::{
    stored::{OfNetwork, Stored},
    timed::Timed,
};
use crate::{
    wire::{discriminator, layout, U64},
    ID,
};

layout! {
    pub struct Credits {
        version: u8,
        bump: u8,
        network: Address,
        owner: Address,
        /// Ever bought less ever withdrawn; what is settled is not taken off it.
        balance: Timed<U64>,
        settled_total: U64,
        /// Asked back, off the balance from `withdrawal_from_epoch` on.
        withdrawal: U64,
        withdrawal_from_epoch: U64,
    }
}

impl Stored for Credits {
    const DISCRIMINATOR: [u8; 8] = discriminator("account", "Credits");

    fn address(&self) -> Address {
        Address::derive_address(
            &[b"credits", self.network.as_ref(), self.owner.as_ref()],
            Some(self.bump),
            &ID,
        )
    }
}

impl OfNetwork for Credits {
    fn network(&self) -> &Address {
        &self.network
    }
}

#[cfg(test)]
impl crate::contract::Described for Timed<U64> {
    fn idl() -> std::string::String {
        "TimedAmount".into()
    }
}

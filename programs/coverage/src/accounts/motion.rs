//! A decision of k oracles on something else than an epoch: to quarantine or release a hotspot.
use coverage_rules::hash::Hash;
use pinocchio::Address;

use super::stored::{OfNetwork, Stored};
use crate::{
    wire::{discriminator, layout, Bool, U16, U32, U64},
    ID,
};

layout! {
    pub struct Motion {
        version: u8,
        bump: u8,
        network: Address,
        /// 1 quarantine, 2 release.
        kind: u8,
        subject: Address,
        nonce: U64,
        generation: U32,
        /// Bit i: oracle i of the generation is for it.
        votes: U16,
        opened_at: U64,
        /// Who paid for this account, and gets its rent back when it is closed.
        opened_by: Address,
        applied: Bool,
        /// SHA-256 of the evidence log's origin, and the record's index there.
        evidence_origin_hash: Hash,
        evidence_index: U64,
    }
}

impl Stored for Motion {
    const DISCRIMINATOR: [u8; 8] = discriminator("account", "Motion");

    fn address(&self) -> Address {
        let nonce = self.nonce.get().to_le_bytes();
        let seeds: [&[u8]; 5] = [
            b"motion",
            self.network.as_ref(),
            &[self.kind],
            self.subject.as_ref(),
            &nonce,
        ];
        Address::derive_address(&seeds, Some(self.bump), &ID)
    }
}

impl OfNetwork for Motion {
    fn network(&self) -> &Address {
        &self.network
    }
}

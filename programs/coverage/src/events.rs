//! What instructions tell the world, as Anchor's events: one log line "Program data: base64(discriminator || borsh)".
use coverage_rules::hash::Hash;
use pinocchio::Address;

use crate::{
    accounts::{
        hotspot::Location,
        network::{FinalizedEpoch, OracleSet, Policy, Tuple},
    },
    wire::{bytes_of, discriminator, layout, Bool, Plain, U32, U64},
};

pub trait Event: Plain {
    const DISCRIMINATOR: [u8; 8];
}

macro_rules! events {
    ($($(#[$meta:meta])* $Name:ident { $($field:ident: $type:ty,)* })*) => {
        $(
            layout! {
                $(#[$meta])*
                pub struct $Name { $($field: $type,)* }
            }
            impl Event for $Name {
                const DISCRIMINATOR: [u8; 8] = discriminator("event", stringify!($Name));
            }
        )*
        #[cfg(test)]
        pub fn all() -> std::vec::Vec<crate::contract::Declared> {
            std::vec![$(crate::contract::Declared::of::<$Name>($Name::DISCRIMINATOR),)*]
        }
    };
}

events! {
    NetworkCreated { network: Address, creator: Address, mint: Address, }
    HotspotRegistered { network: Address, hotspot: Address, key_type: u8, key: Hash, owner: Address, location: Location, }
    LocationAsserted { network: Address, hotspot: Address, location: Location, from_epoch: U64, }
    PayeeCreated { network: Address, payee: Address, address: Address, }
    MakerApproved { network: Address, maker: Address, key: Address, approved: Bool, }
    EndorsedRootSet { network: Address, maker: Address, root: Hash, count: U32, }
    HotspotEndorsed { network: Address, hotspot: Address, maker: Address, from_epoch: U64, }
    DestinationSet { network: Address, hotspot: Address, destination: Address, }
    HotspotTransferred { network: Address, hotspot: Address, from: Address, to: Address, }
    HotspotBonded { network: Address, hotspot: Address, amount: U64, from_epoch: U64, }
    HotspotUnbonded { network: Address, hotspot: Address, amount: U64, from_epoch: U64, free_at: U64, }
    BondWithdrawn { network: Address, hotspot: Address, owner: Address, amount: U64, }
    PolicyProposed { network: Address, policy: Policy, first_epoch: U64, }
    /// They vote from this time on.
    OraclesProposed { network: Address, oracles: OracleSet, from: U64, }
    OraclesApplied { network: Address, generation: U32, }
    /// Who may accept from this time on; zero: nobody, what was pending is taken back.
    AuthorityProposed { network: Address, authority: Address, from: U64, }
    AuthorityAccepted { network: Address, authority: Address, }
    /// Who is the guardian from this time on; zero: nobody.
    GuardianSet { network: Address, guardian: Address, from: U64, }
    Attested { oracle: Address, tuple: Tuple, }
    Ripened { network: Address, epoch: U64, tuple_hash: Hash, since: U64, }
    /// `cleared`: votes, vetoes and what was ripe are gone.
    Vetoed { network: Address, epoch: U64, tuple_hash: Hash, by: Address, cleared: Bool, }
    Finalized { network: Address, latest: FinalizedEpoch, }
    Claimed { network: Address, subject: Address, destination: Address, amount: U64, cumulative: U64, }
    MotionVoted { network: Address, motion: Address, hotspot: Address, oracle: Address, kind: u8, nonce: U64, evidence_origin_hash: Hash, evidence_index: U64, }
    MotionApplied { network: Address, motion: Address, hotspot: Address, kind: u8, evidence_origin_hash: Hash, evidence_index: U64, burned: U64, from_epoch: U64, }
    MotionClosed { network: Address, motion: Address, opened_by: Address, }
    CreditsBought { network: Address, owner: Address, credits: U64, burned: U64, from_epoch: U64, }
    CreditsAskedBack { network: Address, owner: Address, credits: U64, from_epoch: U64, }
    /// `withdrawn` credits were paid by `refunded` tokens; 0 where no withdrawal was due.
    CreditsSettled { network: Address, owner: Address, settled_total: U64, withdrawn: U64, refunded: U64, }
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Framed<T> {
    discriminator: [u8; 8],
    event: T,
}
// SAFETY: repr(C) of plain fields, whose alignment is 1.
unsafe impl<T: Plain> Plain for Framed<T> {}

/// Logs the event.
pub fn emit<T: Event>(event: T) {
    let framed = Framed {
        discriminator: T::DISCRIMINATOR,
        event,
    };
    log_data(&[bytes_of(&framed)]);
}

#[cfg(target_os = "solana")]
fn log_data(parts: &[&[u8]]) {
    // SAFETY: the syscall reads `parts.len()` slices.
    unsafe { pinocchio::syscalls::sol_log_data(parts.as_ptr().cast(), parts.len() as u64) }
}
#[cfg(not(target_os = "solana"))]
fn log_data(parts: &[&[u8]]) {
    core::hint::black_box(parts);
}

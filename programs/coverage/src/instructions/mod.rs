//! One file per instruction, each with three parts: who (accounts), what was said (arguments), what happens (process).
pub mod accept_authority;
pub mod apply_motion;
pub mod apply_oracles;
pub mod approve_maker;
pub mod assert_location;
pub mod attest;
pub mod bond;
pub mod buy_credits;
pub mod claim;
pub mod close_motion;
pub mod create_network;
pub mod create_payee;
pub mod endorse_hotspot;
pub mod finalize;
pub mod hotspot_signature;
pub mod r#move;
pub mod propose_oracles;
pub mod propose_policy;
pub mod register_hotspot;
pub mod set_destination;
pub mod set_endorsed_root;
pub mod set_guardian;
pub mod settle_credits;
pub mod transfer_authority;
pub mod transfer_hotspot;
pub mod unbond;
pub mod veto;
pub mod withdraw_bond;
pub mod withdraw_credits;

use pinocchio::{AccountView, ProgramResult};

use crate::{
    errors::CoverageError::UnknownInstruction,
    wire::{discriminator, read_arguments},
};

/// What an instruction is called on the wire: the module's name but where that is written as a raw identifier.
macro_rules! wire_name {
    ($name:ident) => {
        stringify!($name)
    };
    ($name:ident $wire:literal) => {
        $wire
    };
}

macro_rules! instructions {
    ($($name:ident $(as $wire:literal)?,)*) => {
        #[allow(non_upper_case_globals)]
        mod tags {
            $(pub const $name: [u8; 8] = super::discriminator("global", wire_name!($name $($wire)?));)*
        }

        /// Each in a stack frame of its own: a frame has 4096 bytes.
        mod run {
            use super::{read_arguments, AccountView, ProgramResult};
            $(
                #[inline(never)]
                pub fn $name(accounts: &mut [AccountView], arguments: &[u8]) -> ProgramResult {
                    super::$name::process(super::$name::Accounts::parse(accounts)?, read_arguments(arguments)?)
                }
            )*
        }

        /// Runs the instruction that the first eight bytes of `data` name.
        pub fn dispatch(accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
            let (tag, arguments) = data.split_first_chunk::<8>().ok_or(UnknownInstruction)?;
            match *tag {
                $(tags::$name => run::$name(accounts, arguments),)*
                _ => Err(UnknownInstruction.into()),
            }
        }

        #[cfg(test)]
        pub fn all() -> std::vec::Vec<crate::contract::Instruction> {
            use crate::contract::{Fields, Instruction};
            std::vec![$(Instruction {
                name: wire_name!($name $($wire)?),
                discriminator: tags::$name,
                accounts: $name::Accounts::TAKEN,
                arguments: $name::Arguments::fields(),
            },)*]
        }
    };
}

instructions! {
    create_network,
    register_hotspot,
    assert_location,
    create_payee,
    approve_maker,
    set_endorsed_root,
    endorse_hotspot,
    set_destination,
    transfer_hotspot,
    bond,
    unbond,
    withdraw_bond,
    propose_policy,
    propose_oracles,
    apply_oracles,
    transfer_authority,
    accept_authority,
    set_guardian,
    attest,
    veto,
    finalize,
    claim,
    r#move as "move",
    apply_motion,
    close_motion,
    buy_credits,
    withdraw_credits,
    settle_credits,
}

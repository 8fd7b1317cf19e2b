//! The coverage networks' program: registry, votes on epochs, claims. `chain.md` of the specification is its contract
//! with the oracles, `idl.json` with its clients.
#![cfg_attr(target_os = "solana", no_std)]

pub mod accounts;
pub mod errors;
pub mod events;
pub mod instructions;
pub mod takes;
pub mod wire;

#[cfg(test)]
mod contract;

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

solana_address::declare_id!("861id8b8CAGUU2K2CogKXGgZNYModMGNrGYkiKSSpM5n");

#[cfg(target_os = "solana")]
mod entry {
    pinocchio::program_entrypoint!(super::process, 10);
    pinocchio::no_allocator!();
    pinocchio::nostd_panic_handler!();
}

/// The entry point.
pub fn process(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    if program != &ID {
        return Err(ProgramError::IncorrectProgramId);
    }
    instructions::dispatch(accounts, data)
}

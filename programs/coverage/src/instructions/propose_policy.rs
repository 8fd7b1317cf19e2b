//! Proposes the policy that holds from an epoch on that has not begun; finalize makes it the network's.
use coverage_rules::hash::Hash;
use pinocchio::ProgramResult;

use crate::{
    accounts::{
        network::{now, Network, Policy},
        stored::load_mut,
    },
    errors::CoverageError::InvalidPolicy,
    events::{emit, PolicyProposed},
    takes::accounts,
    wire::{arguments, U64},
};

accounts! {
    authority [signer],
    network [writable],
}

arguments! {
    pub struct Arguments<'a> {
        hash: &'a Hash,
        credit_price: u64,
        first_epoch: u64,
    }
}

pub fn process(accounts: Accounts, arguments: Arguments) -> ProgramResult {
    let Accounts { authority, network } = accounts;
    let Arguments {
        hash,
        credit_price,
        first_epoch,
    } = arguments;
    let address = *network.address();
    let mut state = load_mut::<Network>(network)?;
    state.require_authority(authority.address())?;
    if hash == &[0; 32] {
        return Err(InvalidPolicy.into());
    }
    let policy = Policy {
        hash: *hash,
        credit_price: U64::new(credit_price),
    };
    state.propose_policy(policy, first_epoch, now()?)?;
    emit(PolicyProposed {
        network: address,
        policy,
        first_epoch: U64::new(first_epoch),
    });
    Ok(())
}

//! Takes back what is ripe: at once by the guardian, who may a few times between two finalizations, or by so many oracles
//! that fewer than the threshold are left. k votes and a whole delay are needed again.
use coverage_rules::hash::Hash;
use pinocchio::ProgramResult;

use crate::{
    accounts::{
        ballot::{Ballot, Vote},
        network::{now, Network},
        stored::{load_mut, load_of_mut},
    },
    errors::CoverageError::{GuardianVetoesSpent, MayNotVeto},
    events::{emit, Vetoed},
    takes::accounts,
    wire::{arguments, Bool, U64},
};

accounts! {
    vetoer [signer],
    network [writable],
    ballot [writable],
}

arguments! {
    pub struct Arguments<'a> {
        epoch: u64,
        tuple_hash: &'a Hash,
    }
}

pub fn process(accounts: Accounts, arguments: Arguments) -> ProgramResult {
    let Accounts {
        vetoer,
        network,
        ballot,
    } = accounts;
    let address = *network.address();
    let mut state = load_mut::<Network>(network)?;
    let mut ballot = load_of_mut::<Ballot>(ballot, &address)?;
    let now = now()?;
    let vetoed = Vote {
        epoch: U64::new(arguments.epoch),
        tuple_hash: *arguments.tuple_hash,
    };
    ballot.require_ripe(&vetoed)?;
    let by = vetoer.address();
    let is_guardian = state.is_guardian(by, now);
    let left = state.guardian_vetoes_allowed.checked_sub(state.guardian_vetoes_used);
    let cleared = match left {
        Some(1..) if is_guardian => {
            state.guardian_vetoes_used = state.guardian_vetoes_used.saturating_add(1);
            ballot.clear();
            true
        }
        _ => {
            let oracles = ballot.oracles(&state, now)?;
            if oracles.place(by).is_none() {
                return Err(if is_guardian { GuardianVetoesSpent } else { MayNotVeto }.into());
            }
            ballot.veto(oracles, by)?
        }
    };
    emit(Vetoed {
        network: address,
        epoch: vetoed.epoch,
        tuple_hash: vetoed.tuple_hash,
        by: *by,
        cleared: Bool::new(cleared),
    });
    Ok(())
}

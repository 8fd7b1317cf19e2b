//! Makes the ripe tuple final after the challenge delay; anyone may.
use pinocchio::ProgramResult;

use crate::{
    accounts::{
        ballot::{Ballot, Vote},
        network::{now, Network, Tuple},
        stored::{load_mut, load_of_mut},
    },
    errors::CoverageError::{ChallengeDelayRuns, OutOfRange},
    events::{emit, Finalized},
    takes::accounts,
    wire::arguments,
};

accounts! {
    network [writable],
    ballot [writable],
}

arguments! {
    pub struct Arguments<'a> {
        tuple: &'a Tuple,
    }
}

pub fn process(accounts: Accounts, arguments: Arguments) -> ProgramResult {
    let Accounts { network, ballot } = accounts;
    let tuple = arguments.tuple;
    let address = *network.address();
    let mut state = load_mut::<Network>(network)?;
    let mut ballot = load_of_mut::<Ballot>(ballot, &address)?;
    let now = now()?;
    let hash = tuple.hash();
    ballot.require_ripe(&Vote {
        epoch: tuple.epoch,
        tuple_hash: hash,
    })?;
    // The same checks as when it was attested: nothing becomes final that the chain does not allow now.
    state.check_tuple(&address, tuple, now)?;
    let over = ballot
        .ripe_since
        .get()
        .checked_add(u64::from(state.challenge_delay_s.get()))
        .ok_or(OutOfRange)?;
    if now < over {
        return Err(ChallengeDelayRuns.into());
    }
    let voters = ballot.voters(ballot.oracles(&state, now)?);
    state.finalize(tuple, hash, voters, now);
    ballot.clear();
    emit(Finalized {
        network: address,
        latest: state.latest,
    });
    Ok(())
}

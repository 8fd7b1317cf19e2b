//! Sets an oracle's live vote; k equal votes make a tuple ripe and start the challenge delay.
use pinocchio::ProgramResult;

use crate::{
    accounts::{
        ballot::{Ballot, Vote},
        network::{now, Network, Tuple},
        stored::{load, load_of_mut},
    },
    errors::CoverageError::NotAnOracle,
    events::{emit, Attested, Ripened},
    takes::accounts,
    wire::{arguments, U64},
};

accounts! {
    oracle [signer],
    network [],
    ballot [writable],
}

arguments! {
    pub struct Arguments<'a> {
        tuple: &'a Tuple,
    }
}

pub fn process(accounts: Accounts, arguments: Arguments) -> ProgramResult {
    let Accounts {
        oracle,
        network,
        ballot,
    } = accounts;
    let tuple = arguments.tuple;
    let state = load::<Network>(network)?;
    let mut ballot = load_of_mut::<Ballot>(ballot, network.address())?;
    let now = now()?;
    let oracles = ballot.oracles(&state, now)?;
    if oracles.place(oracle.address()).is_none() {
        return Err(NotAnOracle.into());
    }
    state.check_tuple(network.address(), tuple, now)?;
    let vote = Vote {
        epoch: tuple.epoch,
        tuple_hash: tuple.hash(),
    };
    let ripened = ballot.vote(oracles, oracle.address(), vote, now)?;
    emit(Attested {
        oracle: *oracle.address(),
        tuple: *tuple,
    });
    if ripened {
        emit(Ripened {
            network: *network.address(),
            epoch: vote.epoch,
            tuple_hash: vote.tuple_hash,
            since: U64::new(now),
        });
    }
    Ok(())
}

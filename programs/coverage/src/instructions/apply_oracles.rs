//! Makes the pending oracle set the network's once time has put it in force, so that another can be proposed; anyone may.
use pinocchio::ProgramResult;

use crate::{
    accounts::{
        ballot::Ballot,
        network::{now, Network},
        stored::{load_mut, load_of},
    },
    errors::CoverageError::TupleRipe,
    events::{emit, OraclesApplied},
    takes::accounts,
};

pub use crate::wire::NoArguments as Arguments;

accounts! {
    network [writable],
    ballot [],
}

pub fn process(accounts: Accounts, _: Arguments) -> ProgramResult {
    let Accounts { network, ballot } = accounts;
    let address = *network.address();
    let mut state = load_mut::<Network>(network)?;
    // What is ripe needs the set that voted for it until it is final or vetoed.
    if load_of::<Ballot>(ballot, &address)?.is_ripe() {
        return Err(TupleRipe.into());
    }
    state.apply_oracles(now()?)?;
    emit(OraclesApplied {
        network: address,
        generation: state.oracles.generation,
    });
    Ok(())
}

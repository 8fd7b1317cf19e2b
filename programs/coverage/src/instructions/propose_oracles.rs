//! Proposes the oracle set that votes after the timelock. One that is pending and does not vote yet is replaced.
use pinocchio::{Address, ProgramResult};

use crate::{
    accounts::{
        network::{now, Network},
        stored::load_mut,
    },
    events::{emit, OraclesProposed},
    takes::accounts,
    wire::arguments,
};

accounts! {
    authority [signer],
    network [writable],
}

arguments! {
    pub struct Arguments<'a> {
        k: u8,
        oracles: &'a [Address],
    }
}

pub fn process(accounts: Accounts, arguments: Arguments) -> ProgramResult {
    let Accounts { authority, network } = accounts;
    let address = *network.address();
    let mut state = load_mut::<Network>(network)?;
    state.require_authority(authority.address())?;
    state.propose_oracles(arguments.k, arguments.oracles, now()?)?;
    emit(OraclesProposed {
        network: address,
        oracles: state.pending_oracles,
        from: state.pending_oracles_from,
    });
    Ok(())
}

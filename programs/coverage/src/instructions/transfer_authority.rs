//! Names who may take the authority over after the timelock; zero takes that back.
use pinocchio::{Address, ProgramResult};

use crate::{
    accounts::{
        network::{now, Network},
        stored::load_mut,
    },
    events::{emit, AuthorityProposed},
    takes::accounts,
    wire::arguments,
};

accounts! {
    authority [signer],
    network [writable],
}

arguments! {
    pub struct Arguments<'a> {
        to: &'a Address,
    }
}

pub fn process(accounts: Accounts, arguments: Arguments) -> ProgramResult {
    let Accounts { authority, network } = accounts;
    let address = *network.address();
    let mut state = load_mut::<Network>(network)?;
    state.require_authority(authority.address())?;
    state.transfer_authority(arguments.to, now()?)?;
    emit(AuthorityProposed {
        network: address,
        authority: state.pending_authority,
        from: state.pending_authority_from,
    });
    Ok(())
}

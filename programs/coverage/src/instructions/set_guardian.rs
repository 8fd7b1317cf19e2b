//! Sets who is the guardian after the timelock; zero: nobody.
use pinocchio::{Address, ProgramResult};

use crate::{
    accounts::{
        network::{now, Network},
        stored::load_mut,
    },
    events::{emit, GuardianSet},
    takes::accounts,
    wire::arguments,
};

accounts! {
    authority [signer],
    network [writable],
}

arguments! {
    pub struct Arguments<'a> {
        guardian: &'a Address,
    }
}

pub fn process(accounts: Accounts, arguments: Arguments) -> ProgramResult {
    let Accounts { authority, network } = accounts;
    let address = *network.address();
    let mut state = load_mut::<Network>(network)?;
    state.require_authority(authority.address())?;
    state.set_guardian(arguments.guardian, now()?)?;
    emit(GuardianSet {
        network: address,
        guardian: state.pending_guardian,
        from: state.pending_guardian_from,
    });
    Ok(())
}

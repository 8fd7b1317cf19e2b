//! Gives a hotspot to another owner, with all that is unclaimed, its bond and a bond that was asked back. The
//! destination is cleared.
use pinocchio::{Address, ProgramResult};

use crate::{
    accounts::{
        hotspot::Hotspot,
        network::Network,
        stored::{load, load_of_mut},
    },
    errors::CoverageError::InvalidOwner,
    events::{emit, HotspotTransferred},
    takes::accounts,
    wire::arguments,
};

accounts! {
    owner [signer],
    network [],
    hotspot [writable],
}

arguments! {
    pub struct Arguments<'a> {
        to: &'a Address,
    }
}

pub fn process(accounts: Accounts, arguments: Arguments) -> ProgramResult {
    let Accounts {
        owner,
        network,
        hotspot,
    } = accounts;
    let to = arguments.to;
    load::<Network>(network)?;
    let address = *hotspot.address();
    let mut state = load_of_mut::<Hotspot>(hotspot, network.address())?;
    state.check_owner(owner.address())?;
    if to == &Address::default() {
        return Err(InvalidOwner.into());
    }
    state.owner = *to;
    state.destination = Address::default();
    emit(HotspotTransferred {
        network: *network.address(),
        hotspot: address,
        from: *owner.address(),
        to: *to,
    });
    Ok(())
}

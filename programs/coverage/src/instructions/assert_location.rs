//! Sets a hotspot's cell, gain, elevation and mode from the next epoch on.
use pinocchio::ProgramResult;

use crate::{
    accounts::{
        hotspot::{Hotspot, Location},
        network::{now, Network},
        stored::{load, load_of_mut},
    },
    events::{emit, LocationAsserted},
    takes::accounts,
    wire::{arguments, U64},
};

accounts! {
    owner [signer],
    network [],
    hotspot [writable],
}

arguments! {
    pub struct Arguments<'a> {
        location: &'a Location,
    }
}

pub fn process(accounts: Accounts, arguments: Arguments) -> ProgramResult {
    let Accounts {
        owner,
        network,
        hotspot,
    } = accounts;
    let location = arguments.location;
    let moment = load::<Network>(network)?.moment(now()?)?;
    let address = *hotspot.address();
    let mut state = load_of_mut::<Hotspot>(hotspot, network.address())?;
    state.check_owner(owner.address())?;
    location.check()?;
    let from = state.location.set(*location, moment)?;
    emit(LocationAsserted {
        network: *network.address(),
        hotspot: address,
        location: *location,
        from_epoch: U64::new(from),
    });
    Ok(())
}

//! Sets who receives a hotspot's rewards; zero: its owner. It holds for the next claim.
use pinocchio::{Address, ProgramResult};

use crate::{
    accounts::{
        hotspot::Hotspot,
        network::Network,
        stored::{load, load_of_mut},
    },
    events::{emit, DestinationSet},
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
        destination: &'a Address,
    }
}

pub fn process(accounts: Accounts, arguments: Arguments) -> ProgramResult {
    let Accounts {
        owner,
        network,
        hotspot,
    } = accounts;
    load::<Network>(network)?;
    let address = *hotspot.address();
    let mut state = load_of_mut::<Hotspot>(hotspot, network.address())?;
    state.check_owner(owner.address())?;
    state.destination = *arguments.destination;
    emit(DestinationSet {
        network: *network.address(),
        hotspot: address,
        destination: *arguments.destination,
    });
    Ok(())
}

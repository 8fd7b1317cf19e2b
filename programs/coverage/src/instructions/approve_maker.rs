//! Approves a maker, or takes the approval back; endorsements that were made stay.
use pinocchio::{Address, ProgramResult};

use crate::{
    accounts::{
        maker::Maker,
        network::Network,
        stored::{create, load, load_of_mut},
    },
    errors::CoverageError::WrongAddress,
    events::{emit, MakerApproved},
    takes::accounts,
    wire::{arguments, Bool},
    ID,
};

accounts! {
    authority [writable, signer],
    network [],
    maker [writable],
    system_program [address: &pinocchio_system::ID],
}

arguments! {
    pub struct Arguments<'a> {
        key: &'a Address,
        approved: bool,
    }
}

pub fn process(accounts: Accounts, arguments: Arguments) -> ProgramResult {
    let Accounts {
        authority,
        network,
        maker,
        ..
    } = accounts;
    let Arguments { key, approved } = arguments;
    load::<Network>(network)?.require_authority(authority.address())?;
    let network = network.address();
    let address = *maker.address();
    let mut state = if maker.owned_by(&ID) {
        load_of_mut::<Maker>(maker, network)?
    } else {
        let mut state = create::<Maker>(maker, authority, &[b"maker", network.as_ref(), key.as_ref()])?;
        state.network = *network;
        state.key = *key;
        state
    };
    if &state.key != key {
        return Err(WrongAddress.into());
    }
    state.approved = Bool::new(approved);
    emit(MakerApproved {
        network: *network,
        maker: address,
        key: *key,
        approved: Bool::new(approved),
    });
    Ok(())
}

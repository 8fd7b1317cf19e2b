//! Publishes the root and the count of a maker's list of endorsed keys.
use coverage_rules::hash::Hash;
use pinocchio::ProgramResult;

use crate::{
    accounts::{
        maker::Maker,
        network::Network,
        stored::{load, load_of_mut},
    },
    errors::CoverageError::{MakerNotApproved, NotTheMaker},
    events::{emit, EndorsedRootSet},
    takes::accounts,
    wire::{arguments, U32},
};

accounts! {
    maker_key [signer],
    network [],
    maker [writable],
}

arguments! {
    pub struct Arguments<'a> {
        root: &'a Hash,
        count: u32,
    }
}

pub fn process(accounts: Accounts, arguments: Arguments) -> ProgramResult {
    let Accounts {
        maker_key,
        network,
        maker,
    } = accounts;
    let Arguments { root, count } = arguments;
    load::<Network>(network)?;
    let network = network.address();
    let address = *maker.address();
    let mut state = load_of_mut::<Maker>(maker, network)?;
    if &state.key != maker_key.address() {
        return Err(NotTheMaker.into());
    }
    if !state.approved.get() {
        return Err(MakerNotApproved.into());
    }
    state.endorsed_root = *root;
    state.endorsed_count = U32::new(count);
    emit(EndorsedRootSet {
        network: *network,
        maker: address,
        root: *root,
        count: U32::new(count),
    });
    Ok(())
}

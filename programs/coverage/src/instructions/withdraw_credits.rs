//! Asks data credits back: they are off the balance from the next epoch on, and `settle_credits` pays what is not used
//! of them when every epoch before is final.
use pinocchio::ProgramResult;

use crate::{
    accounts::{
        credits::Credits,
        network::{now, Network},
        stored::{load, load_of_mut},
    },
    errors::CoverageError::WrongAddress,
    events::{emit, CreditsAskedBack},
    takes::accounts,
    wire::{arguments, U64},
};

accounts! {
    owner [signer],
    network [],
    credits [writable],
}

arguments! {
    pub struct Arguments {
        credits: u64,
    }
}

pub fn process(accounts: Accounts, arguments: Arguments) -> ProgramResult {
    let Accounts {
        owner,
        network,
        credits,
    } = accounts;
    let moment = load::<Network>(network)?.moment(now()?)?;
    let network = network.address();
    let mut state = load_of_mut::<Credits>(credits, network)?;
    if &state.owner != owner.address() {
        return Err(WrongAddress.into());
    }
    let from = state.ask_back(arguments.credits, moment)?;
    emit(CreditsAskedBack {
        network: *network,
        owner: state.owner,
        credits: U64::new(arguments.credits),
        from_epoch: U64::new(from),
    });
    Ok(())
}

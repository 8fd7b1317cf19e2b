//! Pays a free bond to the hotspot's owner, never to its destination; anyone may.
use pinocchio::ProgramResult;
use pinocchio_token::instructions::Transfer;

use crate::{
    accounts::{
        hotspot::Hotspot,
        network::{now, Network},
        stored::{load, load_of_mut, with_signer},
        token::associated_balance,
    },
    errors::CoverageError::{BondNotFree, DestinationMissing, NothingUnbonding, WrongAddress, WrongDestination},
    events::{emit, BondWithdrawn},
    takes::accounts,
    wire::U64,
};

pub use crate::wire::NoArguments as Arguments;

accounts! {
    network [],
    hotspot [writable],
    vault [writable],
    destination [writable],
    token_program [address: &pinocchio_token::ID],
}

pub fn process(accounts: Accounts, _: Arguments) -> ProgramResult {
    let Accounts {
        network,
        hotspot,
        vault,
        destination,
        ..
    } = accounts;
    let rules = load::<Network>(network)?;
    let address = *hotspot.address();
    let mut state = load_of_mut::<Hotspot>(hotspot, network.address())?;
    if &rules.vault != vault.address() {
        return Err(WrongAddress.into());
    }
    state.check_not_quarantined()?;
    let amount = state.unbonding;
    if amount.get() == 0 {
        return Err(NothingUnbonding.into());
    }
    if now()? < state.unbonded_at.get() {
        return Err(BondNotFree.into());
    }
    associated_balance(destination, &state.owner, &rules.mint)
        .map_err(|_| WrongDestination)?
        .ok_or(DestinationMissing)?;
    state.unbonding = U64::new(0);
    state.unbonded_at = U64::new(0);
    let seeds: &[&[u8]] = &[b"network", rules.creator.as_ref(), &rules.name];
    with_signer(seeds, &[rules.bump], |signer| {
        Transfer::new(vault, destination, network, amount.get()).invoke_signed(&[signer])
    })?;
    emit(BondWithdrawn {
        network: *network.address(),
        hotspot: address,
        owner: state.owner,
        amount,
    });
    Ok(())
}

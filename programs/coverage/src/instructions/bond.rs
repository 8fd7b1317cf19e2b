//! Puts the network's bond behind a hotspot, out of its owner's tokens: it is bonded from the next epoch on.
use pinocchio::ProgramResult;
use pinocchio_token::instructions::Transfer;

use crate::{
    accounts::{
        hotspot::Hotspot,
        network::{now, Network},
        stored::{load, load_of_mut},
        token::associated_balance,
    },
    errors::CoverageError::{AlreadyBonded, BondNotCovered, NoBondedTier, WrongAddress, WrongSource},
    events::{emit, HotspotBonded},
    takes::accounts,
    wire::U64,
};

pub use crate::wire::NoArguments as Arguments;

accounts! {
    owner [signer],
    network [],
    hotspot [writable],
    source [writable],
    vault [writable],
    token_program [address: &pinocchio_token::ID],
}

pub fn process(accounts: Accounts, _: Arguments) -> ProgramResult {
    let Accounts {
        owner,
        network,
        hotspot,
        source,
        vault,
        ..
    } = accounts;
    let rules = load::<Network>(network)?;
    let address = *hotspot.address();
    let mut state = load_of_mut::<Hotspot>(hotspot, network.address())?;
    if &rules.vault != vault.address() {
        return Err(WrongAddress.into());
    }
    state.check_owner(owner.address())?;
    state.check_not_quarantined()?;
    let amount = rules.bond.get();
    if amount == 0 {
        return Err(NoBondedTier.into());
    }
    if state.bond.get() != 0 {
        return Err(AlreadyBonded.into());
    }
    let tier = state.tier.next.bonded();
    let from = state.tier.set(tier, rules.moment(now()?)?)?;
    let balance = associated_balance(source, owner.address(), &rules.mint).map_err(|_| WrongSource)?;
    if balance.is_none_or(|balance| balance < amount) {
        return Err(BondNotCovered.into());
    }
    state.bond = U64::new(amount);
    Transfer::new(source, vault, owner, amount).invoke()?;
    emit(HotspotBonded {
        network: *network.address(),
        hotspot: address,
        amount: U64::new(amount),
        from_epoch: U64::new(from),
    });
    Ok(())
}

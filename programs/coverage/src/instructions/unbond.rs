//! Asks a bond back: the hotspot has its tier of before from the next epoch on, and the bond is free when that can be
//! judged no longer.
use pinocchio::ProgramResult;

use crate::{
    accounts::{
        hotspot::Hotspot,
        network::{now, Network},
        stored::{load, load_of_mut},
    },
    errors::CoverageError::{NotBonded, OutOfRange},
    events::{emit, HotspotUnbonded},
    takes::accounts,
    wire::U64,
};

pub use crate::wire::NoArguments as Arguments;

accounts! {
    owner [signer],
    network [],
    hotspot [writable],
}

pub fn process(accounts: Accounts, _: Arguments) -> ProgramResult {
    let Accounts {
        owner,
        network,
        hotspot,
    } = accounts;
    let rules = load::<Network>(network)?;
    let address = *hotspot.address();
    let mut state = load_of_mut::<Hotspot>(hotspot, network.address())?;
    state.check_owner(owner.address())?;
    state.check_not_quarantined()?;
    let amount = state.bond;
    if amount.get() == 0 {
        return Err(NotBonded.into());
    }
    let tier = state.tier.next.unbonded();
    let from = state.tier.set(tier, rules.moment(now()?)?)?;
    // What was asked back before and is not paid yet waits on with it.
    let unbonding = state.unbonding.get().checked_add(amount.get()).ok_or(OutOfRange)?;
    state.bond = U64::new(0);
    state.unbonding = U64::new(unbonding);
    state.unbonded_at = U64::new(rules.judged_at(from)?);
    emit(HotspotUnbonded {
        network: *network.address(),
        hotspot: address,
        amount,
        from_epoch: U64::new(from),
        free_at: state.unbonded_at,
    });
    Ok(())
}

//! Does what k oracles of the set in force want, from the next epoch on; anyone may. Quarantine burns what the hotspot
//! has in the vault, the part that was asked back too, and leaves it the tier that it would have without a bond.
use pinocchio::ProgramResult;
use pinocchio_token::instructions::Burn;

use crate::{
    accounts::{
        hotspot::{Hotspot, STATUS_QUARANTINED},
        motion::{status_after, Motion},
        network::{now, Network},
        stored::{load, load_of, load_of_mut, with_signer},
    },
    errors::CoverageError::{MotionNotCarried, MotionNotOpen, OutOfRange, WrongAddress, WrongSubject},
    events::{emit, MotionApplied},
    takes::accounts,
    wire::U64,
};

pub use crate::wire::NoArguments as Arguments;

accounts! {
    network [],
    motion [],
    hotspot [writable],
    mint [writable],
    vault [writable],
    token_program [address: &pinocchio_token::ID],
}

pub fn process(accounts: Accounts, _: Arguments) -> ProgramResult {
    let Accounts {
        network,
        motion,
        hotspot,
        mint,
        vault,
        ..
    } = accounts;
    let rules = load::<Network>(network)?;
    let decided = load_of::<Motion>(motion, network.address())?;
    let address = *hotspot.address();
    let mut state = load_of_mut::<Hotspot>(hotspot, network.address())?;
    if &rules.mint != mint.address() || &rules.vault != vault.address() {
        return Err(WrongAddress.into());
    }
    if decided.subject != address {
        return Err(WrongSubject.into());
    }
    let now = now()?;
    if !decided.is_open(&state, now) {
        return Err(MotionNotOpen.into());
    }
    if !decided.is_carried(rules.oracles_at(now)) {
        return Err(MotionNotCarried.into());
    }
    let moment = rules.moment(now)?;
    let status = status_after(decided.kind)?;
    let from = state.status.set(status, moment)?;
    state.motions = U64::new(state.motions.get().checked_add(1).ok_or(OutOfRange)?);
    let burned = if status == STATUS_QUARANTINED {
        state.take_bond(moment)?
    } else {
        0
    };
    if burned > 0 {
        let seeds: &[&[u8]] = &[b"network", rules.creator.as_ref(), &rules.name];
        with_signer(seeds, &[rules.bump], |signer| {
            Burn::new(vault, mint, network, burned).invoke_signed(&[signer])
        })?;
    }
    emit(MotionApplied {
        network: *network.address(),
        motion: *motion.address(),
        hotspot: address,
        kind: decided.kind,
        evidence_origin_hash: decided.evidence_origin_hash,
        evidence_index: decided.evidence_index,
        burned: U64::new(burned),
        from_epoch: U64::new(from),
    });
    Ok(())
}

//! Ends a motion that is open no longer; anyone may. Its rent goes back to who opened it.
use pinocchio::ProgramResult;

use crate::{
    accounts::{
        hotspot::Hotspot,
        motion::Motion,
        network::{now, Network},
        stored::{close, load, load_of},
    },
    errors::CoverageError::{MotionOpen, WrongOpener, WrongSubject},
    events::{emit, MotionClosed},
    takes::accounts,
};

pub use crate::wire::NoArguments as Arguments;

accounts! {
    network [],
    motion [writable],
    hotspot [],
    opened_by [writable],
}

pub fn process(accounts: Accounts, _: Arguments) -> ProgramResult {
    let Accounts {
        network,
        motion,
        hotspot,
        opened_by,
    } = accounts;
    load::<Network>(network)?;
    {
        let state = load_of::<Motion>(motion, network.address())?;
        let subject = load_of::<Hotspot>(hotspot, network.address())?;
        if &state.subject != hotspot.address() {
            return Err(WrongSubject.into());
        }
        if &state.opened_by != opened_by.address() {
            return Err(WrongOpener.into());
        }
        if state.is_open(&subject, now()?) {
            return Err(MotionOpen.into());
        }
    }
    close(motion, opened_by)?;
    emit(MotionClosed {
        network: *network.address(),
        motion: *motion.address(),
        opened_by: *opened_by.address(),
    });
    Ok(())
}

//! An oracle votes to quarantine or release a hotspot. The first to do so opens the motion and pays for its account.
use coverage_rules::hash::Hash;
use pinocchio::ProgramResult;

use crate::{
    accounts::{
        hotspot::Hotspot,
        motion::{status_after, Motion},
        network::{now, Network},
        stored::{create, load, load_of, load_of_mut},
    },
    errors::CoverageError::{MotionNotOpen, NotAnOracle, StatusAlreadySet, WrongAddress},
    events::{emit, MotionVoted},
    takes::accounts,
    wire::{arguments, U64},
    ID,
};

accounts! {
    oracle [writable, signer],
    network [],
    hotspot [],
    motion [writable],
    system_program [address: &pinocchio_system::ID],
}

arguments! {
    pub struct Arguments<'a> {
        kind: u8,
        nonce: u64,
        evidence_origin_hash: &'a Hash,
        evidence_index: u64,
    }
}

pub fn process(accounts: Accounts, arguments: Arguments) -> ProgramResult {
    let Accounts {
        oracle,
        network,
        hotspot,
        motion,
        ..
    } = accounts;
    let rules = load::<Network>(network)?;
    let subject = load_of::<Hotspot>(hotspot, network.address())?;
    let now = now()?;
    let oracles = rules.oracles_at(now);
    if oracles.place(oracle.address()).is_none() {
        return Err(NotAnOracle.into());
    }
    let status = status_after(arguments.kind)?;
    let address = *motion.address();
    if !motion.owned_by(&ID) {
        let (nonce, index) = (arguments.nonce.to_le_bytes(), arguments.evidence_index.to_le_bytes());
        let seeds: [&[u8]; 7] = [
            b"motion",
            network.address().as_ref(),
            &[arguments.kind],
            hotspot.address().as_ref(),
            &nonce,
            arguments.evidence_origin_hash,
            &index,
        ];
        let mut state = create::<Motion>(motion, oracle, &seeds)?;
        state.network = *network.address();
        state.kind = arguments.kind;
        state.subject = *hotspot.address();
        state.nonce = U64::new(arguments.nonce);
        state.evidence_origin_hash = *arguments.evidence_origin_hash;
        state.evidence_index = U64::new(arguments.evidence_index);
        state.lapses_at = U64::new(rules.judged_at(rules.moment(now)?.next_epoch()?)?);
        state.opened_by = *oracle.address();
    }
    let mut state = load_of_mut::<Motion>(motion, network.address())?;
    if state.kind != arguments.kind
        || &state.subject != hotspot.address()
        || state.nonce.get() != arguments.nonce
        || &state.evidence_origin_hash != arguments.evidence_origin_hash
        || state.evidence_index.get() != arguments.evidence_index
    {
        return Err(WrongAddress.into());
    }
    if !state.is_open(&subject, now) {
        return Err(MotionNotOpen.into());
    }
    if subject.status.next == status {
        return Err(StatusAlreadySet.into());
    }
    state.vote(oracles, oracle.address())?;
    emit(MotionVoted {
        network: *network.address(),
        motion: address,
        hotspot: *hotspot.address(),
        oracle: *oracle.address(),
        kind: arguments.kind,
        nonce: U64::new(arguments.nonce),
        evidence_origin_hash: *arguments.evidence_origin_hash,
        evidence_index: U64::new(arguments.evidence_index),
    });
    Ok(())
}

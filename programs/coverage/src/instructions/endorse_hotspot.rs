//! Raises a hotspot to tier endorsed from the next epoch on, by a proof of its key in an approved maker's list.
use coverage_rules::{
    hash::{endorsed_leaf, Hash},
    merkle::{root_from_proof, Place, MAX_PROOF},
};
use pinocchio::{Address, ProgramResult};

use crate::{
    accounts::{
        hotspot::Hotspot,
        maker::Maker,
        network::{now, Network},
        stored::{load, load_of, load_of_mut},
    },
    errors::CoverageError::{AlreadyEndorsed, InvalidEndorsementProof, MakerNotApproved, ProofTooLong},
    events::{emit, HotspotEndorsed},
    takes::accounts,
    wire::{arguments, U64},
};

accounts! {
    network [],
    maker [],
    hotspot [writable],
}

arguments! {
    pub struct Arguments<'a> {
        index: u32,
        proof: &'a [Hash],
    }
}

pub fn process(accounts: Accounts, arguments: Arguments) -> ProgramResult {
    let Accounts {
        network,
        maker,
        hotspot,
    } = accounts;
    let Arguments { index, proof } = arguments;
    let moment = load::<Network>(network)?.moment(now()?)?;
    let network = network.address();
    let list = load_of::<Maker>(maker, network)?;
    let address = *hotspot.address();
    let mut state = load_of_mut::<Hotspot>(hotspot, network)?;
    if !list.approved.get() {
        return Err(MakerNotApproved.into());
    }
    if proof.len() > MAX_PROOF {
        return Err(ProofTooLong.into());
    }
    let leaf = endorsed_leaf(state.key_type, &state.key);
    let place = Place {
        index,
        count: list.endorsed_count.get(),
    };
    if root_from_proof(leaf, place, proof) != Some(list.endorsed_root) {
        return Err(InvalidEndorsementProof.into());
    }
    // Whoever endorsed first stays: nobody can move a hotspot from maker to maker.
    if state.tier.next.maker != Address::default() {
        return Err(AlreadyEndorsed.into());
    }
    let tier = state.tier.next.endorsed(*maker.address());
    let from = state.tier.set(tier, moment)?;
    emit(HotspotEndorsed {
        network: *network,
        hotspot: address,
        maker: *maker.address(),
        from_epoch: U64::new(from),
    });
    Ok(())
}

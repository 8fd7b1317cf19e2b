//! Settles what an owner used of its data credits by the latest finalized credits root, and pays a withdrawal that is
//! due; anyone may.
use coverage_rules::{
    hash::{credits_leaf, Hash},
    merkle::{root_from_proof, Place, MAX_PROOF},
};
use pinocchio::ProgramResult;
use pinocchio_token::instructions::MintTo;

use crate::{
    accounts::{
        credits::{Credits, Paid},
        ledger::Ledger,
        network::{now, Network},
        stored::{load, load_of_mut, with_signer},
        token::associated_balance,
    },
    errors::CoverageError::{
        DestinationMissing, InvalidCreditsProof, NothingFinalized, OutOfRange, ProofTooLong, WrongAddress,
        WrongDestination,
    },
    events::{emit, CreditsSettled},
    takes::accounts,
    wire::{arguments, U64},
};

accounts! {
    network [],
    ledger [writable],
    credits [writable],
    mint [writable],
    destination [writable],
    token_program [address: &pinocchio_token::ID],
}

arguments! {
    pub struct Arguments<'a> {
        settled_total: u64,
        index: u32,
        proof: &'a [Hash],
    }
}

pub fn process(accounts: Accounts, arguments: Arguments) -> ProgramResult {
    let Accounts {
        network,
        ledger,
        credits,
        mint,
        destination,
        ..
    } = accounts;
    let Arguments {
        settled_total,
        index,
        proof,
    } = arguments;
    let rules = load::<Network>(network)?;
    let mut ledger = load_of_mut::<Ledger>(ledger, network.address())?;
    let mut state = load_of_mut::<Credits>(credits, network.address())?;
    if &rules.mint != mint.address() {
        return Err(WrongAddress.into());
    }
    if !rules.finalized_any.get() {
        return Err(NothingFinalized.into());
    }
    if proof.len() > MAX_PROOF {
        return Err(ProofTooLong.into());
    }
    let leaf = credits_leaf(network.address().as_array(), state.owner.as_array(), settled_total);
    let place = Place {
        index,
        count: rules.latest.credits_count.get(),
    };
    if root_from_proof(leaf, place, proof) != Some(rules.latest.credits_root) {
        return Err(InvalidCreditsProof.into());
    }
    let balance = associated_balance(destination, &state.owner, mint.address()).map_err(|_| WrongDestination)?;

    state.settle(settled_total)?;
    let Paid { credits, refunded } = state.pay(rules.moment(now()?)?)?;
    if refunded > 0 {
        balance.ok_or(DestinationMissing)?;
        let total = ledger.credits_refunded.get().checked_add(refunded).ok_or(OutOfRange)?;
        ledger.credits_refunded = U64::new(total);
        let seeds: &[&[u8]] = &[b"network", rules.creator.as_ref(), &rules.name];
        with_signer(seeds, &[rules.bump], |signer| {
            MintTo::new(mint, destination, network, refunded).invoke_signed(&[signer])
        })?;
    }
    emit(CreditsSettled {
        network: *network.address(),
        owner: state.owner,
        settled_total: state.settled_total,
        withdrawn: U64::new(credits),
        refunded: U64::new(refunded),
    });
    Ok(())
}

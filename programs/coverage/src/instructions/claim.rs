//! Mints what a hotspot or payee is owed by the latest finalized root to its destination; anyone may.
use coverage_rules::{
    hash::{settlement_leaf, Hash, PAYEE_KEY_TYPE},
    merkle::{root_from_proof, Place, MAX_PROOF},
};
use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};
use pinocchio_token::instructions::MintTo;

use crate::{
    accounts::{
        hotspot::Hotspot,
        ledger::Ledger,
        network::Network,
        payee::Payee,
        stored::{load, load_of, load_of_mut, with_signer, Stored},
        token::associated_balance,
    },
    errors::CoverageError::{
        AccountRepeated, ClaimsAboveTotal, DestinationMissing, InvalidClaimProof, NothingFinalized, OutOfRange,
        ProofTooLong, WrongAddress, WrongDestination,
    },
    events::{emit, Claimed},
    takes::accounts,
    wire::{arguments, U64},
};

accounts! {
    network [],
    ledger [writable],
    subject [writable],
    mint [writable],
    destination [writable],
    token_program [address: &pinocchio_token::ID],
}

arguments! {
    pub struct Arguments<'a> {
        cumulative: u64,
        index: u32,
        proof: &'a [Hash],
    }
}

/// Who is paid: a hotspot or a payee, by one rule.
struct Subject {
    key_type: u8,
    key: Hash,
    destination: Address,
    claimed: u64,
}

pub fn process(accounts: Accounts, arguments: Arguments) -> ProgramResult {
    let Accounts {
        network,
        ledger,
        subject,
        mint,
        destination,
        ..
    } = accounts;
    let Arguments {
        cumulative,
        index,
        proof,
    } = arguments;
    let state = load::<Network>(network)?;
    let mut ledger = load_of_mut::<Ledger>(ledger, network.address())?;
    let owed_to = subject_of(subject, network.address())?;
    if &state.mint != mint.address() {
        return Err(WrongAddress.into());
    }
    if !state.finalized_any.get() {
        return Err(NothingFinalized.into());
    }
    if proof.len() > MAX_PROOF {
        return Err(ProofTooLong.into());
    }
    let leaf = settlement_leaf(network.address().as_array(), owed_to.key_type, &owed_to.key, cumulative);
    let place = Place {
        index,
        count: state.latest.leaf_count.get(),
    };
    if root_from_proof(leaf, place, proof) != Some(state.latest.root) {
        return Err(InvalidClaimProof.into());
    }
    associated_balance(destination, &owed_to.destination, mint.address())
        .map_err(|_| WrongDestination)?
        .ok_or(DestinationMissing)?;

    let amount = cumulative.saturating_sub(owed_to.claimed);
    let total = ledger.total_claimed.get().checked_add(amount).ok_or(OutOfRange)?;
    if total > state.latest.cumulative_total.get() {
        return Err(ClaimsAboveTotal.into());
    }
    if amount > 0 {
        set_claimed(subject, network.address(), cumulative)?;
        ledger.total_claimed = U64::new(total);
        let seeds: &[&[u8]] = &[b"network", state.creator.as_ref(), &state.name];
        with_signer(seeds, &[state.bump], |signer| {
            MintTo::new(mint, destination, network, amount).invoke_signed(&[signer])
        })?;
    }
    emit(Claimed {
        network: *network.address(),
        subject: *subject.address(),
        destination: owed_to.destination,
        amount: U64::new(amount),
        cumulative: U64::new(cumulative),
    });
    Ok(())
}

fn is_payee(subject: &AccountView) -> Result<bool, ProgramError> {
    Ok(subject
        .try_borrow()
        .map_err(|_| AccountRepeated)?
        .starts_with(&Payee::DISCRIMINATOR))
}

fn subject_of(subject: &AccountView, network: &Address) -> Result<Subject, ProgramError> {
    if is_payee(subject)? {
        let payee = load_of::<Payee>(subject, network)?;
        return Ok(Subject {
            key_type: PAYEE_KEY_TYPE,
            key: payee.address.to_bytes(),
            destination: payee.address,
            claimed: payee.claimed.get(),
        });
    }
    let hotspot = load_of::<Hotspot>(subject, network)?;
    let redirected = hotspot.destination != Address::default();
    Ok(Subject {
        key_type: hotspot.key_type,
        key: hotspot.key,
        destination: if redirected { hotspot.destination } else { hotspot.owner },
        claimed: hotspot.claimed.get(),
    })
}

fn set_claimed(subject: &mut AccountView, network: &Address, claimed: u64) -> ProgramResult {
    if is_payee(subject)? {
        load_of_mut::<Payee>(subject, network)?.claimed = U64::new(claimed);
    } else {
        load_of_mut::<Hotspot>(subject, network)?.claimed = U64::new(claimed);
    }
    Ok(())
}

//! Burns an owner's tokens for data credits at the price of the policy in force: they hold from the next epoch on.
use pinocchio::ProgramResult;
use pinocchio_token::instructions::Burn;

use crate::{
    accounts::{
        credits::{Bought, Credits},
        ledger::Ledger,
        network::{now, Network},
        stored::{create, load, load_of_mut},
        token::associated_balance,
    },
    errors::CoverageError::{CostAboveMaximum, CreditsNotCovered, OutOfRange, WrongAddress, WrongSource},
    events::{emit, CreditsBought},
    takes::accounts,
    wire::{arguments, U64},
    ID,
};

accounts! {
    owner [writable, signer],
    network [],
    ledger [writable],
    credits [writable],
    mint [writable],
    source [writable],
    token_program [address: &pinocchio_token::ID],
    system_program [address: &pinocchio_system::ID],
}

arguments! {
    pub struct Arguments {
        credits: u64,
        /// More tokens than these are not burned, whatever the price has become.
        max_tokens: u64,
    }
}

pub fn process(accounts: Accounts, arguments: Arguments) -> ProgramResult {
    let Accounts {
        owner,
        network,
        ledger,
        credits,
        mint,
        source,
        ..
    } = accounts;
    let rules = load::<Network>(network)?;
    let network = network.address();
    let mut ledger = load_of_mut::<Ledger>(ledger, network)?;
    let is_new = !credits.owned_by(&ID);
    let mut state = if is_new {
        let mut state = create::<Credits>(
            credits,
            owner,
            &[b"credits", network.as_ref(), owner.address().as_ref()],
        )?;
        state.network = *network;
        state.owner = *owner.address();
        state
    } else {
        load_of_mut::<Credits>(credits, network)?
    };
    if &state.owner != owner.address() || &rules.mint != mint.address() {
        return Err(WrongAddress.into());
    }
    let moment = rules.moment(now()?)?;
    let price = rules.policy_at(moment.epoch.unwrap_or(0)).credit_price.get();
    let Bought { burned, from } = state.buy(arguments.credits, price, moment)?;
    if is_new {
        state.first_epoch = U64::new(from);
    }
    if burned > arguments.max_tokens {
        return Err(CostAboveMaximum.into());
    }
    let balance = associated_balance(source, owner.address(), &rules.mint).map_err(|_| WrongSource)?;
    if balance.is_none_or(|balance| balance < burned) {
        return Err(CreditsNotCovered.into());
    }
    let total = ledger.credits_burned.get().checked_add(burned).ok_or(OutOfRange)?;
    ledger.credits_burned = U64::new(total);
    Burn::new(source, mint, owner, burned).invoke()?;
    emit(CreditsBought {
        network: *network,
        owner: *owner.address(),
        credits: U64::new(arguments.credits),
        burned: U64::new(burned),
        from_epoch: U64::new(from),
    });
    Ok(())
}

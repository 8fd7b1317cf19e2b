//! Data credits of an owner of devices. `refundable` follows what they cost: pro rata with what is used and withdrawn,
//! and never above the price of the latest purchase. So nobody makes what was used cheaper by buying more, and all
//! that was ever given back is at most what was burned.
use coverage_rules::credits::{cost, share};
use pinocchio::Address;

use super::{
    stored::{OfNetwork, Stored},
    timed::{Moment, Timed},
};
use crate::{
    errors::CoverageError::{self, CreditsNotFree, NoCreditPrice, NoCredits, OutOfRange, WithdrawalPending},
    wire::{discriminator, layout, U64},
    ID,
};

layout! {
    pub struct Credits {
        version: u8,
        bump: u8,
        network: Address,
        owner: Address,
        /// From which epoch on the owner is in the registry, with 0 too: a balance alone would not say it for ever.
        first_epoch: U64,
        /// Ever bought less ever withdrawn; what is settled is not taken off it.
        balance: Timed<U64>,
        /// What was ever used, as far as it was proved here.
        settled_total: U64,
        /// Tokens that all credits together that are not settled would give back.
        refundable: U64,
        /// Asked back, off the balance from `withdrawal_from_epoch` on; 0: nothing.
        withdrawal: U64,
        withdrawal_from_epoch: U64,
    }
}

impl Stored for Credits {
    const DISCRIMINATOR: [u8; 8] = discriminator("account", "Credits");

    fn address(&self) -> Address {
        Address::derive_address(
            &[b"credits", self.network.as_ref(), self.owner.as_ref()],
            Some(self.bump),
            &ID,
        )
    }
}

impl OfNetwork for Credits {
    fn network(&self) -> &Address {
        &self.network
    }
}

/// A purchase: how many tokens it burns and from which epoch on it holds.
#[derive(Debug, PartialEq, Eq)]
pub struct Bought {
    pub burned: u64,
    pub from: u64,
}

/// A withdrawal that was paid: credits and the tokens for them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Paid {
    pub credits: u64,
    pub refunded: u64,
}

impl Credits {
    /// All that is bought, not settled and not paid back.
    fn outstanding(&self) -> Result<u64, CoverageError> {
        let held = self.balance.next.get().checked_add(self.withdrawal.get());
        Ok(held.ok_or(OutOfRange)?.saturating_sub(self.settled_total.get()))
    }

    /// Buys credits at a price (USD per token, 8 decimals) from the next epoch on.
    pub fn buy(&mut self, credits: u64, price: u64, moment: Moment) -> Result<Bought, CoverageError> {
        if credits == 0 {
            return Err(NoCredits);
        }
        if price == 0 {
            return Err(NoCreditPrice);
        }
        let burned = cost(credits, price).ok_or(OutOfRange)?;
        let balance = self.balance.next.get().checked_add(credits).ok_or(OutOfRange)?;
        let from = self.balance.set(U64::new(balance), moment)?;
        let spent = self.refundable.get().checked_add(burned).ok_or(OutOfRange)?;
        let today = cost(self.outstanding()?, price).unwrap_or(u64::MAX);
        self.refundable = U64::new(spent.min(today));
        Ok(Bought { burned, from })
    }

    /// Asks credits back: they are off the balance from the next epoch on, which is answered.
    pub fn ask_back(&mut self, credits: u64, moment: Moment) -> Result<u64, CoverageError> {
        if credits == 0 {
            return Err(NoCredits);
        }
        if self.withdrawal.get() != 0 {
            return Err(WithdrawalPending);
        }
        let in_force = self.balance.in_force(moment).get();
        if credits > in_force.saturating_sub(self.settled_total.get()) {
            return Err(CreditsNotFree);
        }
        let rest = self.balance.next.get().checked_sub(credits).ok_or(CreditsNotFree)?;
        let from = self.balance.set(U64::new(rest), moment)?;
        self.withdrawal = U64::new(credits);
        self.withdrawal_from_epoch = U64::new(from);
        Ok(from)
    }

    /// Takes what an owner used off what it could get back. An older total changes nothing.
    pub fn settle(&mut self, total: u64) -> Result<(), CoverageError> {
        let before = self.outstanding()?;
        if total <= self.settled_total.get() {
            return Ok(());
        }
        self.settled_total = U64::new(total);
        let left = share(self.refundable.get(), self.outstanding()?, before).unwrap_or(0);
        self.refundable = U64::new(left);
        Ok(())
    }

    /// Pays a withdrawal when every epoch is final in which its credits could be used. What was used beyond the rest
    /// of the balance is not paid, and is on the balance again from the next epoch on.
    pub fn pay(&mut self, moment: Moment) -> Result<Paid, CoverageError> {
        let asked = self.withdrawal.get();
        if asked == 0 || moment.unfinalized < self.withdrawal_from_epoch.get() {
            return Ok(Paid::default());
        }
        let outstanding = self.outstanding()?;
        let credits = asked.min(outstanding);
        let used = asked.saturating_sub(credits);
        if used > 0 {
            let balance = self.balance.next.get().checked_add(used).ok_or(OutOfRange)?;
            self.balance.set(U64::new(balance), moment)?;
        }
        let refunded = share(self.refundable.get(), credits, outstanding).unwrap_or(0);
        self.refundable = U64::new(self.refundable.get().saturating_sub(refunded));
        self.withdrawal = U64::new(0);
        self.withdrawal_from_epoch = U64::new(0);
        Ok(Paid { credits, refunded })
    }
}

#[cfg(test)]
impl crate::contract::Described for Timed<U64> {
    fn idl() -> std::string::String {
        "TimedAmount".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token per 100,000 credits, a smallest unit per credit / 1,000.
    const DOLLAR: u64 = 100_000_000;

    const fn in_epoch(epoch: u64) -> Moment {
        Moment {
            epoch: Some(epoch),
            unfinalized: epoch,
        }
    }

    fn none() -> Credits {
        Credits {
            version: 1,
            bump: 0,
            network: Address::default(),
            owner: Address::default(),
            first_epoch: U64::new(0),
            balance: Timed::always(U64::new(0)),
            settled_total: U64::new(0),
            refundable: U64::new(0),
            withdrawal: U64::new(0),
            withdrawal_from_epoch: U64::new(0),
        }
    }

    #[test]
    fn purchases_of_one_epoch_add_up_and_hold_from_the_next() {
        let mut credits = none();
        assert_eq!(
            credits.buy(3, DOLLAR, in_epoch(4)),
            Ok(Bought { burned: 3_000, from: 5 })
        );
        assert_eq!(
            credits.buy(2, DOLLAR, in_epoch(4)),
            Ok(Bought { burned: 2_000, from: 5 })
        );
        assert_eq!(credits.balance.in_force(in_epoch(4)).get(), 0);
        assert_eq!(credits.balance.in_force(in_epoch(5)).get(), 5);
        assert_eq!(credits.refundable.get(), 5_000);
    }

    #[test]
    fn a_withdrawal_gives_back_what_the_credits_cost_on_average() {
        let mut credits = none();
        credits.buy(100, DOLLAR, in_epoch(0)).unwrap();
        // Half the price: twice the tokens.
        credits.buy(100, DOLLAR / 2, in_epoch(0)).unwrap();
        assert_eq!(credits.refundable.get(), 300_000);
        assert_eq!(credits.ask_back(50, in_epoch(1)), Ok(2));
        assert_eq!(credits.ask_back(1, in_epoch(1)), Err(WithdrawalPending));
        credits.settle(40).unwrap();
        assert_eq!(credits.pay(in_epoch(1)), Ok(Paid::default()));
        let paid = credits.pay(in_epoch(2)).unwrap();
        assert_eq!(
            paid,
            Paid {
                credits: 50,
                refunded: 75_000
            }
        );
        assert_eq!(credits.refundable.get(), 300_000 - 60_000 - 75_000);
        assert_eq!(credits.balance.next.get(), 150);
    }

    #[test]
    fn what_was_used_is_subtracted_before_anything_is_withdrawn() {
        let mut credits = none();
        credits.buy(100, DOLLAR, in_epoch(0)).unwrap();
        credits.ask_back(80, in_epoch(1)).unwrap();
        credits.settle(90).unwrap();
        assert_eq!(
            credits.pay(in_epoch(2)),
            Ok(Paid {
                credits: 10,
                refunded: 10_000
            })
        );
        // Ever bought less ever withdrawn, all of which is used.
        assert_eq!(credits.balance.next.get(), 90);
        assert_eq!(credits.outstanding(), Ok(0));
        assert_eq!(credits.refundable.get(), 0);
    }

    #[test]
    fn buying_cheaper_credits_does_not_make_used_ones_cheaper() {
        let mut credits = none();
        credits.buy(100, DOLLAR, in_epoch(0)).unwrap();
        // All 100 are used, which is not proved yet; the token is worth ten times as much now.
        credits.buy(900, 10 * DOLLAR, in_epoch(1)).unwrap();
        credits.settle(100).unwrap();
        credits.ask_back(900, in_epoch(2)).unwrap();
        assert_eq!(
            credits.pay(in_epoch(3)),
            Ok(Paid {
                credits: 900,
                refunded: 90_000
            })
        );
    }

    #[test]
    fn more_settled_than_was_ever_bought_leaves_nothing_to_give_back() {
        let mut credits = none();
        credits.buy(100, DOLLAR, in_epoch(0)).unwrap();
        credits.ask_back(100, in_epoch(1)).unwrap();
        credits.settle(u64::MAX).unwrap();
        credits.settle(3).unwrap();
        assert_eq!(credits.settled_total.get(), u64::MAX);
        assert_eq!(credits.pay(in_epoch(2)), Ok(Paid::default()));
        assert_eq!((credits.withdrawal.get(), credits.refundable.get()), (0, 0));
    }

    #[test]
    fn what_is_not_in_force_or_settled_cannot_be_asked_back() {
        let mut credits = none();
        credits.buy(100, DOLLAR, in_epoch(0)).unwrap();
        assert_eq!(credits.ask_back(1, in_epoch(0)), Err(CreditsNotFree));
        credits.settle(60).unwrap();
        assert_eq!(credits.ask_back(41, in_epoch(1)), Err(CreditsNotFree));
        assert_eq!(credits.ask_back(0, in_epoch(1)), Err(NoCredits));
        assert_eq!(credits.ask_back(40, in_epoch(1)), Ok(2));
    }
}

//! A network: its parameters, its oracles and policy with what is pending, and the latest finalized epoch.
use coverage_rules::{
    emission::{emissions, epoch_at, epoch_end, epoch_start, payable},
    hash::{tuple_hash, Hash},
    oracles::MAX_ORACLES,
};
use pinocchio::{
    sysvars::{clock::Clock, Sysvar},
    Address,
};

use super::{stored::Stored, timed::Moment};
use crate::{
    errors::CoverageError::{
        self, EpochNotEnded, EpochNotLater, GrowthAboveEmissions, LeafCountFell, OutOfRange, PolicyPending,
        PolicyTooEarly, RootChangedWithoutGrowth, TotalFell, WrongNetwork, WrongParent, WrongPolicy,
    },
    wire::{bytes_of, discriminator, layout, Bool, U32, U64},
    ID,
};

layout! {
    pub struct OracleSet {
        generation: U32,
        /// 0: there is no set.
        k: u8,
        n: u8,
        keys: [Address; MAX_ORACLES],
    }
}

layout! {
    pub struct Policy {
        /// Zero: there is no policy.
        hash: Hash,
        /// USD per token, 8 decimals; a data credit is $0.00001.
        credit_price: U64,
    }
}

layout! {
    pub struct FinalizedEpoch {
        epoch: U64,
        tuple_hash: Hash,
        root: Hash,
        leaf_count: U32,
        cumulative_total: U64,
        credits_root: Hash,
        credits_count: U32,
        /// Unix seconds.
        time: U64,
        /// The oracles whose votes stood on the tuple, in the set's order, then zeros.
        voters: [Address; MAX_ORACLES],
    }
}

layout! {
    /// What oracles attest about an epoch (chain.md, "Bytes").
    pub struct Tuple {
        network: Address,
        epoch: U64,
        parent_tuple_hash: Hash,
        root: Hash,
        leaf_count: U32,
        cumulative_total: U64,
        credits_root: Hash,
        credits_count: U32,
        evidence_hash: Hash,
        registry_hash: Hash,
        policy_hash: Hash,
        state_hash: Hash,
    }
}

impl Tuple {
    pub fn hash(&self) -> Hash {
        tuple_hash(bytes_of(self))
    }
}

layout! {
    pub struct Network {
        version: u8,
        bump: u8,
        /// Creator and name are the address's seeds and never change.
        creator: Address,
        name: [u8; 32],
        /// The high nibble of its keys' tags, in place: 0x00 or 0x10.
        key_network: u8,
        operations: Address,
        authority: Address,
        /// Zero: none.
        pending_authority: Address,
        pending_authority_from: U64,
        guardian: Address,
        pending_guardian: Address,
        /// 0: no guardian is pending. Unix seconds, as all times.
        pending_guardian_from: U64,
        mint: Address,
        /// The token account of all bonds.
        vault: Address,
        epoch_length_s: U64,
        first_epoch_start: U64,
        base_emission: U64,
        /// 0: the emission never halves.
        halving_period_epochs: U32,
        bond: U64,
        holdback_epochs: U32,
        challenge_delay_s: U32,
        timelock_s: U32,
        /// Of the guardian, between two finalizations: enough to delay, never to stop.
        guardian_vetoes_allowed: u8,
        guardian_vetoes_used: u8,
        oracles: OracleSet,
        pending_oracles: OracleSet,
        pending_oracles_from: U64,
        policy: Policy,
        pending_policy: Policy,
        pending_policy_first_epoch: U64,
        /// Whether `latest` names an epoch.
        finalized_any: Bool,
        latest: FinalizedEpoch,
        reserved: [u8; 32],
    }
}

impl Stored for Network {
    const DISCRIMINATOR: [u8; 8] = discriminator("account", "Network");

    fn address(&self) -> Address {
        Address::derive_address(&[b"network", self.creator.as_ref(), &self.name], Some(self.bump), &ID)
    }
}

impl Network {
    /// The latest finalized epoch's number.
    fn latest_epoch(&self) -> Option<u64> {
        self.finalized_any.get().then_some(self.latest.epoch.get())
    }

    pub fn moment(&self, now: u64) -> Result<Moment, CoverageError> {
        Ok(Moment {
            epoch: epoch_at(now, self.first_epoch_start.get(), self.epoch_length_s.get()),
            unfinalized: match self.latest_epoch() {
                None => 0,
                Some(latest) => latest.checked_add(1).ok_or(OutOfRange)?,
            },
        })
    }

    fn pending_policy_holds(&self, epoch: u64) -> bool {
        self.pending_policy.hash != [0; 32] && epoch >= self.pending_policy_first_epoch.get()
    }

    /// The policy in force for an epoch that is not final.
    pub fn policy_at(&self, epoch: u64) -> &Policy {
        if self.pending_policy_holds(epoch) {
            &self.pending_policy
        } else {
            &self.policy
        }
    }

    /// Takes the policy that holds from `first_epoch` on. It replaces none that an epoch may still be computed under.
    pub fn propose_policy(&mut self, policy: Policy, first_epoch: u64, now: u64) -> Result<(), CoverageError> {
        if self.pending_policy.hash != [0; 32] {
            return Err(PolicyPending);
        }
        let start = epoch_start(first_epoch, self.first_epoch_start.get(), self.epoch_length_s.get());
        if start.ok_or(OutOfRange)? < self.after_timelock(now)? {
            return Err(PolicyTooEarly);
        }
        self.pending_policy = policy;
        self.pending_policy_first_epoch = U64::new(first_epoch);
        Ok(())
    }

    /// When oracles have nothing more to decide on what was done before `epoch`: its rewards are held back no longer,
    /// the epoch in which the last of them are settled is over, and so is the timelock.
    pub fn judged_at(&self, epoch: u64) -> Result<u64, CoverageError> {
        epoch
            .checked_add(u64::from(self.holdback_epochs.get()))
            .and_then(|last| epoch_end(last, self.first_epoch_start.get(), self.epoch_length_s.get()))
            .and_then(|end| end.checked_add(u64::from(self.timelock_s.get())))
            .ok_or(OutOfRange)
    }

    /// Refuses a tuple that could not become the next finalized one: of another network, not later than the latest,
    /// not ended, with another parent or policy, or with totals that the chain does not allow.
    pub fn check_tuple(&self, address: &Address, tuple: &Tuple, now: u64) -> Result<(), CoverageError> {
        if &tuple.network != address {
            return Err(WrongNetwork);
        }
        let epoch = tuple.epoch.get();
        if self.latest_epoch().is_some_and(|latest| epoch <= latest) {
            return Err(EpochNotLater);
        }
        let end = epoch_end(epoch, self.first_epoch_start.get(), self.epoch_length_s.get()).ok_or(EpochNotEnded)?;
        if now < end {
            return Err(EpochNotEnded);
        }
        if tuple.parent_tuple_hash != self.latest.tuple_hash {
            return Err(WrongParent);
        }
        if tuple.policy_hash != self.policy_at(epoch).hash {
            return Err(WrongPolicy);
        }
        self.check_totals(tuple)
    }

    fn check_totals(&self, tuple: &Tuple) -> Result<(), CoverageError> {
        if tuple.leaf_count.get() < self.latest.leaf_count.get() {
            return Err(LeafCountFell);
        }
        let (total, before) = (tuple.cumulative_total.get(), self.latest.cumulative_total.get());
        let growth = total.checked_sub(before).ok_or(TotalFell)?;
        let payable = payable(self.latest_epoch(), tuple.epoch.get(), self.holdback_epochs.get());
        let most = payable.map_or(0, |(first, last)| {
            emissions(self.base_emission.get(), self.halving_period_epochs.get(), first, last)
        });
        if growth > most {
            return Err(GrowthAboveEmissions);
        }
        let same_tree = tuple.root == self.latest.root && tuple.leaf_count == self.latest.leaf_count;
        if growth == 0 && !same_tree {
            return Err(RootChangedWithoutGrowth);
        }
        Ok(())
    }

    /// Stores the tuple as the latest finalized epoch and begins the next one's rules.
    pub fn finalize(&mut self, tuple: &Tuple, hash: Hash, voters: [Address; MAX_ORACLES], now: u64) {
        self.latest = FinalizedEpoch {
            epoch: tuple.epoch,
            tuple_hash: hash,
            root: tuple.root,
            leaf_count: tuple.leaf_count,
            cumulative_total: tuple.cumulative_total,
            credits_root: tuple.credits_root,
            credits_count: tuple.credits_count,
            time: U64::new(now),
            voters,
        };
        self.finalized_any = Bool::new(true);
        self.guardian_vetoes_used = 0;
        if self.pending_policy_holds(tuple.epoch.get().saturating_add(1)) {
            self.policy = self.pending_policy;
            self.pending_policy = Policy {
                hash: [0; 32],
                credit_price: U64::new(0),
            };
            self.pending_policy_first_epoch = U64::new(0);
        }
    }
}

/// The clock in Unix seconds.
pub fn now() -> Result<u64, pinocchio::error::ProgramError> {
    Ok(u64::try_from(Clock::get()?.unix_timestamp).map_err(|_| OutOfRange)?)
}

//! Creates a network with its reward mint, the vault of its bonds, ledger and ballot. The creator pays and becomes the authority.
use coverage_rules::{
    emission::product,
    hash::{Hash, EMPTY_ROOT},
    oracles::is_set,
};
use pinocchio::{AccountView, Address, ProgramResult};
use pinocchio_token::{
    instructions::{InitializeAccount3, InitializeMint2},
    state::{Account as TokenAccount, Mint},
};

use crate::{
    accounts::{
        ballot::Ballot,
        ledger::Ledger,
        network::{Network, OracleSet},
        stored::{allocate, create, Allocation},
    },
    errors::CoverageError::{
        self, InvalidChallengeDelay, InvalidEpochLength, InvalidFirstEpochStart, InvalidKeyNetwork, InvalidOracleSet,
        InvalidPolicy,
    },
    events::{emit, NetworkCreated},
    takes::accounts,
    wire::{arguments, U32, U64},
};

accounts! {
    creator [writable, signer],
    network [writable],
    mint [writable],
    vault [writable],
    ledger [writable],
    ballot [writable],
    token_program [address: &pinocchio_token::ID],
    system_program [address: &pinocchio_system::ID],
}

arguments! {
    pub struct NetworkConfig<'a> {
        key_network: u8,
        operations: &'a Address,
        guardian: &'a Address,
        epoch_length_s: u64,
        first_epoch_start: u64,
        base_emission: u64,
        halving_period_epochs: u32,
        bond: u64,
        k: u8,
        oracles: &'a [Address],
        holdback_epochs: u32,
        policy_hash: &'a Hash,
        credit_price: u64,
        challenge_delay_s: u32,
        timelock_s: u32,
        guardian_vetoes: u8,
    }
}

arguments! {
    pub struct Arguments<'a> {
        name: &'a [u8; 32],
        config: NetworkConfig<'a>,
    }
}

const DECIMALS: u8 = 8;
const FIRST_GENERATION: u32 = 1;

pub fn process(accounts: Accounts, arguments: Arguments) -> ProgramResult {
    let Accounts {
        creator,
        network,
        mint,
        vault,
        ledger,
        ballot,
        ..
    } = accounts;
    let Arguments { name, config } = arguments;
    check(&config)?;
    let address = *network.address();

    {
        let mut state = create::<Network>(network, creator, &[b"network", creator.address().as_ref(), name])?;
        state.creator = *creator.address();
        state.name = *name;
        state.authority = *creator.address();
        state.mint = *mint.address();
        state.vault = *vault.address();
        set(&mut state, &config);
    }
    create_mint(mint, creator, &address)?;
    create_vault(vault, mint, creator, &address)?;
    create::<Ledger>(ledger, creator, &[b"ledger", address.as_ref()])?.network = address;
    {
        let mut state = create::<Ballot>(ballot, creator, &[b"ballot", address.as_ref()])?;
        state.network = address;
        state.generation = U32::new(FIRST_GENERATION);
    }
    emit(NetworkCreated {
        network: address,
        creator: *creator.address(),
        mint: *mint.address(),
    });
    Ok(())
}

fn check(config: &NetworkConfig) -> Result<(), CoverageError> {
    if config.key_network != 0x00 && config.key_network != 0x10 {
        return Err(InvalidKeyNetwork);
    }
    if !is_set(config.k, config.oracles) {
        return Err(InvalidOracleSet);
    }
    if config.epoch_length_s == 0 {
        return Err(InvalidEpochLength);
    }
    if config.first_epoch_start == 0 {
        return Err(InvalidFirstEpochStart);
    }
    if product(4, u64::from(config.challenge_delay_s)).is_none_or(|delays| delays > config.epoch_length_s) {
        return Err(InvalidChallengeDelay);
    }
    if config.policy_hash == &[0; 32] {
        return Err(InvalidPolicy);
    }
    Ok(())
}

fn set(state: &mut Network, config: &NetworkConfig) {
    state.key_network = config.key_network;
    state.operations = *config.operations;
    state.guardian = *config.guardian;
    state.epoch_length_s = U64::new(config.epoch_length_s);
    state.first_epoch_start = U64::new(config.first_epoch_start);
    state.base_emission = U64::new(config.base_emission);
    state.halving_period_epochs = U32::new(config.halving_period_epochs);
    state.bond = U64::new(config.bond);
    state.holdback_epochs = U32::new(config.holdback_epochs);
    state.challenge_delay_s = U32::new(config.challenge_delay_s);
    state.timelock_s = U32::new(config.timelock_s);
    state.guardian_vetoes_allowed = config.guardian_vetoes;
    state.oracles = OracleSet::new(FIRST_GENERATION, config.k, config.oracles);
    state.policy.hash = *config.policy_hash;
    state.policy.credit_price = U64::new(config.credit_price);
    // Before anything is finalized the trees are empty and the parent is zero.
    state.latest.root = EMPTY_ROOT;
    state.latest.credits_root = EMPTY_ROOT;
}

/// The Network is the mint's authority; nobody can freeze.
fn create_mint(mint: &mut AccountView, payer: &AccountView, network: &Address) -> ProgramResult {
    let seeds: &[&[u8]] = &[b"mint", network.as_ref()];
    allocate(
        mint,
        payer,
        &Allocation {
            seeds,
            space: Mint::LEN,
            owner: &pinocchio_token::ID,
        },
    )?;
    InitializeMint2::new(mint, DECIMALS, network, None).invoke()
}

/// The token account in which bonds lie; only the Network can move them.
fn create_vault(vault: &mut AccountView, mint: &AccountView, payer: &AccountView, network: &Address) -> ProgramResult {
    let seeds: &[&[u8]] = &[b"vault", network.as_ref()];
    allocate(
        vault,
        payer,
        &Allocation {
            seeds,
            space: TokenAccount::LEN,
            owner: &pinocchio_token::ID,
        },
    )?;
    InitializeAccount3::new(vault, mint, network).invoke()
}

//! Loading and creating accounts. Whatever is loaded has the owner, type, version, length and address that it must.
use pinocchio::{
    account::{Ref, RefMut},
    cpi::{Seed, Signer},
    error::ProgramError,
    AccountView, Address, ProgramResult,
};
use pinocchio_system::create_account_with_minimum_balance_signed;

use crate::{
    errors::CoverageError::{
        AccountRepeated, AlreadyCreated, OutOfRange, WrongAddress, WrongDiscriminator, WrongLength, WrongNetwork,
        WrongOwner, WrongVersion,
    },
    wire::{from_bytes, from_bytes_mut, Plain},
    ID,
};

pub const VERSION: u8 = 1;
const HEAD: usize = 8;

/// A type of account. Its first fields are `version` and `bump`.
pub trait Stored: Plain {
    const DISCRIMINATOR: [u8; 8];
    const SPACE: usize = HEAD.saturating_add(size_of::<Self>());

    /// The address of the seeds that its own fields name.
    fn address(&self) -> Address;
}

/// A type of account that belongs to a network.
pub trait OfNetwork: Stored {
    fn network(&self) -> &Address;
}

fn check<T: Stored>(account: &AccountView, data: &[u8]) -> ProgramResult {
    if !account.owned_by(&ID) {
        return Err(WrongOwner.into());
    }
    let Some((discriminator, [version, ..])) = data.split_first_chunk::<HEAD>() else {
        return Err(WrongLength.into());
    };
    if discriminator != &T::DISCRIMINATOR {
        return Err(WrongDiscriminator.into());
    }
    if version != &VERSION {
        return Err(WrongVersion.into());
    }
    if data.len() != T::SPACE {
        return Err(WrongLength.into());
    }
    Ok(())
}

/// An account of type `T`.
pub fn load<T: Stored>(account: &AccountView) -> Result<Ref<'_, T>, ProgramError> {
    let data = account.try_borrow().map_err(|_| AccountRepeated)?;
    check::<T>(account, &data)?;
    let state = Ref::filter_map(data, |data| from_bytes::<T>(data.get(HEAD..)?)).map_err(|_| WrongLength)?;
    if &state.address() != account.address() {
        return Err(WrongAddress.into());
    }
    Ok(state)
}

/// An account of type `T`, to write.
pub fn load_mut<T: Stored>(account: &mut AccountView) -> Result<RefMut<'_, T>, ProgramError> {
    load::<T>(account)?;
    state_mut(account)
}

/// An account of type `T` of this network.
pub fn load_of<'a, T: OfNetwork>(account: &'a AccountView, network: &Address) -> Result<Ref<'a, T>, ProgramError> {
    let state = load::<T>(account)?;
    if state.network() != network {
        return Err(WrongNetwork.into());
    }
    Ok(state)
}

/// An account of type `T` of this network, to write.
pub fn load_of_mut<'a, T: OfNetwork>(
    account: &'a mut AccountView,
    network: &Address,
) -> Result<RefMut<'a, T>, ProgramError> {
    load_of::<T>(account, network)?;
    state_mut(account)
}

fn state_mut<T: Stored>(account: &mut AccountView) -> Result<RefMut<'_, T>, ProgramError> {
    let data = account.try_borrow_mut().map_err(|_| AccountRepeated)?;
    Ok(RefMut::filter_map(data, |data| from_bytes_mut::<T>(data.get_mut(HEAD..)?)).map_err(|_| WrongLength)?)
}

/// The bump with which `seeds` lead to the account's address.
fn find_bump(account: &AccountView, seeds: &[&[u8]]) -> Result<u8, ProgramError> {
    let (address, bump) = Address::find_program_address(seeds, &ID);
    if account.address() == &address {
        Ok(bump)
    } else {
        Err(WrongAddress.into())
    }
}

/// Creates the account at its seeds' address, all fields zero but version and bump.
pub fn create<'a, T: Stored>(
    account: &'a mut AccountView,
    payer: &AccountView,
    seeds: &[&[u8]],
) -> Result<RefMut<'a, T>, ProgramError> {
    let bump = allocate(
        account,
        payer,
        &Allocation {
            seeds,
            space: T::SPACE,
            owner: &ID,
        },
    )?;
    {
        let mut data = account.try_borrow_mut()?;
        let (head, rest) = data.split_first_chunk_mut::<HEAD>().ok_or(WrongLength)?;
        *head = T::DISCRIMINATOR;
        let ([version, bump_field], _) = rest.split_first_chunk_mut().ok_or(WrongLength)?;
        (*version, *bump_field) = (VERSION, bump);
    }
    state_mut(account)
}

/// Gives an account's lamports to `to` and ends it: its address is free again.
pub fn close(account: &mut AccountView, to: &mut AccountView) -> ProgramResult {
    let sum = to.lamports().checked_add(account.lamports()).ok_or(OutOfRange)?;
    to.set_lamports(sum);
    account.set_lamports(0);
    account.close()
}

/// Where an account is to be, how long and whose.
pub struct Allocation<'a> {
    pub seeds: &'a [&'a [u8]],
    pub space: usize,
    pub owner: &'a Address,
}

/// Creates an empty account at the seeds' address and answers their bump. Lamports that were sent there before are
/// used for its rent.
#[inline(never)]
pub fn allocate(account: &mut AccountView, payer: &AccountView, to: &Allocation) -> Result<u8, ProgramError> {
    let bump = find_bump(account, to.seeds)?;
    if !account.owned_by(&pinocchio_system::ID) {
        return Err(AlreadyCreated.into());
    }
    with_signer(to.seeds, &[bump], |signer| {
        create_account_with_minimum_balance_signed(account, to.space, to.owner, payer, None, &[signer])
    })?;
    Ok(bump)
}

/// Most seeds of an account, its bump included.
const MAX_SEEDS: usize = 8;

/// Lets the program sign a call for the address of these seeds.
pub fn with_signer(seeds: &[&[u8]], bump: &[u8; 1], call: impl FnOnce(Signer) -> ProgramResult) -> ProgramResult {
    let mut all: [Seed; MAX_SEEDS] = core::array::from_fn(|_| Seed::from(bump.as_slice()));
    for (seed, bytes) in all.iter_mut().zip(seeds) {
        *seed = Seed::from(*bytes);
    }
    // The seeds, then the bump.
    let used = all.get(..=seeds.len()).ok_or(WrongAddress)?;
    call(Signer::from(used))
}

//! The pending authority becomes the authority: its own signature shows that the key is somebody's.
use pinocchio::ProgramResult;

use crate::{
    accounts::{
        network::{now, Network},
        stored::load_mut,
    },
    events::{emit, AuthorityAccepted},
    takes::accounts,
};

pub use crate::wire::NoArguments as Arguments;

accounts! {
    pending_authority [signer],
    network [writable],
}

pub fn process(accounts: Accounts, _: Arguments) -> ProgramResult {
    let Accounts {
        pending_authority,
        network,
    } = accounts;
    let address = *network.address();
    let mut state = load_mut::<Network>(network)?;
    state.accept_authority(pending_authority.address(), now()?)?;
    emit(AuthorityAccepted {
        network: address,
        authority: state.authority,
    });
    Ok(())
}

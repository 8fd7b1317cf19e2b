//! Creates the account by which an address that is not a hotspot claims; anyone may, for any address.
use pinocchio::{Address, ProgramResult};

use crate::{
    accounts::{
        network::Network,
        payee::Payee,
        stored::{create, load},
    },
    events::{emit, PayeeCreated},
    takes::accounts,
    wire::arguments,
};

accounts! {
    payer [writable, signer],
    network [],
    payee [writable],
    system_program [address: &pinocchio_system::ID],
}

arguments! {
    pub struct Arguments<'a> {
        address: &'a Address,
    }
}

pub fn process(accounts: Accounts, arguments: Arguments) -> ProgramResult {
    let Accounts {
        payer, network, payee, ..
    } = accounts;
    let address = arguments.address;
    load::<Network>(network)?;
    let network = network.address();
    let account = *payee.address();
    let mut state = create::<Payee>(payee, payer, &[b"payee", network.as_ref(), address.as_ref()])?;
    state.network = *network;
    state.address = *address;
    emit(PayeeCreated {
        network: *network,
        payee: account,
        address: *address,
    });
    Ok(())
}

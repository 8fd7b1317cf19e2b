//! Registers a hotspot by its own signature. It holds from its own time, in tier open.
use coverage_rules::hash::Hash;
use pinocchio::{sysvars::instructions::INSTRUCTIONS_ID, Address, ProgramResult};

use super::hotspot_signature::{check, Binding};
use crate::{
    accounts::{
        hotspot::{Hotspot, Location, Tier, STATUS_ACTIVE, TIER_OPEN},
        network::{now, Network},
        stored::{create, load},
        timed::Timed,
    },
    events::{emit, HotspotRegistered},
    takes::accounts,
    wire::{arguments, U64},
};

accounts! {
    payer [writable, signer],
    owner [signer],
    network [],
    hotspot [writable],
    instructions [address: &INSTRUCTIONS_ID],
    system_program [address: &pinocchio_system::ID],
}

arguments! {
    pub struct Arguments<'a> {
        key_type: u8,
        key: &'a Hash,
        location: Option<&'a Location>,
    }
}

pub fn process(accounts: Accounts, arguments: Arguments) -> ProgramResult {
    let Accounts {
        payer,
        owner,
        network,
        hotspot,
        instructions,
        ..
    } = accounts;
    let Arguments {
        key_type,
        key,
        location,
    } = arguments;
    let key_network = load::<Network>(network)?.key_network;
    let (network, owner) = (network.address(), owner.address());
    check(
        instructions,
        &Binding {
            key_type,
            key,
            key_network,
            owner,
            network,
        },
    )?;
    if let Some(location) = location {
        location.check()?;
    }
    let location = *location.unwrap_or(&Location::NONE);

    let address = *hotspot.address();
    let mut state = create::<Hotspot>(hotspot, payer, &[b"hotspot", network.as_ref(), &[key_type], key])?;
    state.network = *network;
    state.key_type = key_type;
    state.key = *key;
    state.owner = *owner;
    state.registered_at = U64::new(now()?);
    state.status = Timed::always(STATUS_ACTIVE);
    state.tier = Timed::always(Tier {
        kind: TIER_OPEN,
        maker: Address::default(),
    });
    state.location = Timed::always(location);
    emit(HotspotRegistered {
        network: *network,
        hotspot: address,
        key_type,
        key: *key,
        owner: *owner,
        location,
    });
    Ok(())
}

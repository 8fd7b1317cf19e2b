//! A hotspot proves itself by the signature precompile that ran just before.
use coverage_rules::{
    hash::Hash,
    message::{AddGateway, ED25519_TAG},
    precompile::{is_compressed_point, signed, ED25519_KEY_LENGTH, SECP256R1_KEY_LENGTH},
};
use pinocchio::{error::ProgramError, sysvars::instructions::Instructions, AccountView, Address, ProgramResult};

use crate::errors::CoverageError::{
    InvalidKeyType, MissingHotspotSignature, WrongHotspotKey, WrongKeyNetwork, WrongMessage,
};

pub const ED25519_PROGRAM: Address = Address::from_str_const("Ed25519SigVerify111111111111111111111111111");
pub const SECP256R1_PROGRAM: Address = Address::from_str_const("Secp256r1SigVerify1111111111111111111111111");

const KEY_TYPE_P256: u8 = 0;
const KEY_TYPE_ED25519: u8 = 1;

/// What the hotspot's signature must be about.
pub struct Binding<'a> {
    pub key_type: u8,
    pub key: &'a Hash,
    pub key_network: u8,
    pub owner: &'a Address,
    pub network: &'a Address,
}

/// Refuses unless the instruction before this one verified exactly one signature, of this key, over the add_gateway
/// message that binds it to this owner and, as its payer, this network.
pub fn check(sysvar: &AccountView, binding: &Binding) -> ProgramResult {
    let (program, length) = match binding.key_type {
        KEY_TYPE_P256 => (&SECP256R1_PROGRAM, SECP256R1_KEY_LENGTH),
        KEY_TYPE_ED25519 => (&ED25519_PROGRAM, ED25519_KEY_LENGTH),
        _ => return Err(InvalidKeyType.into()),
    };
    let instructions = Instructions::try_from(sysvar)?;
    let missing = || ProgramError::from(MissingHotspotSignature);
    let before = instructions.get_instruction_relative(-1).map_err(|_| missing())?;
    if before.get_program_id() != program {
        return Err(missing());
    }
    let verified = signed(before.get_instruction_data(), length).ok_or_else(missing)?;
    let same_key = match binding.key_type {
        KEY_TYPE_P256 => is_compressed_point(verified.key, binding.key),
        _ => verified.key == binding.key,
    };
    if !same_key {
        return Err(WrongHotspotKey.into());
    }
    let message = AddGateway::parse(verified.message).ok_or(WrongMessage)?;
    let bound = [(message.owner, binding.owner), (message.payer, binding.network)]
        .iter()
        .all(|(key, address)| key.tag == ED25519_TAG && key.body == address.as_array());
    if !bound || message.gateway.body != binding.key || message.gateway.tag & 0x0f != binding.key_type {
        return Err(WrongMessage.into());
    }
    if message.gateway.tag & 0xf0 != binding.key_network {
        return Err(WrongKeyNetwork.into());
    }
    Ok(())
}

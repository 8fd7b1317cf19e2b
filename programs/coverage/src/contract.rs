//! Holds the program's own tables against `idl.json`, in both directions.
use serde_json::Value;
use std::{format, string::String, vec::Vec};

use crate::{
    accounts::{
        ballot::Vote,
        hotspot::{Location, Tier},
        network::{FinalizedEpoch, OracleSet, Policy, Tuple},
        timed::Timed,
    },
    errors::{CoverageError, ERRORS},
    instructions::create_network::NetworkConfig,
    takes::Taken,
    wire::{discriminator, Bool, Plain, U64},
};

/// What the IDL calls a type.
pub trait Described {
    fn idl() -> String;
}

/// A struct's fields in the order of their bytes.
pub trait Fields {
    fn fields() -> Vec<Field>;
}

#[derive(Debug, PartialEq)]
pub struct Field {
    pub name: &'static str,
    pub idl: String,
    /// From the struct's beginning; arguments with a vec or an option have none.
    pub offset: Option<usize>,
}

/// An account or an event.
pub struct Declared {
    name: String,
    discriminator: [u8; 8],
    size: usize,
    fields: Vec<Field>,
}

impl Declared {
    pub fn of<T: Plain + Described + Fields>(discriminator: [u8; 8]) -> Self {
        Self {
            name: T::idl(),
            discriminator,
            size: size_of::<T>(),
            fields: T::fields(),
        }
    }
}

pub struct Instruction {
    pub name: &'static str,
    pub discriminator: [u8; 8],
    pub accounts: &'static [Taken],
    pub arguments: Vec<Field>,
}

macro_rules! described {
    ($($type:ty = $idl:literal),* $(,)?) => {$(
        impl Described for $type {
            fn idl() -> String {
                $idl.into()
            }
        }
    )*};
}
described! { u8 = "u8", u32 = "u32", u64 = "u64", bool = "bool", Bool = "bool", pinocchio::Address = "pubkey" }

impl<T: Described> Described for &T {
    fn idl() -> String {
        T::idl()
    }
}
impl<T: Described, const N: usize> Described for [T; N] {
    fn idl() -> String {
        format!("[{}; {N}]", T::idl())
    }
}
impl<T: Described> Described for &[T] {
    fn idl() -> String {
        format!("vec<{}>", T::idl())
    }
}
impl<T: Described> Described for Option<T> {
    fn idl() -> String {
        format!("option<{}>", T::idl())
    }
}

fn idl() -> Value {
    serde_json::from_str(include_str!("../idl.json")).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A type of the IDL as `Described` writes it.
fn written(value: &Value) -> String {
    if let Some(name) = value.as_str() {
        return name.into();
    }
    let (kind, of) = value.as_object().unwrap().iter().next().unwrap();
    match kind.as_str() {
        "array" => format!("[{}; {}]", written(&of[0]), of[1]),
        "vec" => format!("vec<{}>", written(of)),
        "option" => format!("option<{}>", written(of)),
        "defined" => text(&of["name"]).into(),
        other => panic!("unknown type {other}"),
    }
}

fn type_fields<'a>(idl: &'a Value, name: &str) -> &'a [Value] {
    list(&list(&idl["types"]).iter().find(|t| t["name"] == name).unwrap()["type"]["fields"])
}

/// Bytes of a type, `None` where they vary.
fn size(idl: &Value, value: &Value) -> Option<usize> {
    if let Some(name) = value.as_str() {
        return Some(match name {
            "u8" | "bool" => 1,
            "u16" => 2,
            "u32" | "i32" => 4,
            "u64" => 8,
            "pubkey" => 32,
            other => panic!("unknown type {other}"),
        });
    }
    if let Some(of) = value.get("array") {
        return Some(size(idl, &of[0])? * of[1].as_u64().unwrap() as usize);
    }
    let name = value.get("defined")?;
    type_fields(idl, text(&name["name"]))
        .iter()
        .map(|field| size(idl, &field["type"]))
        .sum()
}

/// The IDL's fields with their computed offsets.
fn with_offsets(idl: &Value, fields: &[Value]) -> Vec<(String, String, Option<usize>)> {
    let mut offset = Some(0);
    let mut all = Vec::new();
    for field in fields {
        all.push((text(&field["name"]).into(), written(&field["type"]), offset));
        offset = offset.zip(size(idl, &field["type"])).map(|(a, b)| a + b);
    }
    all
}

fn assert_fields(idl: &Value, of: &str, fields: &[Value], ours: &[Field]) {
    let theirs = with_offsets(idl, fields);
    assert_eq!(theirs.len(), ours.len(), "fields of {of}");
    for ((name, written, offset), ours) in theirs.iter().zip(ours) {
        assert_eq!((name.as_str(), written), (ours.name, &ours.idl), "field of {of}");
        if ours.offset.is_some() {
            assert_eq!(*offset, ours.offset, "offset of {of}.{name}");
        }
    }
}

fn assert_declared(kind: &str, key: &str, ours: &[Declared]) {
    let idl = idl();
    let names: Vec<&str> = list(&idl[key]).iter().map(|entry| text(&entry["name"])).collect();
    assert_eq!(names, ours.iter().map(|o| o.name.as_str()).collect::<Vec<_>>());
    for (entry, ours) in list(&idl[key]).iter().zip(ours) {
        let bytes: Vec<u64> = list(&entry["discriminator"])
            .iter()
            .map(|byte| byte.as_u64().unwrap())
            .collect();
        assert_eq!(bytes, ours.discriminator.map(u64::from));
        assert_eq!(ours.discriminator, discriminator(kind, &ours.name));
        assert_fields(&idl, &ours.name, type_fields(&idl, &ours.name), &ours.fields);
        let defined = serde_json::json!({ "defined": { "name": ours.name } });
        assert_eq!(size(&idl, &defined), Some(ours.size), "size of {}", ours.name);
    }
}

#[test]
fn the_address_is_the_programs() {
    assert_eq!(idl()["address"], format!("{}", crate::ID));
    let keypair: Vec<u8> = serde_json::from_str(include_str!("../program-keypair.json")).unwrap();
    assert_eq!(keypair[32..], crate::ID.to_bytes());
}

#[test]
fn accounts_are_the_same_in_the_idl_and_here() {
    assert_declared("account", "accounts", &crate::accounts::all());
}

#[test]
fn events_are_the_same_in_the_idl_and_here() {
    assert_declared("event", "events", &crate::events::all());
}

#[test]
fn instructions_are_the_same_in_the_idl_and_here() {
    let idl = idl();
    let ours = crate::instructions::all();
    let names: Vec<&str> = list(&idl["instructions"])
        .iter()
        .map(|entry| text(&entry["name"]))
        .collect();
    assert_eq!(names, ours.iter().map(|o| o.name).collect::<Vec<_>>());
    for (entry, ours) in list(&idl["instructions"]).iter().zip(&ours) {
        let bytes: Vec<u64> = list(&entry["discriminator"])
            .iter()
            .map(|byte| byte.as_u64().unwrap())
            .collect();
        assert_eq!(bytes, ours.discriminator.map(u64::from), "{}", ours.name);
        let theirs = list(&entry["accounts"]);
        assert_eq!(theirs.len(), ours.accounts.len(), "accounts of {}", ours.name);
        for (theirs, taken) in theirs.iter().zip(ours.accounts) {
            assert_eq!(text(&theirs["name"]), taken.name);
            let flag = |name: &str| theirs[name].as_bool().unwrap_or(false);
            let address = taken.address.map(|address| format!("{address}"));
            assert_eq!(
                (flag("signer"), flag("writable"), theirs["address"].as_str()),
                (taken.signer, taken.writable, address.as_deref()),
                "{} of {}",
                taken.name,
                ours.name
            );
        }
        assert_fields(&idl, ours.name, list(&entry["args"]), &ours.arguments);
    }
}

#[test]
fn every_type_of_the_idl_is_one_of_ours() {
    let idl = idl();
    let mut ours: Vec<(String, Vec<Field>)> = Vec::new();
    fn of<T: Described + Fields>() -> (String, Vec<Field>) {
        (T::idl(), T::fields())
    }
    ours.push(of::<NetworkConfig>());
    ours.extend([
        of::<OracleSet>(),
        of::<Policy>(),
        of::<FinalizedEpoch>(),
        of::<Tuple>(),
        of::<Vote>(),
    ]);
    ours.extend([of::<Location>(), of::<Tier>()]);
    ours.extend([
        of::<Timed<u8>>(),
        of::<Timed<Tier>>(),
        of::<Timed<Location>>(),
        of::<Timed<U64>>(),
    ]);
    let declared = crate::accounts::all().into_iter().chain(crate::events::all());
    ours.extend(declared.map(|declared| (declared.name, declared.fields)));
    let names: Vec<&str> = list(&idl["types"]).iter().map(|entry| text(&entry["name"])).collect();
    assert_eq!(names, ours.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>());
    for (name, fields) in &ours {
        assert_fields(&idl, name, type_fields(&idl, name), fields);
    }
}

#[test]
fn errors_are_the_same_in_the_idl_and_here() {
    let idl = idl();
    let theirs: Vec<(u64, &str, &str)> = list(&idl["errors"])
        .iter()
        .map(|e| (e["code"].as_u64().unwrap(), text(&e["name"]), text(&e["msg"])))
        .collect();
    let ours: Vec<(u64, &str, &str)> = ERRORS
        .iter()
        .enumerate()
        .map(|(i, (name, msg))| (6000 + i as u64, *name, *msg))
        .collect();
    assert_eq!(theirs, ours);
    assert_eq!(CoverageError::UnknownInstruction as u64, ours[0].0);
    assert_eq!(CoverageError::InvalidCreditsProof as u64, ours[ours.len() - 1].0);
}

#[test]
fn every_error_is_a_sentence() {
    for (name, message) in ERRORS {
        assert!(
            message.ends_with('.') && message.starts_with(|c: char| c.is_uppercase()),
            "{name}: {message}"
        );
    }
}

/// README.md without the padding of its tables.
fn readme() -> String {
    include_str!("../README.md")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// README.md's tables: an account's size and its fields' offsets, and the refusals of each instruction.
#[test]
fn the_readme_names_every_account_with_its_size_and_offsets() {
    let readme = readme();
    for account in crate::accounts::all() {
        let row = format!("| {} | {} |", account.name, account.size + 8);
        assert!(readme.contains(&row), "README.md has no row \"{row}\"");
        let offsets: Vec<String> = account
            .fields
            .iter()
            .map(|field| format!("`{}` {}", field.name, field.offset.unwrap() + 8))
            .collect();
        let line = format!("- {}: {} ", account.name, offsets.join(", "));
        assert!(readme.contains(&line), "README.md has no line \"{line}\"");
    }
}

#[test]
fn the_readme_names_every_instruction_and_every_refusal() {
    let readme = readme();
    for instruction in crate::instructions::all() {
        assert!(
            readme.contains(&format!("| {} | ", instruction.name)),
            "{}",
            instruction.name
        );
    }
    for (name, _) in ERRORS {
        assert!(readme.contains(*name), "{name}");
    }
}

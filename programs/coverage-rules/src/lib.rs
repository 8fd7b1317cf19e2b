//! The rules of the coverage program that need no account: hashing, proofs, arithmetic, signed bytes.
//! Everything here runs under plain `cargo test` on the host.
#![no_std]

#[cfg(test)]
extern crate std;

pub mod change;
pub mod credits;
pub mod emission;
pub mod hash;
pub mod location;
pub mod merkle;
pub mod message;
pub mod oracles;
pub mod precompile;

#[cfg(test)]
mod numbers;
#[cfg(test)]
mod vectors;

//! Numbers for tests.
#![allow(clippy::arithmetic_side_effects)]

/// A fixed sequence that spreads over all magnitudes.
pub struct Numbers(pub u64);
impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        let shift = (self.0 >> 58) as u32;
        (self.0 ^ (self.0 >> 29)) >> shift
    }
}

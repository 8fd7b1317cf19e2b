//! What an owner may assert about a hotspot's place and antenna.

/// Tenths of a dBi.
pub const GAIN: core::ops::RangeInclusive<i32> = 0..=150;
/// Metres above the ground's datum.
pub const ELEVATION: core::ops::RangeInclusive<i32> = -500..=9_000;
pub const MODE_FULL: u8 = 1;
pub const MODE_DATA_ONLY: u8 = 2;

const RESOLUTION: u64 = 12;
const BASE_CELLS: u64 = 122;
const DIGITS: u32 = 15;
const UNUSED_DIGIT: u64 = 7;
/// Base cells that are pentagons: their first sub-cell along direction 1 does not exist.
const PENTAGONS: [u64; 12] = [4, 14, 24, 38, 49, 58, 63, 72, 83, 97, 107, 117];

/// Is it a valid H3 cell index of resolution 12?
pub fn is_cell(index: u64) -> bool {
    let field = |shift: u32, bits: u64| index.checked_shr(shift).unwrap_or(0) & bits;
    let base_cell = field(45, 0x7f);
    // Top bit 0, mode 1, reserved bits 0, then the resolution.
    if field(52, 0xfff) != 0x080 | RESOLUTION || base_cell >= BASE_CELLS {
        return false;
    }
    let mut first_digit = 0;
    let mut shift = 3u32.saturating_mul(DIGITS);
    for level in 1..=DIGITS {
        shift = shift.saturating_sub(3);
        let digit = field(shift, 7);
        if u64::from(level) > RESOLUTION {
            if digit != UNUSED_DIGIT {
                return false;
            }
        } else if digit == UNUSED_DIGIT {
            return false;
        } else if first_digit == 0 {
            first_digit = digit;
        }
    }
    !(first_digit == 1 && PENTAGONS.contains(&base_cell))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use crate::vectors;

    #[test]
    fn cells_are_judged_as_the_h3_library_judges_them() {
        let cells = vectors::cells();
        assert!(cells.iter().filter(|(_, valid)| *valid).count() >= 100);
        assert!(cells.iter().filter(|(_, valid)| !valid).count() >= 100);
        for (cell, valid) in cells {
            assert_eq!(is_cell(cell), valid, "{cell:x}");
        }
    }

    #[test]
    fn zero_and_all_ones_are_no_cells() {
        assert!(!is_cell(0));
        assert!(!is_cell(u64::MAX));
    }
}

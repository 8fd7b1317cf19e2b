//! Values that oracles read are a function of the epoch: a change holds from the next epoch on (chain.md, "Principles").

/// What becomes of {current, next, next_from_epoch} when a value is set. `next` is in force from `next_from_epoch` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// No epoch has begun: current and next become the value, which holds from epoch 0.
    Both,
    /// The next value is not in force yet and is replaced.
    Next { from: u64 },
    /// The next value is in force: it becomes the current one.
    Shift { from: u64 },
}

/// The current value is still in force in an epoch that is not finalized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

/// `epoch` is the one that the clock is in (`None` before epoch 0), `unfinalized` the first that is not finalized.
pub fn change(epoch: Option<u64>, next_from_epoch: u64, unfinalized: u64) -> Result<Change, Busy> {
    let Some(epoch) = epoch else {
        return Ok(Change::Both);
    };
    let from = epoch.checked_add(1).ok_or(Busy)?;
    if next_from_epoch > epoch {
        Ok(Change::Next { from })
    } else if unfinalized < next_from_epoch {
        Err(Busy)
    } else {
        Ok(Change::Shift { from })
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    #[test]
    fn a_change_before_epoch_0_holds_from_epoch_0() {
        assert_eq!(change(None, 0, 0), Ok(Change::Both));
    }

    #[test]
    fn a_change_holds_from_the_next_epoch_and_may_be_replaced_until_then() {
        assert_eq!(change(Some(4), 0, 0), Ok(Change::Shift { from: 5 }));
        assert_eq!(change(Some(4), 5, 0), Ok(Change::Next { from: 5 }));
    }

    #[test]
    fn a_value_that_an_unfinalized_epoch_needs_is_not_overwritten() {
        // Set in epoch 4, so that the old value is in force up to epoch 4.
        assert_eq!(change(Some(5), 5, 4), Err(Busy));
        assert_eq!(change(Some(5), 5, 5), Ok(Change::Shift { from: 6 }));
        assert_eq!(change(Some(9), 5, 4), Err(Busy));
    }

    /// Sets values in every order of changes and finalizations; what an unfinalized epoch read never changes.
    #[test]
    fn no_sequence_changes_what_an_unfinalized_epoch_reads() {
        let in_force = |(current, next, from): (u32, u32, u64), epoch: u64| if epoch >= from { next } else { current };
        for bits in 0u32..(1 << 14) {
            let (mut stored, mut unfinalized) = ((0, 0, 0u64), 0u64);
            // What each epoch read when its clock was past; a change during the epoch must not show in it.
            let mut read = std::vec::Vec::new();
            for epoch in 0..7u64 {
                let choice = bits >> (2 * epoch as u32) & 3;
                read.push(in_force(stored, epoch));
                if choice & 1 == 1 {
                    let value = epoch as u32 + 1;
                    match change(Some(epoch), stored.2, unfinalized) {
                        Ok(Change::Both) => stored = (value, value, 0),
                        Ok(Change::Next { from }) => stored = (stored.0, value, from),
                        Ok(Change::Shift { from }) => stored = (stored.1, value, from),
                        Err(Busy) => {}
                    }
                }
                if choice & 2 == 2 {
                    unfinalized = epoch;
                }
                for past in unfinalized..=epoch {
                    assert_eq!(
                        in_force(stored, past),
                        read[past as usize],
                        "bits {bits:b}, epoch {past}"
                    );
                }
            }
        }
    }
}

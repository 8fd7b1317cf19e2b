//! {current, next, next_from_epoch}: what oracles read of a hotspot is a function of the epoch.
use coverage_rules::change::{change, Change};

use crate::{
    errors::CoverageError::{self, OutOfRange, RegistryBusy},
    wire::{Plain, U64},
};

/// `next` is in force from `next_from_epoch` on, `current` before.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timed<T> {
    pub current: T,
    pub next: T,
    pub next_from_epoch: U64,
}
// SAFETY: repr(C) of plain fields, whose alignment is 1.
unsafe impl<T: Plain> Plain for Timed<T> {}

/// Where the network stands in time.
#[derive(Clone, Copy)]
pub struct Moment {
    /// The epoch that the clock is in; `None` before epoch 0.
    pub epoch: Option<u64>,
    /// The first epoch that is not finalized.
    pub unfinalized: u64,
}

impl Moment {
    /// The first epoch that has not begun.
    pub fn next_epoch(&self) -> Result<u64, CoverageError> {
        match self.epoch {
            None => Ok(0),
            Some(epoch) => epoch.checked_add(1).ok_or(OutOfRange),
        }
    }
}

impl<T: Plain> Timed<T> {
    /// A value that holds at once and for ever.
    pub const fn always(value: T) -> Self {
        Self {
            current: value,
            next: value,
            next_from_epoch: U64::new(0),
        }
    }

    /// What holds in the epoch that the clock is in, before epoch 0 what will hold in that.
    pub fn in_force(&self, moment: Moment) -> T {
        if moment.epoch.unwrap_or(0) >= self.next_from_epoch.get() {
            self.next
        } else {
            self.current
        }
    }

    /// Sets the value from the next epoch on and answers which that is.
    pub fn set(&mut self, value: T, moment: Moment) -> Result<u64, CoverageError> {
        let from =
            match change(moment.epoch, self.next_from_epoch.get(), moment.unfinalized).map_err(|_| RegistryBusy)? {
                Change::Both => {
                    self.current = value;
                    0
                }
                Change::Next { from } => from,
                Change::Shift { from } => {
                    self.current = self.next;
                    from
                }
            };
        self.next = value;
        self.next_from_epoch = U64::new(from);
        Ok(from)
    }
}

#[cfg(test)]
impl<T: Plain + crate::contract::Described> crate::contract::Fields for Timed<T> {
    fn fields() -> std::vec::Vec<crate::contract::Field> {
        use crate::contract::{Described, Field};
        std::vec![
            Field {
                name: "current",
                idl: T::idl(),
                offset: Some(core::mem::offset_of!(Self, current))
            },
            Field {
                name: "next",
                idl: T::idl(),
                offset: Some(core::mem::offset_of!(Self, next))
            },
            Field {
                name: "next_from_epoch",
                idl: U64::idl(),
                offset: Some(core::mem::offset_of!(Self, next_from_epoch))
            },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn timed(current: u8, next: u8, from: u64) -> Timed<u8> {
        Timed {
            current,
            next,
            next_from_epoch: U64::new(from),
        }
    }

    #[test]
    fn a_value_set_before_epoch_0_holds_at_once() {
        let mut value = Timed::always(1);
        assert_eq!(
            value.set(
                2,
                Moment {
                    epoch: None,
                    unfinalized: 0
                }
            ),
            Ok(0)
        );
        assert_eq!(value, Timed::always(2));
    }

    #[test]
    fn a_value_set_in_an_epoch_holds_from_the_next_and_moves_on_when_that_is_finalized() {
        let mut value = Timed::always(1);
        assert_eq!(
            value.set(
                2,
                Moment {
                    epoch: Some(3),
                    unfinalized: 2
                }
            ),
            Ok(4)
        );
        assert_eq!(value, timed(1, 2, 4));
        assert_eq!(
            value.set(
                3,
                Moment {
                    epoch: Some(3),
                    unfinalized: 2
                }
            ),
            Ok(4)
        );
        assert_eq!(value, timed(1, 3, 4));
        assert_eq!(
            value.set(
                4,
                Moment {
                    epoch: Some(4),
                    unfinalized: 3
                }
            ),
            Err(RegistryBusy)
        );
        assert_eq!(value, timed(1, 3, 4));
        assert_eq!(
            value.set(
                4,
                Moment {
                    epoch: Some(4),
                    unfinalized: 4
                }
            ),
            Ok(5)
        );
        assert_eq!(value, timed(3, 4, 5));
    }
}

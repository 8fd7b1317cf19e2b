//! Epochs as times and the tokens that they may emit. No 128-bit arithmetic: the target has none.

/// `a * b`, or `None` where it does not fit. By halves of 32 bits, whose products fit: the compiler would make a
/// 128-bit multiplication of `checked_mul` and of a comparison with `u64::MAX / a`.
pub fn product(a: u64, b: u64) -> Option<u64> {
    const LOW: u64 = 0xffff_ffff;
    let (a_high, a_low, b_high, b_low) = (a >> 32, a & LOW, b >> 32, b & LOW);
    if a_high != 0 && b_high != 0 {
        return None;
    }
    // One of the two is zero.
    let middle = a_high.wrapping_mul(b_low) | a_low.wrapping_mul(b_high);
    if middle >> 32 != 0 {
        return None;
    }
    a_low.wrapping_mul(b_low).checked_add(middle << 32)
}

/// The epoch that contains `now`; `None` before epoch 0. Times are Unix seconds.
pub fn epoch_at(now: u64, first_epoch_start: u64, length: u64) -> Option<u64> {
    now.checked_sub(first_epoch_start)?.checked_div(length)
}

/// When an epoch begins.
pub fn epoch_start(epoch: u64, first_epoch_start: u64, length: u64) -> Option<u64> {
    product(epoch, length)?.checked_add(first_epoch_start)
}

/// When an epoch ends, which is when the next one begins.
pub fn epoch_end(epoch: u64, first_epoch_start: u64, length: u64) -> Option<u64> {
    epoch_start(epoch.checked_add(1)?, first_epoch_start, length)
}

/// First and last epoch that become payable when `epoch` is finalized after `latest`: (latest - holdback,
/// epoch - holdback]. `None` where there are none.
pub fn payable(latest: Option<u64>, epoch: u64, holdback: u32) -> Option<(u64, u64)> {
    let holdback = u64::from(holdback);
    let last = epoch.checked_sub(holdback)?;
    let first = latest.map_or(0, |latest| latest.saturating_add(1).saturating_sub(holdback));
    (first <= last).then_some((first, last))
}

/// Sum of `base >> (epoch / halving_period)` over `first..=last`; a period of 0 never halves. Saturates, which is
/// exact for a cap: no total is above `u64::MAX`.
pub fn emissions(base: u64, halving_period: u32, first: u64, last: u64) -> u64 {
    let period = u64::from(halving_period);
    let Some(first_halving) = first.checked_div(period) else {
        return product(base, count(first, last)).unwrap_or(u64::MAX);
    };
    let mut sum = 0u64;
    let mut halvings = first_halving;
    let mut from = first;
    // At most 64 steps: after 64 halvings nothing is left.
    while from <= last {
        let emission = u32::try_from(halvings)
            .ok()
            .and_then(|halvings| base.checked_shr(halvings))
            .unwrap_or(0);
        if emission == 0 {
            break;
        }
        halvings = halvings.saturating_add(1);
        let Some(next) = product(halvings, period) else {
            return sum.saturating_add(product(emission, count(from, last)).unwrap_or(u64::MAX));
        };
        let until = last.min(next.saturating_sub(1));
        sum = sum.saturating_add(product(emission, count(from, until)).unwrap_or(u64::MAX));
        from = next;
    }
    sum
}

/// How many numbers `first..=last` holds.
fn count(first: u64, last: u64) -> u64 {
    last.saturating_sub(first).saturating_add(1)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use crate::numbers::Numbers;

    fn slow_emissions(base: u64, period: u32, first: u64, last: u64) -> u64 {
        let sum: u128 = (first..=last)
            .map(|epoch| {
                let halvings = if period == 0 { 0 } else { epoch / u64::from(period) };
                if halvings > 63 {
                    0
                } else {
                    u128::from(base >> halvings)
                }
            })
            .sum();
        u64::try_from(sum).unwrap_or(u64::MAX)
    }

    #[test]
    fn a_product_equals_that_of_128_bits() {
        let mut numbers = Numbers(1);
        for _ in 0..20_000 {
            let (a, b) = (numbers.next(), numbers.next());
            assert_eq!(
                product(a, b),
                u64::try_from(u128::from(a) * u128::from(b)).ok(),
                "{a} * {b}"
            );
        }
        assert_eq!(product(0, u64::MAX), Some(0));
        assert_eq!(product(u64::MAX, 1), Some(u64::MAX));
        assert_eq!(product(1 << 32, 1 << 32), None);
    }

    #[test]
    fn a_sum_of_emissions_equals_adding_them_one_by_one() {
        let mut numbers = Numbers(2);
        for round in 0..3_000 {
            let base = numbers.next();
            let period = (numbers.next() % 40) as u32;
            let first = numbers.next() % 2_000;
            let last = first + numbers.next() % 500;
            assert_eq!(
                emissions(base, period, first, last),
                slow_emissions(base, period, first, last),
                "round {round}: base {base}, period {period}, epochs {first}..={last}"
            );
        }
    }

    #[test]
    fn a_sum_of_emissions_holds_at_the_borders() {
        assert_eq!(emissions(100, 0, 0, 9), 1_000);
        assert_eq!(emissions(100, 10, 0, 9), 1_000);
        assert_eq!(emissions(100, 10, 0, 10), 1_050);
        assert_eq!(emissions(100, 10, 10, 10), 50);
        assert_eq!(emissions(100, 1, 0, u64::MAX), 100 + 50 + 25 + 12 + 6 + 3 + 1);
        assert_eq!(emissions(u64::MAX, 0, 0, 1), u64::MAX);
        assert_eq!(emissions(1, 0, 0, u64::MAX), u64::MAX);
        assert_eq!(emissions(0, 5, 0, u64::MAX), 0);
        assert_eq!(emissions(u64::MAX, u32::MAX, u64::MAX - 1, u64::MAX), 0);
        assert_eq!(emissions(7, 3, 5, 4), 0);
    }

    #[test]
    fn what_becomes_payable_is_held_back_and_never_twice() {
        assert_eq!(payable(None, 0, 0), Some((0, 0)));
        assert_eq!(payable(None, 5, 0), Some((0, 5)));
        assert_eq!(payable(None, 5, 2), Some((0, 3)));
        assert_eq!(payable(None, 1, 2), None);
        assert_eq!(payable(Some(5), 6, 2), Some((4, 4)));
        assert_eq!(payable(Some(1), 2, 2), Some((0, 0)));
        assert_eq!(payable(Some(0), 1, 2), None);
        for holdback in 0..6 {
            for step in 1..4 {
                let mut paid = std::vec::Vec::new();
                let mut latest = None;
                let mut epoch = 0;
                while epoch < 40 {
                    if let Some((first, last)) = payable(latest, epoch, holdback) {
                        paid.extend(first..=last);
                    }
                    latest = Some(epoch);
                    epoch += step;
                }
                let reached = latest.unwrap_or(0) - u64::from(holdback);
                assert_eq!(paid, (0..=reached).collect::<std::vec::Vec<_>>());
            }
        }
    }

    #[test]
    fn epochs_border_on_each_other() {
        assert_eq!(epoch_at(999, 1_000, 60), None);
        assert_eq!(epoch_at(1_000, 1_000, 60), Some(0));
        assert_eq!(epoch_at(1_059, 1_000, 60), Some(0));
        assert_eq!(epoch_at(1_060, 1_000, 60), Some(1));
        assert_eq!(epoch_start(0, 1_000, 60), Some(1_000));
        assert_eq!(epoch_start(1, 1_000, 60), epoch_end(0, 1_000, 60));
        assert_eq!(epoch_end(0, 1_000, 60), Some(1_060));
        assert_eq!(epoch_end(u64::MAX, 1_000, 60), None);
        assert_eq!(epoch_end(1 << 60, 1_000, 60), None);
    }
}

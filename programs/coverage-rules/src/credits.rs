//! What data credits cost, and shares of what was burned for them. No 128-bit arithmetic: the target has none.

/// Smallest units of a token per credit, times the price: a credit is $0.00001, the price is USD per token and a token
/// has as many smallest units, both with 8 decimals.
const UNITS_AND_PRICE_OF_A_CREDIT: u64 = 100_000_000_000;

/// Smallest units of the token that this many credits cost at a price (USD per token, 8 decimals), rounded up; `None`
/// without a price and where they do not fit.
pub fn cost(credits: u64, price: u64) -> Option<u64> {
    let (whole, rest) = divided(wide_product(credits, UNITS_AND_PRICE_OF_A_CREDIT), price)?;
    whole.checked_add(u64::from(rest > 0))
}

/// `amount * part / whole`, rounded down; `None` where `whole` is zero or the result does not fit.
pub fn share(amount: u64, part: u64, whole: u64) -> Option<u64> {
    let (share, _) = divided(wide_product(amount, part), whole)?;
    Some(share)
}

/// A number of 128 bits.
#[derive(Clone, Copy)]
struct Wide {
    high: u64,
    low: u64,
}

/// By halves of 32 bits, whose products fit.
fn wide_product(a: u64, b: u64) -> Wide {
    const LOW: u64 = 0xffff_ffff;
    let (a_high, a_low, b_high, b_low) = (a >> 32, a & LOW, b >> 32, b & LOW);
    let low = a_low.wrapping_mul(b_low);
    let cross = a_high.wrapping_mul(b_low).wrapping_add(low >> 32);
    let middle = a_low.wrapping_mul(b_high).wrapping_add(cross & LOW);
    Wide {
        high: a_high
            .wrapping_mul(b_high)
            .wrapping_add(cross >> 32)
            .wrapping_add(middle >> 32),
        low: (middle << 32) | (low & LOW),
    }
}

/// Quotient and remainder, bit by bit; `None` where the quotient has more than 64 bits.
fn divided(Wide { high, low }: Wide, by: u64) -> Option<(u64, u64)> {
    if high >= by {
        return None;
    }
    let (mut rest, mut low, mut quotient) = (high, low, 0u64);
    for _ in 0..u64::BITS {
        let carry = rest >> 63;
        rest = (rest << 1) | (low >> 63);
        low <<= 1;
        quotient <<= 1;
        if carry == 1 || rest >= by {
            rest = rest.wrapping_sub(by);
            quotient |= 1;
        }
    }
    Some((quotient, rest))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use crate::numbers::Numbers;

    #[test]
    fn shares_and_costs_equal_those_of_128_bits() {
        let mut numbers = Numbers(3);
        for _ in 0..20_000 {
            let (a, b, c) = (numbers.next(), numbers.next(), numbers.next());
            let exact = (c != 0).then(|| u128::from(a) * u128::from(b) / u128::from(c));
            assert_eq!(
                share(a, b, c),
                exact.and_then(|share| u64::try_from(share).ok()),
                "{a} * {b} / {c}"
            );
            let exact = (c != 0).then(|| (u128::from(a) * 100_000_000_000).div_ceil(u128::from(c)));
            assert_eq!(
                cost(a, c),
                exact.and_then(|cost| u64::try_from(cost).ok()),
                "{a} at {c}"
            );
        }
    }

    #[test]
    fn a_credit_costs_a_hundred_thousandth_of_a_dollar_rounded_up() {
        // $1 per token: 100,000 credits are one token.
        assert_eq!(cost(100_000, 100_000_000), Some(100_000_000));
        assert_eq!(cost(1, 100_000_000), Some(1_000));
        // $3 per token.
        assert_eq!(cost(1, 300_000_000), Some(334));
        assert_eq!(cost(3, 300_000_000), Some(1_000));
        assert_eq!(cost(0, 1), Some(0));
        assert_eq!(cost(1, 0), None);
        assert_eq!(cost(1, u64::MAX), Some(1));
        assert_eq!(cost(u64::MAX, 1), None);
    }

    #[test]
    fn shares_of_an_amount_never_exceed_it() {
        assert_eq!(share(u64::MAX, 7, 7), Some(u64::MAX));
        assert_eq!(share(10, 1, 3), Some(3));
        assert_eq!(share(10, 0, 3), Some(0));
        assert_eq!(share(10, 3, 0), None);
    }
}

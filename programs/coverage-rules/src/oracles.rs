//! Which sets of oracles a network accepts, and when their votes agree.
pub const MAX_ORACLES: usize = 16;

/// 1 to 16 distinct keys, none zero (the default), and a threshold above half of them.
pub fn is_set<Key: PartialEq + Default>(k: u8, keys: &[Key]) -> bool {
    let Ok(n) = u8::try_from(keys.len()) else {
        return false;
    };
    let none = Key::default();
    let distinct = keys
        .iter()
        .enumerate()
        .all(|(at, key)| key != &none && !keys.iter().take(at).any(|other| other == key));
    keys.len() <= MAX_ORACLES && distinct && k <= n && k > n >> 1
}

/// Do at least `k` of the votes equal `vote`?
pub fn agree<T: PartialEq>(votes: &[T], vote: &T, k: u8) -> bool {
    votes.iter().filter(|other| other == &vote).count() >= usize::from(k)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(n: u8) -> std::vec::Vec<[u8; 32]> {
        (1..=n).map(|i| [i; 32]).collect()
    }

    #[test]
    fn a_threshold_is_a_majority_and_at_most_all() {
        for n in 1..=16u8 {
            for k in 0..=17u8 {
                assert_eq!(
                    is_set(k, &keys(n)),
                    k <= n && 2 * u32::from(k) > u32::from(n),
                    "{k} of {n}"
                );
            }
        }
    }

    #[test]
    fn none_too_many_equal_and_zero_keys_are_refused() {
        assert!(!is_set::<[u8; 32]>(0, &[]));
        assert!(!is_set(9, &keys(17)));
        assert!(!is_set(2, &[[1; 32], [2; 32], [1; 32]]));
        assert!(!is_set(2, &[[1; 32], [0; 32]]));
    }

    #[test]
    fn votes_agree_when_enough_are_equal() {
        assert!(agree(&[1, 2, 1], &1, 2));
        assert!(!agree(&[1, 2, 3], &1, 2));
    }
}

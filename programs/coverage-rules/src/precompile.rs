//! Reads the data of a signature precompile's instruction (ed25519 or secp256r1: the same layout).

pub const ED25519_KEY_LENGTH: usize = 32;
/// SEC1, compressed.
pub const SECP256R1_KEY_LENGTH: usize = 33;

/// The count of signatures, a padding byte, then seven u16.
const HEADER: usize = 2 + 7 * 2;
const SIGNATURE_LENGTH: usize = 64;
/// Instruction index that means: in this very instruction.
const HERE: u16 = u16::MAX;

/// What the precompile verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed<'a> {
    pub key: &'a [u8],
    pub message: &'a [u8],
}

/// `None` unless the instruction verifies exactly one signature and holds signature, key and message itself: of
/// anything else the precompile may have verified other bytes than the ones read here.
pub fn signed(data: &[u8], key_length: usize) -> Option<Signed<'_>> {
    let (header, _) = data.split_first_chunk::<HEADER>()?;
    let ([1, 0], offsets) = header.split_first_chunk()? else {
        return None;
    };
    let (words, _) = offsets.as_chunks::<2>();
    let &[signature, signature_in, key, key_in, message, message_length, message_in] = words else {
        return None;
    };
    if [signature_in, key_in, message_in]
        .iter()
        .any(|index| u16::from_le_bytes(*index) != HERE)
    {
        return None;
    }
    let slice = |at: [u8; 2], length: usize| {
        let at = usize::from(u16::from_le_bytes(at));
        if at < HEADER {
            return None;
        }
        data.get(at..at.checked_add(length)?)
    };
    slice(signature, SIGNATURE_LENGTH)?;
    Some(Signed {
        key: slice(key, key_length)?,
        message: slice(message, usize::from(u16::from_le_bytes(message_length)))?,
    })
}

/// Is it the SEC1 compressed form of a point whose x coordinate is `x`? Either parity: both points have one owner.
pub fn is_compressed_point(key: &[u8], x: &[u8; 32]) -> bool {
    matches!(key.split_first(), Some((2 | 3, body)) if body == x)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: usize = HEADER;

    fn data(key_length: usize, indexes: [u16; 3]) -> std::vec::Vec<u8> {
        let (signature, message) = (KEY + key_length, KEY + key_length + SIGNATURE_LENGTH);
        let words = [
            signature as u16,
            indexes[0],
            KEY as u16,
            indexes[1],
            message as u16,
            3,
            indexes[2],
        ]
        .map(u16::to_le_bytes);
        [
            &[1, 0],
            words.as_flattened(),
            &std::vec![7; key_length],
            &[9; SIGNATURE_LENGTH],
            b"abc",
        ]
        .concat()
    }

    #[test]
    fn key_and_message_are_read_for_both_lengths_of_keys() {
        for length in [ED25519_KEY_LENGTH, SECP256R1_KEY_LENGTH] {
            let bytes = data(length, [HERE; 3]);
            let read = signed(&bytes, length).unwrap();
            assert_eq!(
                (read.key, read.message),
                (std::vec![7; length].as_slice(), b"abc".as_slice())
            );
        }
    }

    #[test]
    fn parts_that_stand_in_another_instruction_are_refused() {
        for at in 0..3 {
            for index in [0, 1, HERE - 1] {
                let mut indexes = [HERE; 3];
                indexes[at] = index;
                assert_eq!(signed(&data(32, indexes), 32), None);
            }
        }
    }

    #[test]
    fn other_counts_truncation_and_offsets_outside_are_refused() {
        let good = data(32, [HERE; 3]);
        for (at, value) in [(0, 0), (0, 2), (1, 1)] {
            let mut changed = good.clone();
            changed[at] = value;
            assert_eq!(signed(&changed, 32), None);
        }
        for length in 0..good.len() {
            assert_eq!(signed(&good[..length], 32), None);
        }
        // Offsets of signature, key and message: into the header, past the end.
        for word in [0, 2, 4] {
            for offset in [0u16, 15, good.len() as u16, u16::MAX] {
                let mut changed = good.clone();
                changed[2 + 2 * word..4 + 2 * word].copy_from_slice(&offset.to_le_bytes());
                assert_eq!(signed(&changed, 32), None, "word {word} = {offset}");
            }
        }
    }

    #[test]
    fn a_compressed_point_has_prefix_2_or_3_and_the_same_x() {
        let x = [5; 32];
        for prefix in 0..=255u8 {
            let key = [&[prefix][..], &x].concat();
            assert_eq!(is_compressed_point(&key, &x), prefix == 2 || prefix == 3);
            assert!(!is_compressed_point(&key, &[6; 32]));
        }
        assert!(!is_compressed_point(&[], &x));
    }
}

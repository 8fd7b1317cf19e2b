//! The one owner-binding statement that a fielded hotspot signs: `add_gateway` (gateway.md, "Owner binding").
use crate::hash::Hash;

pub const KEY_LENGTH: usize = 33;
pub const ADD_GATEWAY_LENGTH: usize = 105;
/// Tag of an ed25519 key; owner and payer are always of this type.
pub const ED25519_TAG: u8 = 0x01;

/// Protobuf field heads (number and wire type, length 33) of owner, gateway and payer; the signatures between are
/// empty when the message is signed, so that every key stands at a fixed offset.
const HEADS: [[u8; 2]; 3] = [[0x0a, 33], [0x12, 33], [0x2a, 33]];

/// A 33-byte key: tag, then body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaggedKey<'a> {
    pub tag: u8,
    pub body: &'a Hash,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddGateway<'a> {
    pub owner: TaggedKey<'a>,
    pub gateway: TaggedKey<'a>,
    pub payer: TaggedKey<'a>,
}

impl<'a> AddGateway<'a> {
    /// `None` where the bytes are not exactly such a message.
    pub fn parse(message: &'a [u8]) -> Option<Self> {
        let (owner, rest) = field(message, HEADS[0])?;
        let (gateway, rest) = field(rest, HEADS[1])?;
        let (payer, rest) = field(rest, HEADS[2])?;
        rest.is_empty().then_some(Self { owner, gateway, payer })
    }
}

fn field(bytes: &[u8], head: [u8; 2]) -> Option<(TaggedKey<'_>, &[u8])> {
    let (tag, rest) = bytes.strip_prefix(&head)?.split_first()?;
    let (body, rest) = rest.split_first_chunk()?;
    Some((TaggedKey { tag: *tag, body }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors;

    #[test]
    fn the_bytes_that_real_hotspots_signed_are_read() {
        let messages = vectors::add_gateway();
        assert_eq!(messages.len(), 2);
        for (bytes, [owner, gateway, payer]) in messages {
            assert_eq!(bytes.len(), ADD_GATEWAY_LENGTH);
            let message = AddGateway::parse(&bytes).unwrap();
            for (key, expected) in [
                (message.owner, owner),
                (message.gateway, gateway),
                (message.payer, payer),
            ] {
                assert_eq!((key.tag, key.body.as_slice()), (expected[0], &expected[1..]));
            }
        }
    }

    #[test]
    fn any_other_framing_or_length_is_refused() {
        let (bytes, _) = vectors::add_gateway().remove(0);
        for at in [0, 1, 35, 36, 70, 71] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(AddGateway::parse(&changed), None, "byte {at}");
        }
        assert_eq!(AddGateway::parse(&bytes[..104]), None);
        assert_eq!(AddGateway::parse(&[&bytes[..], &[0]].concat()), None);
        assert_eq!(AddGateway::parse(&[]), None);
    }
}

//! Packets (RFC 9580, section 4).

use pgp::packet::PacketHeader;
use pgp::types::{PacketLength, Tag};

/// Input that is not of the form; nothing of it is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub &'static str);

const ENDS_EARLY: Malformed = Malformed("a packet of OpenPGP ends too early");

/// Packets in one input.
const PACKETS: usize = 1_000_000;

/// A packet whose content has not been looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packet<'a> {
    /// What it is.
    pub(super) tag: Tag,
    /// Its content.
    pub(super) body: &'a [u8],
}

/// Cuts an input into packets, so that only those are read that are wanted, and one that cannot be
/// read does not hide the next.
pub(super) fn packets(mut input: &[u8]) -> Result<Vec<Packet<'_>>, Malformed> {
    let mut packets = Vec::new();
    while let Some(first) = input.first() {
        if packets.len() == PACKETS {
            return Err(Malformed("too many packets of OpenPGP"));
        }
        if first & 0x80 == 0 {
            return Err(Malformed("no packet of OpenPGP"));
        }
        let header = PacketHeader::try_from_reader(&mut input).map_err(|_| ENDS_EARLY)?;
        // Only data may come in parts or without its length; keys and signatures do not.
        let PacketLength::Fixed(length) = header.packet_length() else {
            return Err(Malformed("a packet of OpenPGP without its length"));
        };
        let (body, rest) = input.split_at_checked(length as usize).ok_or(ENDS_EARLY)?;
        input = rest;
        packets.push(Packet {
            tag: header.tag(),
            body,
        });
    }
    Ok(packets)
}

/// Reads the content of a packet, all of it, as one of a kind.
pub(super) fn read(tag: Tag, body: &[u8]) -> Option<pgp::packet::Packet> {
    let length = u32::try_from(body.len()).ok()?;
    pgp::packet::Packet::from_reader(PacketHeader::new_fixed(tag, length), body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_in_all_their_forms() {
        for (head, length) in [
            (&[0xc2, 5][..], 5),
            (&[0xc2, 192, 8], 200),
            (&[0xc2, 255, 0, 0, 1, 0], 256),
            (&[0x88, 7], 7),
            (&[0x89, 1, 0], 256),
            (&[0x8a, 0, 0, 0, 3], 3),
        ] {
            let input = [head, &vec![0; length]].concat();
            let found = packets(&input).unwrap();
            assert_eq!(
                (found[0].tag, found[0].body.len()),
                (Tag::Signature, length)
            );
            assert!(packets(&input[..input.len() - 1]).is_err());
        }
    }

    #[test]
    fn parts_and_bodies_without_a_length_are_refused() {
        for input in [
            &[0xc2, 0xe1, 0, 0][..],
            &[0x8b, 1, 2],
            &[0x42, 1, 0],
            &[0xc2],
        ] {
            assert!(packets(input).is_err(), "{input:?}");
        }
    }
}

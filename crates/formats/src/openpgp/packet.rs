//! Packets (RFC 9580, section 4), and reading their fields.

/// Input that is not of the form; nothing of it is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub &'static str);

const ENDS_EARLY: Malformed = Malformed("a packet of OpenPGP ends too early");

/// Packets in one input.
const PACKETS: usize = 1_000_000;

/// A packet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packet<'a> {
    /// What it is.
    pub(super) tag: u8,
    /// Its content.
    pub(super) body: &'a [u8],
}

/// Tags of packets.
pub(super) mod tag {
    pub(in super::super) const SIGNATURE: u8 = 2;
    pub(in super::super) const SECRET_KEY: u8 = 5;
    pub(in super::super) const PUBLIC_KEY: u8 = 6;
    pub(in super::super) const SECRET_SUBKEY: u8 = 7;
    pub(in super::super) const USER_ID: u8 = 13;
    pub(in super::super) const PUBLIC_SUBKEY: u8 = 14;
    pub(in super::super) const USER_ATTRIBUTE: u8 = 17;
}

/// Cuts an input into packets.
pub(super) fn packets(input: &[u8]) -> Result<Vec<Packet<'_>>, Malformed> {
    let mut bytes = Bytes(input);
    let mut packets = Vec::new();
    while !bytes.0.is_empty() {
        if packets.len() == PACKETS {
            return Err(Malformed("too many packets of OpenPGP"));
        }
        packets.push(packet(&mut bytes)?);
    }
    Ok(packets)
}

fn packet<'a>(bytes: &mut Bytes<'a>) -> Result<Packet<'a>, Malformed> {
    let first = bytes.byte()?;
    if first & 0x80 == 0 {
        return Err(Malformed("no packet of OpenPGP"));
    }
    let (tag, length) = if first & 0x40 != 0 {
        (first & 0x3f, new_length(bytes)?)
    } else {
        (first >> 2 & 0x0f, old_length(bytes, first & 3)?)
    };
    let body = bytes.take(length)?;
    Ok(Packet { tag, body })
}

/// Only data may come in parts or without its length; keys and signatures do not.
fn new_length(bytes: &mut Bytes<'_>) -> Result<usize, Malformed> {
    match bytes.byte()? {
        224..=254 => Err(Malformed("a key or signature of OpenPGP in parts")),
        first => bytes.length(first),
    }
}

fn old_length(bytes: &mut Bytes<'_>, kind: u8) -> Result<usize, Malformed> {
    match kind {
        0 => Ok(usize::from(bytes.byte()?)),
        1 => Ok(usize::from(bytes.u16()?)),
        2 => Ok(bytes.u32()? as usize),
        _ => Err(Malformed("a packet of OpenPGP without its length")),
    }
}

/// Bytes that are read from their beginning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(ENDS_EARLY)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(ENDS_EARLY)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Malformed> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn u16(&mut self) -> Result<u16, Malformed> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32, Malformed> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    /// A length whose first byte is known: in one, two or five bytes. Of subpackets the second form
    /// reaches to 254; packets refuse what is beyond 223 before.
    pub(super) fn length(&mut self, first: u8) -> Result<usize, Malformed> {
        match first {
            0..=191 => Ok(usize::from(first)),
            192..=254 => {
                let high = usize::from(first - 192) << 8;
                Ok(high + usize::from(self.byte()?) + 192)
            }
            255 => Ok(self.u32()? as usize),
        }
    }

    /// A number: its length in bits, then its bytes, of which leading zeros are taken off.
    pub(super) fn number(&mut self) -> Result<&'a [u8], Malformed> {
        let bits = usize::from(self.u16()?);
        let bytes = self.take(bits.div_ceil(8))?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        Ok(&bytes[zeros..])
    }
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
            assert_eq!((found[0].tag, found[0].body.len()), (2, length));
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

    #[test]
    fn a_number_has_no_leading_zeros() {
        assert_eq!(Bytes(&[0, 12, 0, 7]).number(), Ok(&[7][..]));
        assert_eq!(Bytes(&[0, 0]).number(), Ok(&[][..]));
        assert!(Bytes(&[0xff, 0xff, 1]).number().is_err());
    }
}

//! The text around keys and signatures (RFC 9580, section 6.2). Its checksum is not looked at: what
//! it holds is checked by its signature.

use std::io::Read;

use pgp::armor::{BlockType, Dearmor};

use super::packet::Malformed;

const BEGIN: &[u8] = b"-----BEGIN PGP ";

/// Blocks in one file.
const BLOCKS: usize = 10_000;

/// The packets of a keyring: all of its blocks.
pub(super) fn keyring(file: &[u8]) -> Result<Vec<u8>, Malformed> {
    if is_binary(file) {
        return Ok(file.to_vec());
    }
    let blocks = blocks(file)?;
    if blocks
        .iter()
        .any(|(label, _)| *label == BlockType::PrivateKey)
    {
        return Err(Malformed(
            "a secret key; keep it to yourself, and export the public one",
        ));
    }
    let keys = blocks
        .into_iter()
        .filter(|(label, _)| *label == BlockType::PublicKey);
    let keys: Vec<u8> = keys.flat_map(|(_, packets)| packets).collect();
    if keys.is_empty() {
        return Err(Malformed(
            "no keyring: neither packets of OpenPGP nor their armour",
        ));
    }
    Ok(keys)
}

/// The packets of a signature: of one block, around which nothing counts.
pub(super) fn signature(file: &[u8]) -> Result<Vec<u8>, Malformed> {
    if is_binary(file) {
        return Ok(file.to_vec());
    }
    let mut blocks = blocks(file)?.into_iter();
    match (blocks.next(), blocks.next()) {
        (Some((BlockType::Signature, packets)), None) => Ok(packets),
        (None, _) => Err(Malformed("no signature")),
        _ => Err(Malformed("something else than one signature")),
    }
}

/// The first byte of a packet is none of a text.
fn is_binary(file: &[u8]) -> bool {
    file.first().is_some_and(|byte| byte & 0x80 != 0)
}

/// The blocks of a text, by what they are.
fn blocks(file: &[u8]) -> Result<Vec<(BlockType, Vec<u8>)>, Malformed> {
    let mut blocks = Vec::new();
    let mut starts = starts(file).peekable();
    while let Some(start) = starts.next() {
        if blocks.len() == BLOCKS {
            return Err(Malformed("too many blocks of armour"));
        }
        let end = starts.peek().copied().unwrap_or(file.len());
        blocks.push(block(&file[start..end])?);
    }
    Ok(blocks)
}

/// Where lines begin that begin a block.
fn starts(file: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let lines = memchr::memmem::find_iter(file, BEGIN);
    lines.filter(|start| *start == 0 || file[start - 1] == b'\n')
}

/// The block that a text begins with.
fn block(text: &[u8]) -> Result<(BlockType, Vec<u8>), Malformed> {
    let mut reader = Dearmor::new(text);
    let mut packets = Vec::new();
    let read = reader.read_to_end(&mut packets);
    match (read, reader.typ) {
        (Ok(_), Some(label)) => Ok((label, packets)),
        _ => Err(Malformed("armour that is damaged")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_keys_of_a_file_are_had() {
        let one = "-----BEGIN PGP PUBLIC KEY BLOCK-----\nComment: x\n\nAQID\n=aaaa\n\
                   -----END PGP PUBLIC KEY BLOCK-----\n";
        let file = format!("Keys of ours:\r\n{one}\n{}", one.replace('\n', "\r\n"));
        assert_eq!(keyring(file.as_bytes()), Ok(vec![1, 2, 3, 1, 2, 3]));
        assert_eq!(keyring(&[0x99, 1]), Ok(vec![0x99, 1]));
    }

    #[test]
    fn a_signature_is_one_block() {
        let one = "-----BEGIN PGP SIGNATURE-----\n\nAQID\n-----END PGP SIGNATURE-----\n";
        assert_eq!(signature(one.as_bytes()), Ok(vec![1, 2, 3]));
        for wrong in [
            String::new(),
            format!("{one}{one}"),
            one.replace("SIGNATURE", "MESSAGE"),
            one.replace("END PGP SIGNATURE", "END PGP MESSAGE"),
            one.replace("AQID", "A"),
            one[..40].to_owned(),
        ] {
            assert!(signature(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}

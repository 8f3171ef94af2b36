//! The text around keys and signatures (RFC 9580, section 6.2). Its checksum is not looked at: what
//! it holds is checked by its signature.

use super::packet::Malformed;
use crate::base64;

const BEGIN: &str = "-----BEGIN PGP ";
const END: &str = "-----END PGP ";

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
        .any(|(label, _)| label.starts_with("PRIVATE KEY BLOCK"))
    {
        return Err(Malformed(
            "a secret key; keep it to yourself, and export the public one",
        ));
    }
    let keys = blocks
        .into_iter()
        .filter(|(label, _)| label == "PUBLIC KEY BLOCK");
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
        (Some((label, packets)), None) if label == "SIGNATURE" => Ok(packets),
        (None, _) => Err(Malformed("no signature")),
        _ => Err(Malformed("something else than one signature")),
    }
}

/// The first byte of a packet is none of a text.
fn is_binary(file: &[u8]) -> bool {
    file.first().is_some_and(|byte| byte & 0x80 != 0)
}

/// The blocks of a text, by their labels.
fn blocks(file: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Malformed> {
    let text = str::from_utf8(file).map_err(|_| Malformed("neither text nor packets"))?;
    let mut blocks = Vec::new();
    let mut lines = text.lines().map(str::trim_end);
    while let Some(line) = lines.next() {
        let label = line
            .strip_prefix(BEGIN)
            .and_then(|it| it.strip_suffix("-----"));
        let Some(label) = label else {
            continue;
        };
        if blocks.len() == BLOCKS {
            return Err(Malformed("too many blocks of armour"));
        }
        blocks.push((label.to_owned(), block(label, &mut lines)?));
    }
    Ok(blocks)
}

/// What stands in a block, up to its end.
fn block<'a>(label: &str, lines: &mut impl Iterator<Item = &'a str>) -> Result<Vec<u8>, Malformed> {
    let mut digits = String::new();
    for line in lines {
        if let Some(end) = line.strip_prefix(END) {
            let fits = end.strip_suffix("-----") == Some(label);
            let packets = base64::decode(&digits).filter(|_| fits);
            return packets.ok_or(Malformed("armour that is damaged"));
        }
        // Headers are for people; the checksum begins with the sign that else only ends a line.
        if !line.contains(':') && !line.starts_with('=') {
            digits.push_str(line);
        }
    }
    Err(Malformed("armour without its end"))
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

//! Whether a file is the one that a recipe names.

use std::io::{self, Read};

use palisade_model::Hash;
use sha2::{Digest, Sha256, Sha512};

use crate::digest::hexadecimal;

/// Whether bytes have a digest. Algorithms that anybody can forge count as none.
pub fn is_what_it_should_be(hash: &Hash, mut bytes: impl Read) -> io::Result<bool> {
    let found = match hash.algorithm.as_str() {
        "sha256" => hexadecimal(&whole(Sha256::new(), &mut bytes)?.finalize()),
        "sha512" => hexadecimal(&whole(Sha512::new(), &mut bytes)?.finalize()),
        _ => return Ok(false),
    };
    Ok(found.eq_ignore_ascii_case(&hash.hex))
}

fn whole<D: Digest>(mut digest: D, bytes: &mut impl Read) -> io::Result<D> {
    let mut chunk = vec![0; 64 << 10];
    loop {
        match bytes.read(&mut chunk)? {
            0 => return Ok(digest),
            count => digest.update(&chunk[..count]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_bytes_are_taken() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let hash = |algorithm: &str| Hash {
            algorithm: algorithm.to_owned(),
            hex: hex.to_owned(),
        };
        assert!(is_what_it_should_be(&hash("sha256"), &b""[..]).unwrap());
        assert!(!is_what_it_should_be(&hash("sha256"), &b"x"[..]).unwrap());
        assert!(!is_what_it_should_be(&hash("md5"), &b""[..]).unwrap());
    }
}

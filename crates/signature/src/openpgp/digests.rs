//! Digests of what was signed, one for each way in which its signatures hash.

use sequoia_openpgp::crypto::hash;
use sequoia_openpgp::packet::Signature;
use sequoia_openpgp::types::{HashAlgorithm, SignatureType};

use super::packets::Found;

/// Digests in the making.
pub(super) struct Digests {
    each: Vec<Digest>,
}

struct Digest {
    way: Way,
    context: hash::Context,
    /// Whether the last byte of a text was a carriage return.
    after_return: bool,
}

/// How a signature hashes what it is over.
#[derive(Clone, PartialEq, Eq)]
struct Way {
    algorithm: HashAlgorithm,
    version: u8,
    salt: Vec<u8>,
    is_text: bool,
}

impl Way {
    fn of(signature: &Signature) -> Self {
        Self {
            algorithm: signature.hash_algo(),
            version: signature.version(),
            salt: match signature {
                Signature::V6(signature) => signature.salt().to_vec(),
                _ => Vec::new(),
            },
            is_text: signature.typ() == SignatureType::Text,
        }
    }
}

impl Digests {
    /// Begins those that the signatures need; what is not known here is left out.
    pub(super) fn for_signatures(found: &[Found]) -> Self {
        let mut each: Vec<Digest> = Vec::new();
        for it in found {
            let Found::Signature(signature) = it else {
                continue;
            };
            let way = Way::of(signature);
            if each.iter().any(|digest| digest.way == way) {
                continue;
            }
            let Ok(builder) = way.algorithm.context() else {
                continue;
            };
            let mut context = builder.for_signature(way.version);
            context.update(&way.salt);
            each.push(Digest {
                way,
                context,
                after_return: false,
            });
        }
        Self { each }
    }

    /// Goes on with the next bytes.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        for digest in &mut self.each {
            if digest.way.is_text {
                digest.update_text(bytes);
            } else {
                digest.context.update(bytes);
            }
        }
    }

    /// The one for a signature, to be ended by it.
    pub(super) fn of(&self, signature: &Signature) -> Option<hash::Context> {
        let way = Way::of(signature);
        let digest = self.each.iter().find(|digest| digest.way == way)?;
        Some(digest.context.clone())
    }
}

impl Digest {
    /// Text is hashed with both a carriage return and a line feed at each line's end.
    fn update_text(&mut self, bytes: &[u8]) {
        let mut from = 0;
        for (at, &byte) in bytes.iter().enumerate() {
            let follows_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if follows_return => {
                    self.context.update(&bytes[from..at]);
                    from = at + 1;
                }
                b'\n' | b'\r' => {
                    self.context.update(&bytes[from..at]);
                    self.context.update(b"\r\n");
                    from = at + 1;
                }
                _ => {}
            }
        }
        self.context.update(&bytes[from..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_digest(pieces: &[&[u8]]) -> Vec<u8> {
        let algorithm = HashAlgorithm::SHA256;
        let mut digest = Digest {
            way: Way {
                algorithm,
                version: 4,
                salt: Vec::new(),
                is_text: true,
            },
            context: algorithm.context().unwrap().for_digest(),
            after_return: false,
        };
        for piece in pieces {
            digest.update_text(piece);
        }
        digest.context.into_digest().unwrap()
    }

    #[test]
    fn lines_of_a_text_may_end_as_they_like() {
        let wanted = text_digest(&[b"a\r\nb\r\n\r\nc"]);
        assert_eq!(text_digest(&[b"a\nb\n\nc"]), wanted);
        assert_eq!(text_digest(&[b"a\rb\r\rc"]), wanted);
        assert_eq!(text_digest(&[b"a\r", b"\nb", b"\r\n\r", b"\nc"]), wanted);
        assert_ne!(text_digest(&[b"a b\n\nc"]), wanted);
    }
}

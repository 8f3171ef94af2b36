//! Keys and signatures of minisign and signify, which share their form: an untrusted comment, and
//! two letters, eight bytes that name the key, and the rest, in base64.
//!
//! minisign signs the `BLAKE2b` digest of a file, and signs its trusted comment with it; before
//! 2018 it signed files themselves, which is no weaker but cannot be streamed, and whoever asks may
//! refuse it. signify signs the file, or a text that follows in the signature's own file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};

use crate::{Data, Error, Judgement, Method, Report, Signed, Signer, Verdict};

/// Files that must be held in memory to be verified.
const WHOLE_BYTES: u64 = 512 << 20;

const UNTRUSTED: &str = "untrusted comment:";
const TRUSTED: &str = "trusted comment: ";

/// A public key of minisign or signify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    id: [u8; 8],
    point: [u8; 32],
    /// As it stands in its file, for the verifier of minisign.
    base64: String,
    comment: Option<String>,
}

/// Whether signatures of minisign that are over files themselves are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Legacy {
    /// They are, and called weak.
    #[default]
    Accept,
    /// They are not.
    Refuse,
}

impl Key {
    /// Reads a key: its file, or its line of base64 alone.
    pub fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines().map(str::trim_end);
        let first = lines.next()?;
        let comment = first.strip_prefix(UNTRUSTED).map(str::trim);
        let line = if comment.is_some() {
            lines.next()?
        } else {
            first
        };
        let bytes = STANDARD.decode(line).ok()?;
        let (kind, rest) = bytes.split_first_chunk::<2>()?;
        let (id, key) = rest.split_first_chunk::<8>()?;
        if kind != b"Ed" {
            return None;
        }
        Some(Self {
            id: *id,
            point: key.try_into().ok()?,
            base64: line.to_owned(),
            comment: comment.map(str::to_owned),
        })
    }

    fn signer(&self) -> Signer {
        Signer {
            name: self.comment.clone(),
            ..Signer::of(name_of(self.id))
        }
    }
}

/// A key's id as minisign prints it: a number, the least byte first.
fn name_of(id: [u8; 8]) -> String {
    format!("{:016X}", u64::from_le_bytes(id))
}

/// Whether a file is a signature of minisign or signify.
pub(crate) fn is_signature(file: &[u8]) -> bool {
    file.starts_with(UNTRUSTED.as_bytes())
}

/// A signature's file, cut into lines.
struct File<'a> {
    bytes: Vec<u8>,
    text: &'a str,
    trusted: bool,
    /// What follows the second line.
    rest: &'a str,
}

impl<'a> File<'a> {
    fn read(file: &'a [u8]) -> Result<Self, &'static str> {
        let text = std::str::from_utf8(file).map_err(|_| "it is not text")?;
        let (_, rest) = text.split_once('\n').ok_or("it has one line only")?;
        let (line, rest) = rest.split_once('\n').unwrap_or((rest, ""));
        let bytes = STANDARD
            .decode(line.trim_end())
            .map_err(|_| "its second line is not base64")?;
        if bytes.len() != 74 {
            return Err("it is of another length than such signatures");
        }
        Ok(Self {
            bytes,
            text,
            trusted: rest.starts_with(TRUSTED),
            rest,
        })
    }

    fn id(&self) -> [u8; 8] {
        let mut id = [0; 8];
        id.copy_from_slice(&self.bytes[2..10]);
        id
    }
}

/// Judges a signature of minisign or signify. The text is what it holds and vouches for itself.
pub fn verify(
    data: Option<Data<'_>>,
    signature: &[u8],
    keys: &[Key],
    legacy: Legacy,
) -> Result<(Option<Vec<u8>>, Report), Error> {
    let file = match File::read(signature) {
        Ok(file) => file,
        Err(why) => {
            let why = format!("it cannot be read: {why}");
            let judged = Judgement::new(Verdict::Malformed, Method::Signify, why);
            return Ok((None, Report::of(vec![judged], Method::Signify)));
        }
    };
    let method = if file.trusted {
        Method::Minisign
    } else {
        Method::Signify
    };
    let (text, judged) = match keys.iter().find(|key| key.id == file.id()) {
        None => {
            let id = name_of(file.id());
            let why = format!("the key {id} is not among those given");
            let judged = Judgement::new(Verdict::UnknownSigner, method, why);
            (None, judged.by(Signer::of(id)))
        }
        Some(key) if file.trusted => (None, minisign(&file, key, data, legacy)?),
        Some(key) => signify(&file, key, data)?,
    };
    Ok((text, Report::of(vec![judged], method)))
}

fn minisign(
    file: &File<'_>,
    key: &Key,
    data: Option<Data<'_>>,
    legacy: Legacy,
) -> Result<Judgement, Error> {
    use minisign_verify::{PublicKey, Signature};
    let say = |verdict, why: &str| Judgement::new(verdict, Method::Minisign, why).by(key.signer());
    let unreadable = |_| say(Verdict::Malformed, "it cannot be read");
    let read = PublicKey::from_base64(&key.base64)
        .and_then(|key| Ok((key, Signature::decode(file.text)?)))
        .map_err(unreadable);
    let (public, signature) = match read {
        Ok(read) => read,
        Err(judged) => return Ok(judged),
    };
    let data = data.ok_or(Error::Missing)?;
    let prehashed = &file.bytes[..2] == b"ED";
    let verified = if prehashed {
        let mut stream = match public.verify_stream(&signature) {
            Ok(stream) => stream,
            Err(error) => return Ok(say(Verdict::Bad, &error.to_string())),
        };
        data.each(|piece| stream.update(piece))?;
        stream.finalize()
    } else {
        public.verify(&data.whole(WHOLE_BYTES)?, &signature, true)
    };
    Ok(match (verified, prehashed, legacy) {
        (Err(_), ..) => say(
            Verdict::Bad,
            "it does not belong to these bytes, or its trusted comment was changed",
        ),
        (Ok(()), true, _) => say(Verdict::Good, "Ed25519 with BLAKE2b").because(format!(
            "the trusted comment says: {}",
            signature.trusted_comment()
        )),
        (Ok(()), false, Legacy::Accept) => say(
            Verdict::GoodWeak,
            "Ed25519 over the file itself, as minisign made it before 2018",
        ),
        (Ok(()), false, Legacy::Refuse) => say(
            Verdict::GoodWeakRefuse,
            "it is over the file itself, which was asked to be refused",
        ),
    })
}

fn signify(
    file: &File<'_>,
    key: &Key,
    data: Option<Data<'_>>,
) -> Result<(Option<Vec<u8>>, Judgement), Error> {
    let say = |verdict, why: &str| Judgement::new(verdict, Method::Signify, why).by(key.signer());
    if &file.bytes[..2] != b"Ed" {
        let why = "it is of a kind that signify does not make";
        return Ok((None, say(Verdict::Malformed, why)));
    }
    let embedded = !file.rest.is_empty();
    let message = match data {
        _ if embedded => file.rest.as_bytes().to_vec(),
        Some(data) => data.whole(WHOLE_BYTES)?,
        None => return Err(Error::Missing),
    };
    let signature = Signature::from_slice(&file.bytes[10..]);
    let verified = VerifyingKey::from_bytes(&key.point)
        .and_then(|key| key.verify_strict(&message, &signature?))
        .is_ok();
    if !verified {
        let why = "it does not belong to these bytes";
        return Ok((None, say(Verdict::Bad, why)));
    }
    let mut judged = say(Verdict::Good, "Ed25519");
    if !embedded {
        return Ok((None, judged));
    }
    judged.signed = Signed::Text;
    Ok((Some(message), judged))
}

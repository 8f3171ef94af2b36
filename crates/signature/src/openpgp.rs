//! Signatures of OpenPGP: detached, inline and clear-signed, judged at the time of signing and now.
//!
//! The mathematics and the parsing are Sequoia's. What a signature is worth is decided here, since
//! Sequoia's own verifier answers yes or no: whether a signature verifies comes first, then what
//! the key was worth when it was made, what it is worth today, and how weak the algorithms are.

mod anything;
mod clear;
mod digests;
mod judge;
mod keyring;
mod packets;

use jiff::Timestamp;

use crate::{Data, Error, Judgement, Method, Report, Signed, Verdict};

pub use clear::Cleartext;
use digests::Digests;
pub use keyring::{Keyring, KeyringError};
use packets::{Found, Packets};

/// What a detached signature's file may have; the largest seen has 12 KB.
const SIGNATURE_BYTES: usize = 4 << 20;

/// Signatures of one file that are looked at.
pub(crate) const SIGNATURES: usize = 32;

/// Judges a signature file over data: detached, or with the data in it.
///
/// Where a detached signature does not belong to the file, but the file is compressed, the
/// signature may be over what it holds. The text is what the signature's file holds itself; whether
/// it vouches for the data is not asked here.
pub fn verify(
    data: Option<Data<'_>>,
    signature: &[u8],
    keyring: &Keyring,
    now: Timestamp,
) -> Result<(Option<Vec<u8>>, Report), Error> {
    if signature.len() > SIGNATURE_BYTES {
        let name = "the signature".to_owned();
        let most = SIGNATURE_BYTES as u64;
        return Err(Error::TooLarge { name, most });
    }
    if clear::is_clear_signed(signature) {
        let (text, report) = verify_clear(signature, keyring, now);
        return Ok((text.map(|text| text.bytes), report));
    }
    match packets::read(signature) {
        Packets::Detached(found) => Ok((None, verify_detached(data, &found, keyring, now)?)),
        Packets::Inline(found, body) => {
            let report = verify_text(&found, &body, keyring, now);
            Ok((Some(body), report))
        }
    }
}

/// Judges a clear-signed document; the text is what the signatures are over and nothing else.
pub fn verify_clear(
    document: &[u8],
    keyring: &Keyring,
    now: Timestamp,
) -> (Option<Cleartext>, Report) {
    match clear::read(document) {
        Ok((text, signatures)) => {
            let Packets::Detached(found) = packets::read(signatures) else {
                return (
                    None,
                    malformed("a message stands in place of its signature"),
                );
            };
            let mut report = verify_text(&found, &text.canonical, keyring, now);
            if text.outside {
                for it in &mut report.signatures {
                    it.why
                        .push("text before or after the signed one is not signed".to_owned());
                }
            }
            (Some(text), report)
        }
        Err(reason) => (None, malformed(reason)),
    }
}

fn malformed(why: &str) -> Report {
    let none = Judgement::new(Verdict::Malformed, Method::Openpgp, why);
    Report::of(vec![none], Method::Openpgp)
}

fn verify_detached(
    data: Option<Data<'_>>,
    found: &[Found],
    keyring: &Keyring,
    now: Timestamp,
) -> Result<Report, Error> {
    let known = found.iter().any(|it| it.known_to(keyring));
    let mut digests = Digests::for_signatures(found);
    match data {
        Some(data) => data.each(|piece| digests.update(piece))?,
        // Whose it is can be told without the data, if they are unknown anyway.
        None if known => return Err(Error::Missing),
        None => {}
    }
    let judge = |digests: &Digests| -> Vec<Judgement> {
        let judged = found
            .iter()
            .map(|it| judge::judge(it, digests, keyring, now));
        judged.collect()
    };
    let outer = judge(&digests);
    let is_bad = outer.iter().any(|it| it.verdict == Verdict::Bad);
    let accepted = outer.iter().any(|it| it.verdict.accepts());
    let (Some(data), true, false) = (data, is_bad, accepted) else {
        return Ok(Report::of(outer, Method::Openpgp));
    };
    let mut digests = Digests::for_signatures(found);
    // What cannot be decompressed has no other layer; that is for those to tell who unpack it.
    if !matches!(data.each_inner(|piece| digests.update(piece)), Ok(true)) {
        return Ok(Report::of(outer, Method::Openpgp));
    }
    let mut inner = judge(&digests);
    for (inner, outer) in inner.iter_mut().zip(outer) {
        if inner.verdict == Verdict::Bad {
            *inner = outer;
        } else if outer.verdict == Verdict::Bad {
            inner.signed = Signed::Inner;
            let why = "the signature is over what the file holds once it is decompressed";
            inner.why.push(why.to_owned());
        }
    }
    Ok(Report::of(inner, Method::Openpgp))
}

fn verify_text(found: &[Found], text: &[u8], keyring: &Keyring, now: Timestamp) -> Report {
    let mut digests = Digests::for_signatures(found);
    digests.update(text);
    let judged = found.iter().map(|it| {
        let mut judged = judge::judge(it, &digests, keyring, now);
        judged.signed = Signed::Text;
        judged
    });
    Report::of(judged.collect(), Method::Openpgp)
}

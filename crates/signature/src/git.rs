//! Signed tags and commits of git, by OpenPGP and by SSH.
//!
//! git itself is content when a tag's signature verifies, under whatever name the tag is found. But
//! the name is within what is signed: an old release's tag under a new name is a replay, and told.
//! The repository is only read; no setting of its owner is followed and nothing of it is run.

mod repository;

use bstr::ByteSlice;
use jiff::Timestamp;
use serde::Serialize;

use crate::{Data, Judgement, Keys, Method, Report, Signed, Verdict, openpgp, ssh};

pub use repository::{RepositoryError, read_commit, read_tag};

/// Beginnings of signatures at the end of a tag.
const BEGINNINGS: [&[u8]; 4] = [
    b"-----BEGIN PGP SIGNATURE-----",
    b"-----BEGIN PGP MESSAGE-----",
    b"-----BEGIN SSH SIGNATURE-----",
    b"-----BEGIN SIGNED MESSAGE-----",
];

/// A tag or a commit, parted into what is signed and the signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    payload: Vec<u8>,
    signature: Option<Vec<u8>>,
    /// What a tag calls itself.
    tag: Option<String>,
    made: Option<Timestamp>,
}

/// What a tag or a commit is worth.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It has signatures, and that is what they are worth.
    Signed(Report),
    /// It is not signed.
    Unsigned,
    /// The name stands for a commit; there is no tag that could be signed.
    NoTagObject,
}

impl Object {
    /// Parts a tag as git stores it. The signature is the last that begins at a line's start.
    pub fn tag(raw: &[u8]) -> Self {
        let starts = BEGINNINGS.iter().filter_map(|begin| {
            let mut found = raw.rfind_iter(begin);
            found.find(|&at| at == 0 || raw[at - 1] == b'\n')
        });
        let (payload, signature) = match starts.max() {
            Some(at) => (raw[..at].to_vec(), Some(raw[at..].to_vec())),
            None => (raw.to_vec(), None),
        };
        let tag = header(&payload, b"tag ").map(|name| name.to_str_lossy().into_owned());
        let made = header(&payload, b"tagger ").and_then(time);
        Self {
            payload,
            signature,
            tag,
            made,
        }
    }

    /// Parts a commit as git stores it. The signature is a header, which is not signed itself.
    pub fn commit(raw: &[u8]) -> Self {
        let mut payload = Vec::new();
        let mut signature: Option<Vec<u8>> = None;
        let mut field = None;
        let mut in_message = false;
        for line in raw.lines_with_terminator() {
            if in_message {
                payload.extend_from_slice(line);
                continue;
            }
            in_message = line == b"\n";
            if let (Some(of_object), Some(more)) = (field, line.strip_prefix(b" ")) {
                if of_object {
                    signature.get_or_insert_default().extend_from_slice(more);
                }
                continue;
            }
            field = None;
            if let Some(first) = line.strip_prefix(b"gpgsig ") {
                // A second one is for nobody.
                field = Some(signature.is_none());
                signature.get_or_insert_with(|| first.to_vec());
            } else if line.starts_with(b"gpgsig-sha256 ") {
                field = Some(false);
            } else {
                payload.extend_from_slice(line);
            }
        }
        let made = header(&payload, b"committer ").and_then(time);
        Self {
            payload,
            signature,
            tag: None,
            made,
        }
    }

    /// Judges it; a tag should call itself by the name under which it was found.
    pub fn judge(&self, name: Option<&str>, keys: &Keys, now: Timestamp) -> Standing {
        let Some(signature) = &self.signature else {
            return Standing::Unsigned;
        };
        let data = Some(Data::Bytes(&self.payload));
        // The signature of SSH has no time of its own; that of the tag is within what is signed.
        let answer = if ssh::is_signature(signature) {
            let at = self.made.unwrap_or(now);
            ssh::verify(data, signature, &keys.ssh, "git", at).map(|report| (None, report))
        } else {
            openpgp::verify(data, signature, &keys.openpgp, now)
        };
        let (text, mut report) = answer.unwrap_or_else(|error| {
            let unread = Judgement::new(Verdict::Malformed, Method::Openpgp, error.to_string());
            (None, Report::of(vec![unread], Method::Openpgp))
        });
        // Whoever has a signed message of somebody could put it here in place of a signature.
        if text.is_some() {
            refuse(
                &mut report,
                "it is over a text of its own, not over the object",
            );
        }
        for judged in &mut report.signatures {
            judged.signed = Signed::GitObject;
            judged.made = judged.made.or(self.made);
        }
        if let (Some(name), Some(tag)) = (name, &self.tag)
            && name != tag
        {
            refuse(&mut report, &replay(name, tag));
        }
        Standing::Signed(report)
    }
}

fn replay(name: &str, tag: &str) -> String {
    format!("tag name differs: it was signed as {tag:?} and is found as {name:?}")
}

fn refuse(report: &mut Report, why: &str) {
    for judged in &mut report.signatures {
        if judged.verdict.accepts() {
            judged.verdict = Verdict::Bad;
        }
        judged.why.insert(0, why.to_owned());
    }
    let method = report.deciding().method;
    *report = Report::of(std::mem::take(&mut report.signatures), method);
}

/// The first header of a name.
fn header<'a>(object: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut headers = object.lines().take_while(|line| !line.is_empty());
    headers.find_map(|line| line.strip_prefix(name))
}

/// The time of `Name <address> SECONDS ZONE`.
fn time(who: &[u8]) -> Option<Timestamp> {
    let after = &who[who.rfind_byte(b'>')? + 1..];
    let seconds = after.to_str().ok()?.split_whitespace().next()?;
    Timestamp::from_second(seconds.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "object 00\ntype commit\ntag v1\ntagger A <a@x> 1717200000 +0200\n\nnews\n";

    #[test]
    fn a_tag_is_parted_where_its_last_signature_begins() {
        let signature = "-----BEGIN PGP SIGNATURE-----\nAAAA\n-----END PGP SIGNATURE-----\n";
        let tag = Object::tag(format!("{TAG}{signature}").as_bytes());
        assert_eq!(tag.payload, TAG.as_bytes());
        assert_eq!(tag.signature.unwrap(), signature.as_bytes());
        assert_eq!(tag.tag.as_deref(), Some("v1"));
        assert_eq!(tag.made.unwrap().as_second(), 1_717_200_000);
    }

    #[test]
    fn a_signature_within_a_line_is_text() {
        let text = format!("{TAG}see -----BEGIN PGP SIGNATURE-----\n");
        assert!(Object::tag(text.as_bytes()).signature.is_none());
    }

    #[test]
    fn the_signature_of_a_commit_is_not_part_of_what_is_signed() {
        let raw = "tree 00\ncommitter A <a@x> 5 +0000\ngpgsig -----BEGIN\n a\n b\ngpgsig-sha256 c\n \
                   d\nencoding x\n\ngpgsig of the message\n";
        let commit = Object::commit(raw.as_bytes());
        let payload = "tree 00\ncommitter A <a@x> 5 +0000\nencoding x\n\ngpgsig of the message\n";
        assert_eq!(commit.payload.to_str_lossy(), payload);
        assert_eq!(commit.signature.unwrap(), b"-----BEGIN\na\nb\n");
    }

    #[test]
    fn what_is_broken_is_read_as_far_as_it_goes() {
        for raw in ["", "\n", "gpgsig ", " x", "tag v1", "tagger >"] {
            Object::tag(raw.as_bytes());
            Object::commit(raw.as_bytes());
        }
    }
}

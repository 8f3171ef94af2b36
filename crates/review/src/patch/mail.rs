//! From a file to its patches: a mailbox of several mails, one mail, or a diff as it is.
//!
//! Bodies in quoted-printable or base64 are decoded. Patches that are attached count like those in
//! the text; forwarded mails do not.

use std::borrow::Cow;

use bstr::ByteSlice;
use mail_parser::{MessageParser, MessagePart, MimeHeaders, PartType};

use super::{PATCH_BYTES, Patch, PatchError, unified};

/// The most mails of a series.
const MAILS: usize = 10_000;

/// The most bytes of an explanation that are kept.
const MESSAGE_BYTES: usize = 64 << 10;

/// Reads all patches of a file, in their order.
pub fn read(bytes: &[u8]) -> Result<Vec<Patch>, PatchError> {
    if bytes.len() as u64 > PATCH_BYTES {
        return Err(PatchError::TooLong(PATCH_BYTES));
    }
    let starts = mail_starts(bytes);
    if starts.len() > MAILS {
        return Err(PatchError::TooMany {
            what: "mails",
            limit: MAILS,
        });
    }
    let mut patches = Vec::new();
    if starts.is_empty() {
        let patch = if looks_like_mail(bytes) {
            of_mail(bytes, 1)?
        } else {
            of_text(bytes, 1)?
        };
        patches.push(patch);
    }
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    let mut counted = (0, 1);
    for (start, end) in starts.iter().copied().zip(ends) {
        let line = counted.1 + count_lines(&bytes[counted.0..start]);
        counted = (start, line);
        let mail = &bytes[start..end];
        let head = mail.find_byte(b'\n').map_or(mail.len(), |at| at + 1);
        patches.push(of_mail(&mail[head..], line + 1)?);
    }
    patches.retain(|patch| !patch.files.is_empty());
    if patches.is_empty() {
        return Err(PatchError::Empty);
    }
    in_order(&mut patches);
    Ok(patches)
}

fn count_lines(bytes: &[u8]) -> usize {
    bytes.find_iter(b"\n").count()
}

/// Where mails begin: `From ` at the start or behind an empty line, and a header in the next line.
fn mail_starts(bytes: &[u8]) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut at = 0;
    let mut blank = true;
    for line in bytes.lines_with_terminator() {
        let next = &bytes[at + line.len()..];
        if blank && line.starts_with(b"From ") && looks_like_mail(next) {
            starts.push(at);
        }
        blank = line.trim().is_empty();
        at += line.len();
    }
    // What stands before the first mail is no mail.
    starts
}

/// Whether bytes begin with a header such as `Subject: …`.
fn looks_like_mail(bytes: &[u8]) -> bool {
    let line = bytes.lines().next().unwrap_or_default();
    let Some((name, _)) = line.split_once_str(":") else {
        return false;
    };
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    !name.is_empty() && name.len() < 64 && name.iter().all(is_name)
}

/// Reads a mail. Lines are told by their place in the file where the body stands there as it is.
fn of_mail(bytes: &[u8], line: usize) -> Result<Patch, PatchError> {
    let Some(message) = MessageParser::default().parse(bytes) else {
        return of_text(bytes, line);
    };
    let is_crlf = bytes
        .lines_with_terminator()
        .next()
        .is_some_and(|it| it.ends_with(b"\r\n"));
    let mut patch = Patch {
        subject: message.subject().map(plain_subject),
        author: message.from().and_then(|from| {
            let first = from.first()?;
            let address = first.address().unwrap_or_default();
            Some(match first.name() {
                Some(name) => format!("{name} <{address}>"),
                None => address.to_owned(),
            })
        }),
        ..Patch::default()
    };
    for part in &message.parts {
        let Some(body) = body_of(part, bytes) else {
            continue;
        };
        let body = if is_crlf {
            Cow::Owned(body.replace("\r\n", "\n"))
        } else {
            body
        };
        let offset = usize::try_from(part.raw_body_offset()).unwrap_or(0);
        let before = bytes.get(..offset).map_or(0, count_lines);
        let more = of_text(&body, line + before)?;
        if patch.message.is_empty() {
            patch.message = more.message;
        }
        patch.files.extend(more.files);
    }
    Ok(patch)
}

/// The bytes of a part that may hold a patch.
fn body_of<'m>(part: &'m MessagePart<'m>, bytes: &'m [u8]) -> Option<Cow<'m, [u8]>> {
    let is_plain = part.content_transfer_encoding().is_none_or(|encoding| {
        ["7bit", "8bit", "binary"]
            .iter()
            .any(|it| encoding.eq_ignore_ascii_case(it))
    });
    match &part.body {
        PartType::Text(_) | PartType::Binary(_) | PartType::InlineBinary(_) if is_plain => {
            // The bytes as they are: a changed file need not be in the mail's character set.
            let start = usize::try_from(part.raw_body_offset()).ok()?;
            let end = usize::try_from(part.raw_end_offset()).ok()?;
            bytes.get(start..end).map(Cow::Borrowed)
        }
        PartType::Text(text) => Some(Cow::Borrowed(text.as_bytes())),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => Some(Cow::Borrowed(bytes)),
        PartType::Html(_) | PartType::Message(_) | PartType::Multipart(_) => None,
    }
}

/// Reads text: what stands before the first diff is the message.
fn of_text(bytes: &[u8], line: usize) -> Result<Patch, PatchError> {
    let (files, preamble) = unified::read(bytes, line)?;
    let message = &bytes[..preamble.min(MESSAGE_BYTES)];
    let message = message.to_str_lossy();
    let message = message.split("\n---\n").next().unwrap_or_default();
    Ok(Patch {
        message: message.trim().to_owned(),
        files,
        ..Patch::default()
    })
}

/// A subject in one line; [`in_order`] needs what stands in brackets before it.
fn plain_subject(subject: &str) -> String {
    subject
        .split_ascii_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Sorts a series by its numbers (`[PATCH 2/3]`) where each mail has one, and takes brackets off.
fn in_order(patches: &mut [Patch]) {
    let number = |patch: &Patch| {
        let subject = patch.subject.as_deref()?;
        let bracket = subject.strip_prefix('[')?.split_once(']')?.0;
        let number = bracket
            .split_ascii_whitespace()
            .find_map(|word| word.split_once('/'))?
            .0;
        number.parse::<u32>().ok()
    };
    if patches.iter().all(|patch| number(patch).is_some()) {
        patches.sort_by_key(|patch| number(patch));
    }
    for subject in patches
        .iter_mut()
        .filter_map(|patch| patch.subject.as_mut())
    {
        let mut plain = subject.as_str();
        while let Some((_, rest)) = plain
            .strip_prefix('[')
            .and_then(|inner| inner.split_once(']'))
        {
            plain = rest.trim_start();
        }
        *subject = plain.to_owned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIFF: &str = "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b=c\n";

    #[test]
    fn a_plain_diff_is_a_patch() {
        let patches = read(DIFF.as_bytes()).unwrap();
        assert_eq!(patches.len(), 1);
        assert_eq!(patches[0].files[0].path(), "f");
    }

    #[test]
    fn a_mailbox_is_a_series_in_the_order_of_its_numbers() {
        let mail = |number, name: &str| {
            format!(
                "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n\
                 From: A B <a@example.org>\nSubject: [PATCH {number}/2] {name}\n\nWhy.\n---\n f | 2 +-\n\n{DIFF}-- \n2.45\n\n"
            )
        };
        let patches = read((mail(2, "gnu: b") + &mail(1, "gnu: a")).as_bytes()).unwrap();
        let subjects: Vec<_> = patches
            .iter()
            .map(|it| it.subject.as_deref().unwrap())
            .collect();
        assert_eq!(subjects, ["gnu: a", "gnu: b"]);
        assert_eq!(patches[0].author.as_deref().unwrap(), "A B <a@example.org>");
        assert_eq!(patches[0].message, "Why.");
        let Some(super::super::Body::Hunks(hunks)) = patches[1].files.first().map(|it| &it.body)
        else {
            panic!("no hunks");
        };
        assert_eq!(hunks[0].line, 12);
    }

    #[test]
    fn encoded_bodies_are_decoded() {
        let quoted = DIFF.replace('=', "=3D").replace("+b", "+=\nb");
        let head = "From: a@example.org\nSubject: [PATCH] x\nMIME-Version: 1.0\n\
                    Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: ";
        let quoted = format!("{head}quoted-printable\n\n{quoted}");
        let base = format!(
            "{head}base64\n\nZGlmZiAtLWdpdCBhL2YgYi9mCi0tLSBhL2YKKysrIGIvZgpAQCAtMSArMSBAQAotYQorYj1jCg==\n"
        );
        let plain = read(DIFF.as_bytes()).unwrap();
        for mail in [quoted, base] {
            let patches = read(mail.as_bytes()).unwrap();
            let Body::Hunks(hunks) = &patches[0].files[0].body else {
                panic!("no hunks");
            };
            let Body::Hunks(expected) = &plain[0].files[0].body else {
                panic!("no hunks");
            };
            assert_eq!(hunks[0].lines, expected[0].lines);
        }
    }

    #[test]
    fn what_is_no_patch_is_said_to_be_none() {
        assert!(matches!(read(b"hello\n"), Err(PatchError::Empty)));
    }

    use super::super::Body;
}

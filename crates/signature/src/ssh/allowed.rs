//! `allowed_signers` (ssh-keygen(1), ALLOWED SIGNERS), and plain public keys.

use jiff::Timestamp;
use jiff::civil::DateTime;
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use crate::Verdict;

/// Lines of a file that are read.
const LINES: usize = 10_000;

/// The keys that may sign, for whom, and for what.
#[derive(Clone, Debug, Default)]
pub struct AllowedSigners {
    signers: Vec<Allowed>,
}

/// A line that is none of such a file.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct AllowedSignersError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// A key, and what it may sign.
#[derive(Clone, Debug)]
pub(super) struct Allowed {
    pub(super) principals: Vec<String>,
    namespaces: Option<Vec<String>>,
    after: Option<Timestamp>,
    before: Option<Timestamp>,
    key: KeyData,
}

impl AllowedSigners {
    /// Adds what a file holds: lines of allowed signers, or public keys as `ssh-keygen` writes
    /// them.
    ///
    /// Keys of authorities that certify others are left out: certificates are not followed.
    pub fn add(&mut self, text: &str) -> Result<(), AllowedSignersError> {
        for (number, line) in text.lines().enumerate() {
            if number == LINES {
                let reason = "there are more lines than any such file has";
                return Err(AllowedSignersError {
                    line: LINES + 1,
                    reason,
                });
            }
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match allowed(line) {
                Ok(Some(allowed)) => self.signers.push(allowed),
                Ok(None) => {}
                Err(reason) => {
                    let line = number + 1;
                    return Err(AllowedSignersError { line, reason });
                }
            }
        }
        Ok(())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.signers.is_empty()
    }

    /// What is allowed to a key for a purpose at a time. Of several lines for it, one that allows
    /// that counts; else the one that allows most recently.
    pub(super) fn of(&self, key: &KeyData, namespace: &str, at: Timestamp) -> Option<&Allowed> {
        let lines = self.signers.iter().filter(|it| it.key == *key);
        lines.max_by_key(|it| {
            let accepts = it.judge(namespace, at).0.accepts();
            (accepts, it.before.unwrap_or(Timestamp::MAX))
        })
    }
}

impl Allowed {
    /// What a signature of the key is worth that was made for a purpose at a time.
    pub(super) fn judge(&self, namespace: &str, at: Timestamp) -> (Verdict, Option<String>) {
        if let Some(allowed) = &self.namespaces
            && !allowed.iter().any(|pattern| matches(pattern, namespace))
        {
            let why = format!(
                "the key may sign for {}, not for {namespace}",
                allowed.join(",")
            );
            return (Verdict::Bad, Some(why));
        }
        if let Some(before) = self.before.filter(|before| at >= *before) {
            let why = format!("the key was allowed until {before} only");
            return (Verdict::KeyExpiredAtSigning, Some(why));
        }
        if let Some(after) = self.after.filter(|after| at < *after) {
            let why = format!("the key is allowed from {after} on only");
            return (Verdict::UnknownSigner, Some(why));
        }
        (Verdict::Good, None)
    }
}

fn allowed(line: &str) -> Result<Option<Allowed>, &'static str> {
    let (first, rest) = word(line);
    if let Ok(key) = PublicKey::from_openssh(line)
        && key_type(first)
    {
        return Ok(Some(Allowed {
            principals: vec![key.comment().to_owned()],
            namespaces: None,
            after: None,
            before: None,
            key: key.key_data().clone(),
        }));
    }
    let (mut options, mut key) = word(rest);
    if key_type(options) {
        (options, key) = ("", rest);
    }
    let mut read = Allowed {
        principals: first
            .trim_matches('"')
            .split(',')
            .map(str::to_owned)
            .collect(),
        namespaces: None,
        after: None,
        before: None,
        key: PublicKey::from_openssh(key)
            .map_err(|_| "there is no key of SSH in it")?
            .key_data()
            .clone(),
    };
    for option in split(options) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let value = value.trim_matches('"');
        match name.to_ascii_lowercase().as_str() {
            "" => {}
            "cert-authority" => return Ok(None),
            "namespaces" => {
                read.namespaces = Some(value.split(',').map(str::to_owned).collect());
            }
            "valid-after" => read.after = Some(time(value).ok_or("valid-after is no time")?),
            "valid-before" => read.before = Some(time(value).ok_or("valid-before is no time")?),
            // What it would forbid is not known, so nothing is allowed.
            _ => return Err("it has an option that is not known"),
        }
    }
    Ok(Some(read))
}

fn key_type(word: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-"]
        .iter()
        .any(|it| word.starts_with(it))
        && !word.contains('@')
        || word.starts_with("sk-ssh-ed25519@")
        || word.starts_with("sk-ecdsa-sha2-nistp256@")
}

/// The first word; blanks within quotes belong to it.
fn word(line: &str) -> (&str, &str) {
    let mut quoted = false;
    let end = line.find(|c: char| {
        quoted ^= c == '"';
        !quoted && c.is_ascii_whitespace()
    });
    let (word, rest) = line.split_at(end.unwrap_or(line.len()));
    (word, rest.trim_start())
}

/// Options, with commas between them; those within quotes belong to the option.
fn split(options: &str) -> Vec<&str> {
    let mut quoted = false;
    let comma = |c: char| {
        quoted ^= c == '"';
        !quoted && c == ','
    };
    options.split(comma).collect()
}

/// `YYYYMMDD[HHMM[SS]][Z]`. OpenSSH takes one without `Z` as of the machine's zone; here it is UTC.
fn time(text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix('Z').unwrap_or(text);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || ![8, 12, 14].contains(&digits.len()) {
        return None;
    }
    let whole = format!("{digits:0<14}");
    let time = DateTime::strptime("%Y%m%d%H%M%S", whole).ok()?;
    let zoned = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(zoned.timestamp())
}

/// A pattern of OpenSSH: `*` for anything, `?` for one character.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut from, mut star) = (0, 0, None);
    while from < text.len() {
        if at < pattern.len() && pattern[at] == b'*' {
            star = Some((at, from));
            at += 1;
        } else if at < pattern.len() && (pattern[at] == b'?' || pattern[at] == text[from]) {
            at += 1;
            from += 1;
        } else if let Some((place, begun)) = star {
            at = place + 1;
            from = begun + 1;
            star = Some((place, begun + 1));
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHaHs5bIPT+B4hQ29l98nFakdEPtQv5x+HQA8nJIPZ80";

    fn one(line: &str) -> Allowed {
        allowed(line).unwrap().unwrap()
    }

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    #[test]
    fn a_line_may_limit_purpose_and_time() {
        let line = format!(
            "a@x,b@x namespaces=\"git,file*\",valid-after=\"20240101Z\",valid-before=\"202501010000\" {KEY}"
        );
        let key = one(&line);
        assert_eq!(key.principals, ["a@x", "b@x"]);
        let mid = at("2024-06-01T00:00:00Z");
        assert_eq!(key.judge("git", mid).0, Verdict::Good);
        assert_eq!(key.judge("file@x", mid).0, Verdict::Good);
        assert_eq!(key.judge("mail", mid).0, Verdict::Bad);
        let late = at("2025-01-01T00:00:00Z");
        assert_eq!(key.judge("git", late).0, Verdict::KeyExpiredAtSigning);
        let early = at("2023-01-01T00:00:00Z");
        assert_eq!(key.judge("git", early).0, Verdict::UnknownSigner);
    }

    #[test]
    fn each_line_of_a_key_allows_what_it_says() {
        let mut signers = AllowedSigners::default();
        let lines = format!("a namespaces=\"git\" {KEY}\na namespaces=\"file\" {KEY}\n");
        signers.add(&lines).unwrap();
        let (key, mid) = (one(&format!("{KEY} a")).key, at("2024-06-01T00:00:00Z"));
        let verdict = |namespace: &str| {
            let allowed = signers.of(&key, namespace, mid).unwrap();
            allowed.judge(namespace, mid).0
        };
        assert_eq!(verdict("git"), Verdict::Good);
        assert_eq!(verdict("file"), Verdict::Good);
        assert_eq!(verdict("mail"), Verdict::Bad);
    }

    #[test]
    fn a_file_is_read_whole_or_not_at_all() {
        let lines = "\n".repeat(LINES) + "a nonsense\n";
        let error = AllowedSigners::default().add(&lines).unwrap_err();
        assert_eq!(error.line, LINES + 1);
        assert!(error.reason.contains("more lines"), "{error}");
    }

    #[test]
    fn a_plain_public_key_will_do() {
        let key = one(&format!("{KEY} alice"));
        assert_eq!(key.principals, ["alice"]);
    }

    #[test]
    fn what_is_not_understood_allows_nothing() {
        assert!(allowed(&format!("a only-on-sundays {KEY}")).is_err());
        assert!(allowed("a ssh-ed25519 nonsense").is_err());
        assert!(
            allowed(&format!("a cert-authority {KEY}"))
                .unwrap()
                .is_none()
        );
        assert!(allowed(&format!("a valid-after=\"soon\" {KEY}")).is_err());
    }

    #[test]
    fn patterns_are_those_of_openssh() {
        assert!(matches("*", "") && matches("a?c", "abc") && matches("a*c*", "abbcd"));
        assert!(!matches("a?c", "ac") && !matches("", "a") && !matches("a*c", "abcd"));
    }
}

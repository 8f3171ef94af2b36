//! One entry of a list of fixes: free text that holds one or several identifiers.

use palisade_model::VulnerabilityId;

/// Identifiers in one entry; more are a sign that it is none.
const MOST_IDS: usize = 64;

/// Words that are quoted when they are no identifiers.
const MOST_WORDS: usize = 5;

/// What an entry holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Item<'a> {
    /// The entry without a comment behind it.
    pub(crate) text: &'a str,
    /// The comment, with its `#`.
    pub(crate) comment: Option<&'a str>,
    /// The identifiers, each once, in the entry's order.
    pub(crate) ids: Vec<VulnerabilityId>,
    /// What had to be mended or passed over.
    pub(crate) faults: Vec<String>,
}

impl<'a> Item<'a> {
    pub(crate) fn read(text: &'a str) -> Self {
        let (text, comment) = split_comment(text);
        let mut item = Self {
            text,
            comment,
            ids: Vec::new(),
            faults: Vec::new(),
        };
        let plain = item.without_remarks();
        let mut words = plain
            .split(is_separator)
            .filter(|word| !word.is_empty())
            .peekable();
        let mut odd = Vec::new();
        while let Some(word) = words.next() {
            if item.ids.len() == MOST_IDS {
                item.faults
                    .push(format!("only its first {MOST_IDS} identifiers are read"));
                break;
            }
            // `CVE 2025-48379` is one identifier, torn in two.
            let follows = |next: &&str| next.starts_with(|c: char| c.is_ascii_digit());
            if word.eq_ignore_ascii_case("CVE")
                && let Some(number) = words.next_if(follows)
            {
                item.take(
                    &format!("{word} {number}"),
                    cve(&format!("CVE-{number}")),
                    &mut odd,
                );
            } else if word
                .get(..3)
                .is_some_and(|prefix| prefix.eq_ignore_ascii_case("CVE"))
            {
                item.take(word, cve(word), &mut odd);
            } else {
                item.take(word, other(word), &mut odd);
            }
        }
        item.report_odd(&odd);
        item
    }

    /// The entry as it should have been written.
    pub(crate) fn canonical(&self) -> String {
        let ids: Vec<&str> = self.ids.iter().map(VulnerabilityId::as_str).collect();
        ids.join(" ")
    }

    /// The identifiers that get a record each, and those that become their aliases: each CVE, or
    /// the first identifier where there is none.
    pub(crate) fn heads_and_aliases(&self) -> (Vec<&VulnerabilityId>, Vec<&VulnerabilityId>) {
        let (cves, others): (Vec<_>, Vec<_>) = self.ids.iter().partition(|id| id.is_cve());
        if cves.is_empty() {
            let (first, rest) = others.split_at(others.len().min(1));
            (first.to_vec(), rest.to_vec())
        } else {
            (cves, others)
        }
    }

    fn take(&mut self, word: &str, id: Option<VulnerabilityId>, odd: &mut Vec<String>) {
        let Some(id) = id else {
            odd.push(shown(word));
            return;
        };
        if id.as_str() != word {
            self.faults
                .push(format!("{:?} is read as {id}", shown(word)));
        }
        if !self.ids.contains(&id) {
            self.ids.push(id);
        }
    }

    fn report_odd(&mut self, odd: &[String]) {
        let Some((first, rest)) = odd.split_first() else {
            if self.ids.is_empty() && self.faults.is_empty() {
                self.faults.push("it is empty".to_owned());
            }
            return;
        };
        let reason = match rest.len() {
            0 => format!("{first:?} is no identifier"),
            _ if odd.len() > MOST_WORDS => {
                let some = odd[..MOST_WORDS].join(" ");
                format!(
                    "{some:?} and {} more are no identifiers",
                    odd.len() - MOST_WORDS
                )
            }
            _ => format!("{:?} are no identifiers", odd.join(" ")),
        };
        self.faults.push(reason);
    }

    /// The text without remarks in parentheses, which speak to people: `(AoE)`.
    fn without_remarks(&mut self) -> String {
        let mut plain = String::with_capacity(self.text.len());
        let mut depth = 0_usize;
        for c in self.text.chars() {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ if depth == 0 => plain.push(c),
                _ => {}
            }
        }
        if let Some(start) = self.text.find('(') {
            let remark = shown(&self.text[start..]);
            self.faults
                .push(format!("the remark {remark:?} is passed over"));
        }
        plain
    }
}

/// Cuts off what YAML takes for a comment: from a `#` at the beginning or behind a blank.
pub(crate) fn split_comment(text: &str) -> (&str, Option<&str>) {
    let starts = |&(at, _): &(usize, &str)| at == 0 || text[..at].ends_with([' ', '\t']);
    match text.match_indices('#').find(starts) {
        Some((at, _)) => (&text[..at], Some(&text[at..])),
        None => (text, None),
    }
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | '/' | ';' | '&' | '+')
}

/// A CVE identifier, in spite of underscores (`CVE_2019-2426`), dashes of other kinds, and what
/// is glued to its end (`CVE-2021-35940.patch`, `CVE-2017-17434-1`).
fn cve(word: &str) -> Option<VulnerabilityId> {
    let dashed: String = word.chars().take(64).map(ascii_dash).collect();
    let numbers = dashed.get(3..)?.strip_prefix('-')?;
    let (year, rest) = numbers.split_once('-')?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, glued) = rest.split_at(digits);
    if glued.starts_with(|c: char| c.is_alphanumeric()) {
        return None;
    }
    format!("CVE-{year}-{number}").parse().ok()
}

fn ascii_dash(c: char) -> char {
    match c {
        '_' | '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => other,
    }
}

/// An identifier of another authority. Words are none: there is a digit, and a dash
/// (`TALOS-2017-0488`) or a long number (`VSV00010`).
fn other(word: &str) -> Option<VulnerabilityId> {
    let word = word.trim_matches(|c: char| matches!(c, '.' | ':' | '"' | '\'' | '[' | ']'));
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let shaped = if word.contains('-') {
        digits > 0
    } else {
        digits >= 4
    };
    let placeholder = word.contains(['?', '*']);
    let ghsa = word.starts_with("GHSA-");
    if (shaped || ghsa) && !placeholder {
        word.parse().ok()
    } else {
        None
    }
}

/// Text from outside as a message may quote it: short and on one line.
pub(crate) fn shown(text: &str) -> String {
    shown_up_to(80, text)
}

/// Text from outside on one line, as many characters of it.
pub(crate) fn shown_up_to(characters: usize, text: &str) -> String {
    let line = text
        .chars()
        .take(characters)
        .map(|c| if c.is_control() { ' ' } else { c });
    let line: String = line.collect();
    line.trim().to_owned()
}

//! Ranges that CNAs write as words or signs into a field meant for one version.
//!
//! The grammar is small on purpose; what it does not cover whole is one exact version, which
//! matches nothing by accident:
//!
//! ```text
//! text    = part *( ("," / ";") part )          each part must be understood
//! part    = 1*( sign version )                  ">= 1.0 < 1.2", "= 1.5"
//!         / before version                      "before 1.2", "prior to 1.2"
//!         / upto version                        "up to 1.4", "through 1.4"
//!         / version ["and" / "or"] earlier      "1.2 and earlier"
//!         / version ["and" / "or"] later        "1.2 and later"
//!         / ["from"] version (upto / "-") version      "1.0 through 1.4"
//!         / ["from"] version before version            "1.0 before 1.4"
//!         / version
//! ```
//!
//! Fillers such as "version", "versions" and "all versions" may stand anywhere. A comma between
//! `>= 1.0` and `< 1.2` joins them into one range, as GitHub writes it.

use palisade_model::{Lower, Span, Upper};

/// Longer text is a sentence.
const LONGEST: usize = 400;

/// Whether text may name a version.
pub(super) fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

/// A bound without the sign that some CNAs repeat in front of it.
pub(super) fn without_signs(text: &str) -> &str {
    text.trim()
        .trim_start_matches(['<', '>', '=', '\u{2264}', '\u{2265}'])
        .trim_start()
}

/// The spans that a text of one `version` field stands for; never none.
pub(crate) fn spans(text: &str) -> Vec<Span> {
    let text = text.trim();
    if text == "*" || is_all(text) {
        return vec![Span::All];
    }
    if !has_digit(text) {
        return vec![Span::NotStated];
    }
    let understood = if text.len() <= LONGEST {
        understand(text)
    } else {
        None
    };
    understood.unwrap_or_else(|| vec![Span::Exact(text.to_owned())])
}

fn is_all(text: &str) -> bool {
    let text = text.trim_end_matches('.');
    ["all", "all versions", "any", "any version"]
        .iter()
        .any(|all| text.eq_ignore_ascii_case(all))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Version(&'a str),
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    Before,
    UpTo,
    Earlier,
    Later,
    And,
    From,
    Divider,
}

fn understand(text: &str) -> Option<Vec<Span>> {
    let tokens = tokens(text)?;
    let mut spans = Vec::new();
    for part in tokens.split(|token| *token == Token::Divider) {
        if let Some(span) = part_with_signs(part, &mut spans) {
            spans.extend(span);
        } else if !part.is_empty() {
            spans.push(part_in_words(part)?);
        }
    }
    (!spans.is_empty()).then_some(spans)
}

/// Cuts text into tokens; `None` if a word is unknown.
fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut words = text.split_ascii_whitespace().peekable();
    while let Some(word) = words.next() {
        let (word, divides) = match word.strip_suffix([',', ';']) {
            Some(word) => (word, true),
            None => (word, false),
        };
        word_tokens(word, &mut words, &mut tokens)?;
        if divides {
            tokens.push(Token::Divider);
        }
    }
    Some(tokens)
}

type Words<'a> = std::iter::Peekable<std::str::SplitAsciiWhitespace<'a>>;

fn word_tokens<'a>(word: &'a str, rest: &mut Words<'a>, tokens: &mut Vec<Token<'a>>) -> Option<()> {
    let (sign, word) = sign(word);
    tokens.extend(sign);
    let word = word.trim_end_matches('.');
    if word.is_empty() {
        return Some(());
    }
    let lower = word.to_ascii_lowercase();
    let token = match &*lower {
        "all" | "any" | "version" | "versions" | "ver" | "v" | "release" | "releases"
        | "firmware" | "software" | "the" | "is" | "are" => return Some(()),
        "before" | "earlier-than" => Token::Before,
        "prior" | "earlier" | "older" | "lower" | "less" | "below" | "previous" => {
            // "prior to 1.2" and "1.2 and prior" turn on what follows.
            let is_before = rest
                .next_if(|next| matches!(*next, "to" | "than"))
                .is_some()
                || (lower == "below" && rest.peek().is_some_and(|next| has_digit(next)));
            if is_before {
                before_or_up_to(rest)
            } else {
                Token::Earlier
            }
        }
        "later" | "newer" | "higher" | "above" | "onwards" | "onward" | "greater" | "after" => {
            Token::Later
        }
        "through" | "thru" | "to" | "until" | "-" | "\u{2013}" | "~" => Token::UpTo,
        "up" if rest
            .next_if(|next| matches!(*next, "to" | "until"))
            .is_some() =>
        {
            before_or_up_to_unless_excluded(rest)
        }
        "and" | "or" => Token::And,
        "from" | "since" | "starting" => Token::From,
        "including" | "inclusive" => return None,
        _ if has_digit(word) => return version(word, tokens),
        _ => return None,
    };
    tokens.push(token);
    Some(())
}

/// Behind "prior to": `and including` makes the bound one of those affected.
fn before_or_up_to(rest: &mut Words<'_>) -> Token<'static> {
    if skip_and(rest, "including") {
        Token::UpTo
    } else {
        Token::Before
    }
}

/// Behind "up to": `but not including` excludes the bound.
fn before_or_up_to_unless_excluded(rest: &mut Words<'_>) -> Token<'static> {
    let mut ahead = rest.clone();
    let is_excluded = ahead.next() == Some("but")
        && ahead.next() == Some("not")
        && ahead.next() == Some("including");
    if is_excluded {
        *rest = ahead;
        return Token::Before;
    }
    skip_and(rest, "including");
    Token::UpTo
}

/// Skips "and WORD" or "WORD".
fn skip_and(rest: &mut Words<'_>, word: &str) -> bool {
    let mut ahead = rest.clone();
    let mut next = ahead.next();
    if next == Some("and") {
        next = ahead.next();
    }
    if next == Some(word) {
        *rest = ahead;
        return true;
    }
    false
}

fn sign(word: &str) -> (Option<Token<'_>>, &str) {
    for (text, token) in [
        ("<=", Token::LessEqual),
        (">=", Token::GreaterEqual),
        ("=<", Token::LessEqual),
        ("=>", Token::GreaterEqual),
        ("==", Token::Equal),
        ("\u{2264}", Token::LessEqual),
        ("\u{2265}", Token::GreaterEqual),
        ("<", Token::Less),
        (">", Token::Greater),
        ("=", Token::Equal),
    ] {
        if let Some(rest) = word.strip_prefix(text) {
            return (Some(token), rest);
        }
    }
    (None, word)
}

/// A version, or two with a hyphen between that can only mean a range.
fn version<'a>(word: &'a str, tokens: &mut Vec<Token<'a>>) -> Option<()> {
    let word = ["ver.", "Ver.", "version:", "v."]
        .iter()
        .find_map(|filler| word.strip_prefix(filler))
        .unwrap_or(word);
    // A comma, or a sign behind the beginning, makes it more than one version.
    if !has_digit(word) || word.contains([',', ';', '<', '>', '=', '(', '"', '|']) {
        return None;
    }
    match word.split_once('-') {
        Some((from, to)) if is_range(from, to) => {
            tokens.extend([Token::Version(from), Token::UpTo, Token::Version(to)]);
        }
        _ => tokens.push(Token::Version(word)),
    }
    Some(())
}

/// Whether `from-to` is a range: both are numbers with as many dots, of one series, in order.
fn is_range(from: &str, to: &str) -> bool {
    let numbers =
        |text: &str| -> Option<Vec<u64>> { text.split('.').map(|n| n.parse().ok()).collect() };
    match (numbers(from), numbers(to)) {
        (Some(from), Some(to)) => {
            from.len() == to.len() && from.len() > 1 && from[0] == to[0] && from < to
        }
        _ => false,
    }
}

/// Reads `sign version` pairs; a pair may complete the lower bound that stands last in `spans`.
fn part_with_signs(part: &[Token<'_>], spans: &mut Vec<Span>) -> Option<Vec<Span>> {
    if part.is_empty() || !part.len().is_multiple_of(2) {
        return None;
    }
    let mut found = Vec::new();
    let joins = spans.last().is_some_and(is_open_above);
    let mut open = if joins { spans.last().cloned() } else { None };
    let mut completes_last = false;
    for pair in part.chunks(2) {
        let &[sign, Token::Version(version)] = pair else {
            return None;
        };
        let version = version.to_owned();
        let upper = match sign {
            Token::Less | Token::Before => Upper::Excluding(version),
            Token::LessEqual => Upper::Including(version),
            Token::Greater | Token::GreaterEqual => {
                let lower = if sign == Token::Greater {
                    Lower::Excluding(version)
                } else {
                    Lower::Including(version)
                };
                let span = Span::Between(lower, Upper::Open);
                open = Some(span.clone());
                found.push(span);
                continue;
            }
            Token::Equal => {
                found.push(Span::Exact(version));
                open = None;
                continue;
            }
            _ => return None,
        };
        match open.take() {
            Some(Span::Between(lower, _)) => {
                completes_last |= found.is_empty();
                found.pop();
                found.push(Span::Between(lower, upper));
            }
            _ => found.push(Span::Between(Lower::Open, upper)),
        }
    }
    if completes_last {
        spans.pop();
    }
    Some(found)
}

fn is_open_above(span: &Span) -> bool {
    matches!(
        span,
        Span::Between(Lower::Including(_) | Lower::Excluding(_), Upper::Open)
    )
}

fn part_in_words(part: &[Token<'_>]) -> Option<Span> {
    use Token::{And, Before, Earlier, From, Later, UpTo, Version};
    let own = |text: &&str| (*text).to_owned();
    let from = |text: &&str| Lower::Including(own(text));
    Some(match part {
        [Version(version)] => Span::Exact(own(version)),
        [Before, Version(to)] => Span::before(own(to)),
        [UpTo, Version(to)] | [Version(to), And, Earlier] | [Version(to), Earlier] => {
            Span::Between(Lower::Open, Upper::Including(own(to)))
        }
        [Version(lower), And, Later] | [Version(lower), Later] | [From, Version(lower)] => {
            Span::Between(from(lower), Upper::Open)
        }
        [Version(lower), UpTo, Version(to)] | [From, Version(lower), UpTo, Version(to)] => {
            Span::Between(from(lower), Upper::Including(own(to)))
        }
        [Version(lower), Before, Version(to)] | [From, Version(lower), Before, Version(to)] => {
            Span::Between(from(lower), Upper::Excluding(own(to)))
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn below(version: &str) -> Span {
        Span::before(version)
    }

    fn up_to(version: &str) -> Span {
        Span::Between(Lower::Open, Upper::Including(version.into()))
    }

    fn since(version: &str) -> Span {
        Span::Between(Lower::Including(version.into()), Upper::Open)
    }

    fn within(from: &str, to: &str) -> Span {
        Span::Between(Lower::Including(from.into()), Upper::Including(to.into()))
    }

    fn from_before(from: &str, to: &str) -> Span {
        Span::Between(Lower::Including(from.into()), Upper::Excluding(to.into()))
    }

    fn exact(version: &str) -> Span {
        Span::Exact(version.into())
    }

    #[test]
    fn signs_are_ranges() {
        assert_eq!(spans("< 1.2.3"), [below("1.2.3")]);
        assert_eq!(spans("<1.2.3"), [below("1.2.3")]);
        assert_eq!(spans("<= 2"), [up_to("2")]);
        assert_eq!(spans("= 1.5"), [exact("1.5")]);
        assert_eq!(spans(">= 1.0"), [since("1.0")]);
        assert_eq!(spans(">= 1.0, < 1.4.2"), [from_before("1.0", "1.4.2")]);
        assert_eq!(
            spans("All versions >= V3.0 < V3.5"),
            [from_before("V3.0", "V3.5")]
        );
        assert_eq!(
            spans(">= 1.0, < 1.2, >= 2.0, < 2.1"),
            [from_before("1.0", "1.2"), from_before("2.0", "2.1")]
        );
        assert_eq!(spans("< 1.2, >= 2.0"), [below("1.2"), since("2.0")]);
        assert_eq!(
            spans("> 1, <= 2"),
            [Span::Between(
                Lower::Excluding("1".into()),
                Upper::Including("2".into())
            )]
        );
    }

    #[test]
    fn words_are_ranges() {
        for text in [
            "before 1.2",
            "prior to 1.2",
            "versions earlier than 1.2",
            "All versions prior to 1.2",
            "below 1.2",
            "up to but not including 1.2",
        ] {
            assert_eq!(spans(text), [below("1.2")], "{text}");
        }
        for text in [
            "1.2 and earlier",
            "1.2 or below",
            "1.2 and prior versions",
            "up to 1.2",
            "up to and including 1.2",
            "through 1.2",
            "version 1.2 and older",
            "prior to and including 1.2",
            "Ver.1.2 and earlier",
            "firmware version 1.2 and earlier",
        ] {
            assert_eq!(spans(text), [up_to("1.2")], "{text}");
        }
        for text in [
            "1.0 through 1.4",
            "1.0 to 1.4",
            "versions 1.0 to 1.4",
            "1.0 - 1.4",
            "from 1.0 up to 1.4",
            "1.0-1.4",
            "1.0 \u{2013} 1.4",
        ] {
            assert_eq!(spans(text), [within("1.0", "1.4")], "{text}");
        }
        assert_eq!(spans("1.0 before 1.4"), [from_before("1.0", "1.4")]);
        assert_eq!(spans("1.0 and later"), [since("1.0")]);
        assert_eq!(
            spans("1.0, 1.1; 2.0 - 2.2"),
            [exact("1.0"), exact("1.1"), within("2.0", "2.2")]
        );
    }

    #[test]
    fn what_is_not_understood_whole_is_one_version() {
        for text in [
            "1.2",
            "v1.2-rc1",
            "1.2-3",
            "2023-01-02",
            "SD 8 Gen1 5G",
            "15.2(7)E10",
            "8u401, and 11 (with care)",
            "1.0 and 2.0",
            "NX-OS 9 or so",
            "1.2 2.0",
            "1.4.0-1.2.0",
        ] {
            assert_eq!(spans(text), [exact(text)], "{text}");
        }
    }

    #[test]
    fn text_without_a_digit_says_nothing() {
        for text in [
            "n/a",
            "unspecified",
            "-",
            "",
            "see references",
            "publication",
        ] {
            assert_eq!(spans(text), [Span::NotStated], "{text}");
        }
        for text in ["*", "all versions", "All", "All versions."] {
            assert_eq!(spans(text), [Span::All], "{text}");
        }
    }
}

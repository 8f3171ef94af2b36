//! Dependencies: objects of a name, a version and an operator, which apk writes as one word.

use super::values::{Fault, Value, Values};

/// The places of an object's members.
const NAME: usize = 1;
const VERSION: usize = 2;
const OPERATOR: usize = 3;

const EQUAL: u8 = 1;
const LESS: u8 = 2;
const GREATER: u8 = 4;
const FUZZY: u8 = 8;
/// The dependency is met where this is *not* installed.
const CONFLICT: u8 = 16;

/// The operator of a dependency that names no version.
const ANY: u8 = EQUAL | LESS | GREATER;

/// A dependency taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dependency<'a> {
    pub(super) name: &'a str,
    pub(super) version: Option<&'a str>,
    /// What is written for the operator; none says that it is `=`.
    pub(super) operator: Option<u8>,
}

impl<'a> Dependency<'a> {
    /// Takes a word such as `!musl<1.2` apart.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (conflict, rest) = match text.strip_prefix('!') {
            Some(rest) => (CONFLICT, rest),
            None => (0, text),
        };
        let is_operator = |c: char| matches!(c, '<' | '>' | '=' | '~');
        let Some(start) = rest.find(is_operator) else {
            let operator = (conflict != 0).then_some(conflict | ANY);
            return (!rest.is_empty()).then_some(Self {
                name: rest,
                version: None,
                operator,
            });
        };
        let (name, rest) = rest.split_at(start);
        let version = rest.trim_start_matches(is_operator);
        let written = &rest[..rest.len() - version.len()];
        let operator = written.bytes().fold(conflict, |bits, sign| {
            bits | match sign {
                b'<' => LESS,
                b'>' => GREATER,
                b'~' => FUZZY | EQUAL,
                _ => EQUAL,
            }
        });
        sign(operator)?;
        (!name.is_empty() && !version.is_empty()).then_some(Self {
            name,
            version: Some(version),
            operator: (operator != EQUAL).then_some(operator),
        })
    }
}

/// Reads a dependency as the word that apk writes for it.
pub(super) fn read(values: &Values<'_>, value: Value) -> Result<String, Fault> {
    let slots = values.slots(value)?;
    let name = values.blob(slots.get(NAME))?;
    let name = name.ok_or(Fault::Broken("a dependency has no name"))?;
    let version = values.blob(slots.get(VERSION))?;
    let operator = values.number(slots.get(OPERATOR))?;
    let operator = match operator.map(u8::try_from) {
        None | Some(Ok(0)) => EQUAL,
        Some(Ok(operator)) if operator < CONFLICT << 1 => operator,
        Some(_) => return Err(UNKNOWN),
    };
    let mut word = String::with_capacity(name.len() + version.map_or(0, |it| it.len() + 2) + 1);
    if operator & CONFLICT != 0 {
        word.push('!');
    }
    word.push_str(&String::from_utf8_lossy(name));
    if let Some(version) = version {
        word.push_str(sign(operator).ok_or(UNKNOWN)?);
        word.push_str(&String::from_utf8_lossy(version));
    }
    Ok(word)
}

const UNKNOWN: Fault = Fault::Broken("a dependency has an operator that is not known");

fn sign(operator: u8) -> Option<&'static str> {
    const FUZZY_EQUAL: u8 = FUZZY | EQUAL;
    const FUZZY_LESS: u8 = FUZZY | LESS;
    const FUZZY_GREATER: u8 = FUZZY | GREATER;
    Some(match operator & !CONFLICT {
        EQUAL => "=",
        LESS => "<",
        GREATER => ">",
        3 => "<=",
        5 => ">=",
        // The identity of one build stands for the version.
        6 => "><",
        FUZZY | FUZZY_EQUAL => "~",
        FUZZY_LESS | 11 => "<~",
        FUZZY_GREATER | 13 => ">~",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words, with what apk-tools 3.0.8 writes for their operators.
    const OPERATORS: [(&str, Option<u8>); 17] = [
        ("a", None),
        ("a=1", None),
        ("a<1", Some(0x02)),
        ("a<=1", Some(0x03)),
        ("a<~1", Some(0x0b)),
        ("a~1", Some(0x09)),
        ("a>~1", Some(0x0d)),
        ("a>=1", Some(0x05)),
        ("a>1", Some(0x04)),
        ("a><Q1abcd", Some(0x06)),
        ("!a", Some(0x17)),
        ("!a=1", Some(0x11)),
        ("!a<2", Some(0x12)),
        ("!a~1", Some(0x19)),
        ("!a>=1", Some(0x15)),
        ("!a>~1", Some(0x1d)),
        ("!a<~1", Some(0x1b)),
    ];

    #[test]
    fn operators_are_those_of_apk() {
        for (word, operator) in OPERATORS {
            let dependency = Dependency::parse(word).unwrap();
            assert_eq!(dependency.name, "a", "{word}");
            assert_eq!(dependency.operator, operator, "{word}");
            if dependency.version.is_some() {
                let sign = sign(operator.unwrap_or(EQUAL)).unwrap();
                assert!(word.contains(&format!("a{sign}")), "{word}");
            }
        }
    }

    #[test]
    fn words_that_are_no_dependency_are_refused() {
        for word in ["", "!", "=1", "a=", "a<=>1", "!=1"] {
            assert_eq!(Dependency::parse(word), None, "{word}");
        }
    }
}

//! Plain assignments at the top of a shell script, without a shell.

use std::collections::HashMap;

/// A value longer than this is none that is looked for; it also bounds what `a=$a$a` makes.
const VALUE_BYTES: usize = 1024;

/// Variables that are remembered.
const MOST_VARIABLES: usize = 1024;

/// Reads the assignments that stand at the beginning of a line, before the first function.
///
/// A value counts when it is literal or made of variables that count: `name`, `"$a-$b"`,
/// `${a}x`. One that a shell would have to compute makes its variable unknown.
pub(super) fn read(text: &str) -> HashMap<String, String> {
    let mut known = HashMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if is_function(line) {
            break;
        }
        let Some((name, value)) = assignment(line) else {
            continue;
        };
        if let Some(quote) = open_quote(value) {
            // The lines of a text in quotes are no assignments.
            known.remove(name);
            for line in lines.by_ref() {
                if line.contains(quote) {
                    break;
                }
            }
            continue;
        }
        match plain(value, &known) {
            Some(value) if known.len() < MOST_VARIABLES => {
                known.insert(name.to_owned(), value);
            }
            _ => {
                known.remove(name);
            }
        }
    }
    known
}

fn assignment(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    is_name(name).then_some((name, value))
}

fn is_name(text: &str) -> bool {
    let inside = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    !text.is_empty() && text.bytes().all(inside) && !text.as_bytes()[0].is_ascii_digit()
}

fn is_function(line: &str) -> bool {
    line.split_once('(')
        .is_some_and(|(name, rest)| is_name(name.trim_end()) && rest.trim_start().starts_with(')'))
}

/// The quote that a line opens and does not close.
fn open_quote(value: &str) -> Option<char> {
    let mut open = None;
    for c in value.chars() {
        match open {
            Some(quote) if c == quote => open = None,
            None if matches!(c, '"' | '\'') => open = Some(c),
            None if c == '#' => break,
            _ => {}
        }
    }
    open
}

/// The value of one word, or nothing when only a shell could tell.
fn plain(value: &str, known: &HashMap<String, String>) -> Option<String> {
    let mut out = String::new();
    let mut quote = None;
    let mut rest = value;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match (c, quote) {
            ('"' | '\'', None) => quote = Some(c),
            (_, Some(open)) if c == open => quote = None,
            ('$', None | Some('"')) => {
                let (name, behind) = variable(rest)?;
                out.push_str(known.get(name)?);
                rest = behind;
            }
            ('`' | '\\', None | Some('"')) => return None,
            (c, None) if "();&|<>*?[~".contains(c) => return None,
            (c, None) if c.is_whitespace() => {
                // A command behind an assignment makes it the command's own.
                let behind = rest.trim_start();
                return (behind.is_empty() || behind.starts_with('#')).then_some(out);
            }
            _ => out.push(c),
        }
        if out.len() > VALUE_BYTES {
            return None;
        }
    }
    Some(out)
}

/// The name behind a `$`, and what follows it.
fn variable(text: &str) -> Option<(&str, &str)> {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (name, behind) = match text.strip_prefix('{') {
        Some(braced) => braced.split_once('}')?,
        None => text.split_at(text.find(|c| !inside(c)).unwrap_or(text.len())),
    };
    is_name(name).then_some((name, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, name: &str) -> Option<String> {
        read(text).remove(name)
    }

    #[test]
    fn plain_values_and_variables_count() {
        let text = "_flavor=lts\npkgname=linux-$_flavor\npkgver='6.1' # comment\npkgrel=\"${n}\"\n";
        assert_eq!(value(text, "pkgname").as_deref(), Some("linux-lts"));
        assert_eq!(value(text, "pkgver").as_deref(), Some("6.1"));
        assert_eq!(value(text, "pkgrel"), None);
    }

    #[test]
    fn what_a_shell_computes_is_unknown() {
        for value_text in ["$(id)", "`id`", "${v%.*}", "a;b", "a b", "x\\", "\"a", "$"] {
            let text = format!("v=1.2\npkgname={value_text}\n");
            assert_eq!(value(&text, "pkgname"), None, "{value_text}");
        }
    }

    #[test]
    fn lines_of_a_quoted_text_are_no_assignments() {
        let text = "pkgver=1\nsource=\"a\npkgver=2\n\"\npkgrel=0\n";
        assert_eq!(value(text, "pkgver").as_deref(), Some("1"));
        assert_eq!(value(text, "pkgrel").as_deref(), Some("0"));
    }

    #[test]
    fn functions_end_the_head() {
        let text = "pkgver=1\nbuild() {\npkgver=2\n}\n";
        assert_eq!(value(text, "pkgver").as_deref(), Some("1"));
    }

    #[test]
    fn doubling_stays_small() {
        let text = format!("a=x\n{}pkgname=$a\n", "a=$a$a\n".repeat(64));
        assert_eq!(value(&text, "pkgname"), None);
    }
}

//! A name in a probe that lost or changed a letter: what it asked for is never found again.

use bstr::ByteSlice;

/// The words of a program.
fn words(program: &[u8]) -> Vec<&[u8]> {
    program
        .split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
        .filter(|word| !word.is_empty())
        .collect()
}

/// True where a program is as it was but for one name, which differs by a letter.
pub(super) fn is_misspelt(old: &[u8], new: &[u8]) -> bool {
    let (old, new) = (words(old), words(new));
    if old.len() != new.len() {
        return false;
    }
    let mut differ = old.iter().zip(&new).filter(|(a, b)| a != b);
    match (differ.next(), differ.next()) {
        (Some((a, b)), None) => {
            a.len() > 4 && !a.iter().all(u8::is_ascii_digit) && one_letter_apart(a, b)
        }
        _ => false,
    }
}

fn one_letter_apart(a: &[u8], b: &[u8]) -> bool {
    // A mark in front or behind makes another name of the same family.
    if a.contains(&b'_') != b.contains(&b'_')
        || a.find_iter("_").count() != b.find_iter("_").count()
    {
        return false;
    }
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let same = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    match long.len() - short.len() {
        0 => {
            let one = short[same + 1..] == long[same + 1..];
            one || match (&short[same..], &long[same..]) {
                // Two that changed places.
                ([a, b, rest @ ..], [c, d, others @ ..]) => a == d && b == c && rest == others,
                _ => false,
            }
        }
        1 => short[same..] == long[same + 1..],
        _ => false,
    }
}

/// True where a program is as it was but for one mark, without which it is another or none.
pub(super) fn lost_mark(old: &[u8], new: &[u8]) -> bool {
    let solid = |program: &[u8]| -> Vec<u8> {
        let kept = program.iter().filter(|byte| !byte.is_ascii_whitespace());
        kept.copied().collect()
    };
    let (old, new) = (solid(old), solid(new));
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    if new.len() + 1 != old.len() || new[same..] != old[same + 1..] {
        return false;
    }
    // An empty statement is none.
    let before = same.checked_sub(1).map(|at| old[at]);
    b";,#<>".contains(&old[same]) && !before.is_some_and(|byte| b";{}".contains(&byte))
}

/// The name that was there before.
pub(super) fn shown(old: &[u8], new: &[u8]) -> String {
    let (old, new) = (words(old), words(new));
    let differs = old.iter().zip(&new).find(|(a, b)| a != b);
    differs.map_or_else(String::new, |(a, _)| a.to_str_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_lost_its_letter_is_seen() {
        let old = b"#include <linux/filter.h>\nint a = LANDLOCK_VERSION;";
        assert!(is_misspelt(
            old,
            b"#include <linux/filters.h>\nint a = LANDLOCK_VERSION;"
        ));
        assert!(is_misspelt(
            old,
            b"#include <linux/filter.h>\nint a = LANDLOCK_VERSI0N;"
        ));
        assert!(!is_misspelt(
            old,
            b"#include <linux/filter.h>\nint a = SECCOMP_VERSION;"
        ));
        assert!(is_misspelt(
            b"int a = return_value;",
            b"int a = retrun_value;"
        ));
        assert!(!is_misspelt(old, old));
    }

    #[test]
    fn a_mark_that_is_gone_is_seen() {
        let old = b"int main(void) { char b[4]; return f(b, 4); }";
        assert!(lost_mark(
            old,
            b"int main(void) { char b[4] return f(b, 4); }"
        ));
        assert!(lost_mark(
            old,
            b"int main(void) { char b[4]; return f(b 4); }"
        ));
        assert!(!lost_mark(
            old,
            b"int main(void) { char b[8]; return f(b, 4); }"
        ));
        assert!(!lost_mark(
            b"int f(void) { ; return 0;; }",
            b"int f(void) { ; return 0; }"
        ));
        assert!(!lost_mark(old, old));
    }
}

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
        0 => short[same + 1..] == long[same + 1..],
        1 => short[same..] == long[same + 1..],
        _ => false,
    }
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
        assert!(!is_misspelt(old, old));
    }
}

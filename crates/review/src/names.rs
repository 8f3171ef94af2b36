//! What is odd about names, links and modes, seen over the whole tree.

use std::collections::{HashMap, HashSet};

use bstr::{BStr, BString, ByteSlice};
use unicode_normalization::UnicodeNormalization;

use crate::budget::Meter;
use crate::odd;
use crate::tree::{File, Kind};

/// An archive with more entries than this, nearly all of them empty, is none of sources.
const MANY: usize = 10_000;

/// Takes off the directory that all entries are in, if there is one.
pub(crate) fn strip_top(files: &mut [File]) -> Option<BString> {
    let first = files.first()?.path.clone();
    let top = BString::from(first.split_str("/").next()?);
    if top.is_empty()
        || top == ".."
        || first.contains_str("!/") && first.find("!/") < first.find("/")
    {
        return None;
    }
    let prefix = [top.as_slice(), b"/"].concat();
    let below = |file: &File| {
        file.path.starts_with(&prefix) || (file.path == top && file.kind == Kind::Directory)
    };
    if !files.iter().all(below) || !files.iter().any(|file| file.path.len() > prefix.len()) {
        return None;
    }
    for file in files.iter_mut() {
        let rest = file.path.get(prefix.len()..).unwrap_or_default().to_vec();
        file.path = BString::from(rest);
        if let Kind::Hardlink(target) = &mut file.kind
            && let Some(rest) = target.strip_prefix(prefix.as_slice())
        {
            *target = BString::from(rest);
        }
    }
    Some(top)
}

/// Reports what is odd, and drops directories about which nothing is.
pub(crate) fn check(meter: &Meter, files: &mut Vec<File>) {
    let archives = archives(files);
    for file in files.iter() {
        check_name(meter, &file.path, &archives);
        check_mode(meter, file);
    }
    check_links(meter, files, &archives);
    files.retain(|file| file.kind != Kind::Directory || file.mode & 0o4000 != 0);
    files.sort_by(|one, other| one.path.cmp(&other.path));
    check_duplicates(meter, files);
    check_twins(meter, files);
    let empty = files
        .iter()
        .filter(|file| file.content.bytes.is_empty())
        .count();
    if files.len() > MANY && empty > files.len() / 10 * 9 {
        let detail = format!("{empty} of {}", files.len());
        meter.report(&odd::EMPTY_ENTRIES, b"", b"", &detail);
    }
}

fn parts(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| matches!(byte, b'/' | b'\\'))
}

/// The files in which others are. Anybody may put a `!/` into a name.
fn archives(files: &[File]) -> HashSet<BString> {
    let nested = files.iter().flat_map(|file| {
        let path = &file.path;
        path.find_iter("!/").map(|at| path[..at].as_bstr())
    });
    let nested: HashSet<&BStr> = nested.collect();
    let paths = files.iter().map(|file| &file.path);
    paths
        .filter(|path| nested.contains(path.as_bstr()))
        .cloned()
        .collect()
}

/// A name in an archive of its own begins anew behind `!/`.
fn own_name<'p>(path: &'p [u8], archives: &HashSet<BString>) -> &'p [u8] {
    let mut ends = path.rfind_iter("!/");
    let end = ends.find(|at| archives.contains(path[..*at].as_bstr()));
    end.map_or(path, |at| &path[at + 2..])
}

fn check_name(meter: &Meter, path: &[u8], archives: &HashSet<BString>) {
    let name = own_name(path, archives);
    if is_absolute(name) {
        meter.report(&odd::ABSOLUTE_NAME, path, b"", "");
    }
    if parts(name).any(|part| part == b"..") {
        meter.report(&odd::PARENT_NAME, path, b"", "");
    }
    if name.len() > meter.budget.name_bytes || parts(name).count() > meter.budget.name_parts {
        let shown = &path[..path.len().min(256)];
        meter.report(&odd::TOO_DEEP, shown, b"", "directories in directories");
    }
    match name.to_str() {
        Err(_) if name.iter().any(u8::is_ascii_control) => {
            meter.report(&odd::ODD_FILE_NAME, path, b"", "");
        }
        Err(_) => meter.report(&odd::NAME_ENCODING, path, b"", ""),
        Ok(name) if name.chars().any(is_odd) || name.split('/').any(is_blank) => {
            meter.report(&odd::ODD_FILE_NAME, path, b"", "");
        }
        Ok(_) => {}
    }
}

/// By Unix, by Windows, or by a share of Windows.
fn is_absolute(name: &[u8]) -> bool {
    matches!(name, [b'/' | b'\\', ..] | [b'A'..=b'Z' | b'a'..=b'z', b':', b'/' | b'\\', ..])
}

fn is_blank(part: &str) -> bool {
    !part.is_empty() && (part.trim() != part || part.starts_with('-') && part.contains(' '))
}

/// Characters that control, turn around, or are not seen.
fn is_odd(character: char) -> bool {
    matches!(character,
        '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}'
        | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

fn check_mode(meter: &Meter, file: &File) {
    let special = match file.kind {
        Kind::Directory => file.mode & 0o4000,
        Kind::Regular | Kind::Hardlink(_) => file.mode & 0o6000,
        _ => 0,
    };
    if special != 0 {
        let mode = format!("{:04o}", file.mode);
        meter.report(&odd::SETUID_BIT, &file.path, mode.as_bytes(), "");
    }
    if let Kind::Special(what) = file.kind {
        meter.report(&odd::SPECIAL_FILE, &file.path, what.as_bytes(), "");
    }
}

/// Links are read as text only; where they lead follows from the names.
fn check_links(meter: &Meter, files: &[File], archives: &HashSet<BString>) {
    let mut seen: HashSet<&BStr> = HashSet::new();
    let mut symlinks: HashSet<&BStr> = HashSet::new();
    for file in files {
        let path = file.path.as_bstr();
        // Of a name without end, told of as such, each beginning would be looked up.
        let looked_up = !symlinks.is_empty() && path.len() <= meter.budget.name_bytes;
        if looked_up && ancestors(path).any(|folder| symlinks.contains(folder)) {
            meter.report(&odd::THROUGH_SYMLINK, path, b"", "");
        }
        match &file.kind {
            Kind::Symlink(target) => {
                if leaves(own_name(path, archives), target) {
                    meter.report(&odd::SYMLINK_ESCAPES, path, target, "");
                }
                symlinks.insert(path);
            }
            Kind::Hardlink(target) => {
                let is_nested = own_name(path, archives).len() < path.len();
                check_hardlink(meter, path, target, (!is_nested).then_some(&seen));
            }
            _ => {}
        }
        seen.insert(path);
    }
}

/// `seen` are the members before, where the link is not in an archive within the archive.
fn check_hardlink(meter: &Meter, path: &BStr, target: &BString, seen: Option<&HashSet<&BStr>>) {
    if is_absolute(target) || parts(target).any(|part| part == b"..") {
        meter.report(&odd::HARDLINK_ESCAPES, path, target, "");
    } else if seen.is_some_and(|seen| !seen.contains(target.as_bstr())) {
        meter.report(&odd::HARDLINK_DANGLING, path, target, "");
    }
}

fn ancestors(path: &BStr) -> impl Iterator<Item = &BStr> {
    path.find_iter("/").map(move |at| path[..at].as_bstr())
}

/// Whether a link's text leads out of the tree.
fn leaves(name: &[u8], target: &[u8]) -> bool {
    if is_absolute(target) {
        return true;
    }
    let mut depth = name.find_iter("/").count();
    for part in target.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if depth == 0 => return true,
            b".." => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}

fn check_duplicates(meter: &Meter, files: &[File]) {
    for pair in files.windows(2) {
        let [one, other] = pair else { continue };
        if one.path != other.path {
            continue;
        }
        let same = one.kind == other.kind && one.content.sha256 == other.content.sha256;
        let odd = if same {
            &odd::REPEATED_NAME
        } else {
            &odd::DUPLICATE_NAME
        };
        meter.report(odd, &other.path, b"", "");
    }
}

fn check_twins(meter: &Meter, files: &[File]) {
    let mut folded: HashMap<String, &BString> = HashMap::with_capacity(files.len());
    for file in files {
        let Ok(name) = file.path.to_str() else {
            continue;
        };
        let key = if name.is_ascii() {
            name.to_ascii_lowercase()
        } else {
            name.nfc().flat_map(char::to_lowercase).nfc().collect()
        };
        let first = folded.entry(key).or_insert(&file.path);
        if **first != file.path {
            meter.report(&odd::CASE_TWINS, &file.path, first, "");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_followed_as_text_only() {
        assert!(leaves(b"a", b"../b"));
        assert!(leaves(b"a/b", b"../../etc/passwd"));
        assert!(leaves(b"a", b"/etc/passwd"));
        assert!(!leaves(b"a/b/c", b"../../d"));
        assert!(!leaves(b"a", b"b/../c"));
    }

    #[test]
    fn names_of_all_systems_are_absolute() {
        assert!(is_absolute(b"/etc/passwd"));
        assert!(is_absolute(b"C:\\x\\y"));
        assert!(is_absolute(b"\\\\share\\x"));
        assert!(!is_absolute(b"c:x"));
    }
}

//! Reading unified diffs as git writes them: hunks, renames, copies, modes, binary changes.
//!
//! A patch that is cut off, or whose counts are wrong, is refused with its line: half a change
//! would be reviewed as if it were all.

use bstr::{BString, ByteSlice};

use super::{Body, FilePatch, Hunk, Line, Mark, PatchError};
use crate::compare::without_ending as trimmed;

/// The most files of a patch; all of Guix's and aports' recipes are fewer.
const FILES: usize = 100_000;

/// The prefixes that git puts before names.
const PREFIXES: [&[u8]; 6] = [b"a/", b"b/", b"i/", b"w/", b"c/", b"o/"];

/// Reads every diff of a text that begins in a line, and tells how many bytes stand before the
/// first.
pub(super) fn read(bytes: &[u8], line: usize) -> Result<(Vec<FilePatch>, usize), PatchError> {
    let mut reader = Reader {
        lines: bytes.lines_with_terminator().collect(),
        at: 0,
        first: line,
    };
    let mut files = Vec::new();
    let mut preamble = None;
    while let Some(line) = reader.peek() {
        let start = reader.at;
        let file = if line.starts_with(b"diff --git ") {
            Some(reader.git_file()?)
        } else if reader.at_plain_header() {
            Some(reader.plain_file()?)
        } else if line.starts_with(b"diff --cc ") || line.starts_with(b"diff --combined ") {
            return Err(reader.malformed("a combined diff of a merge is no patch"));
        } else if preamble.is_some() && header(trimmed(line)).is_some() {
            return Err(reader.malformed("a hunk stands behind lines that belong to no hunk"));
        } else {
            reader.at += 1;
            None
        };
        if let Some(file) = file {
            preamble.get_or_insert(start);
            files.push(file);
        }
        if files.len() > FILES {
            let what = "files";
            return Err(PatchError::TooMany { what, limit: FILES });
        }
    }
    let before = preamble.unwrap_or(reader.lines.len());
    let before = reader.lines[..before].iter().map(|line| line.len()).sum();
    Ok((files, before))
}

struct Reader<'a> {
    lines: Vec<&'a [u8]>,
    at: usize,
    /// The number of the first line.
    first: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a [u8]> {
        self.lines.get(self.at).copied()
    }

    fn ahead(&self, by: usize) -> &'a [u8] {
        self.lines.get(self.at + by).copied().unwrap_or_default()
    }

    fn malformed(&self, reason: impl Into<String>) -> PatchError {
        PatchError::Malformed {
            line: self.first + self.at,
            reason: reason.into(),
        }
    }

    /// Whether `---`, `+++` and a hunk follow one another.
    fn at_plain_header(&self) -> bool {
        self.ahead(0).starts_with(b"--- ")
            && self.ahead(1).starts_with(b"+++ ")
            && self.ahead(2).starts_with(b"@@ -")
    }

    fn git_file(&mut self) -> Result<FilePatch, PatchError> {
        let mut file = FilePatch {
            old: None,
            new: None,
            is_copy: false,
            old_mode: None,
            new_mode: None,
            body: Body::Hunks(Vec::new()),
        };
        let names = trimmed(&self.ahead(0)[b"diff --git ".len()..]);
        self.at += 1;
        let (mut from, mut to) = (None, None);
        let (mut created, mut deleted) = (false, false);
        while let Some(line) = self.peek() {
            let line = trimmed(line);
            if let Some(mode) = line.strip_prefix(b"old mode ") {
                file.old_mode = Some(self.mode(mode)?);
            } else if let Some(mode) = line.strip_prefix(b"new mode ") {
                file.new_mode = Some(self.mode(mode)?);
            } else if let Some(mode) = line.strip_prefix(b"new file mode ") {
                (created, file.new_mode) = (true, Some(self.mode(mode)?));
            } else if let Some(mode) = line.strip_prefix(b"deleted file mode ") {
                (deleted, file.old_mode) = (true, Some(self.mode(mode)?));
            } else if let Some(name) = line.strip_prefix(b"rename from ") {
                from = Some(self.name(name)?);
            } else if let Some(name) = line.strip_prefix(b"rename to ") {
                to = Some(self.name(name)?);
            } else if let Some(name) = line.strip_prefix(b"copy from ") {
                (file.is_copy, from) = (true, Some(self.name(name)?));
            } else if let Some(name) = line.strip_prefix(b"copy to ") {
                to = Some(self.name(name)?);
            } else if let Some(rest) = line.strip_prefix(b"index ") {
                if let Some((_, mode)) = rest.split_once_str(" ") {
                    let mode = self.mode(mode)?;
                    (file.old_mode, file.new_mode) = (Some(mode), Some(mode));
                }
            } else if !line.starts_with(b"similarity index ")
                && !line.starts_with(b"dissimilarity index ")
            {
                break;
            }
            self.at += 1;
        }
        let line = self.ahead(0);
        if line.starts_with(b"--- ") && self.ahead(1).starts_with(b"+++ ") {
            let (old, new) = self.header_names()?;
            (from, to) = (from.or(old), to.or(new));
            file.body = Body::Hunks(self.hunks()?);
        } else {
            if line.starts_with(b"GIT binary patch") || line.starts_with(b"Binary files ") {
                self.at += 1;
                file.body = Body::Binary;
                self.skip_binary();
            }
            if from.is_none() && to.is_none() {
                let name = self.both(names)?;
                (from, to) = (Some(name.clone()), Some(name));
            }
        }
        file.old = from.filter(|_| !created);
        file.new = to.filter(|_| !deleted);
        if file.old.is_none() && file.new.is_none() {
            return Err(self.malformed("a change names no file"));
        }
        Ok(file)
    }

    /// Goes behind the base85 text of a binary change.
    fn skip_binary(&mut self) {
        while let Some(line) = self.peek() {
            let is_next = line.starts_with(b"diff ") || line.starts_with(b"-- ");
            if is_next || line.starts_with(b"--- ") {
                return;
            }
            self.at += 1;
        }
    }

    fn plain_file(&mut self) -> Result<FilePatch, PatchError> {
        let (old, new) = self.header_names()?;
        if old.is_none() && new.is_none() {
            return Err(self.malformed("a change names no file"));
        }
        Ok(FilePatch {
            old,
            new,
            is_copy: false,
            old_mode: None,
            new_mode: None,
            body: Body::Hunks(self.hunks()?),
        })
    }

    fn header_names(&mut self) -> Result<(Option<BString>, Option<BString>), PatchError> {
        let old = self.header_name(self.ahead(0))?;
        self.at += 1;
        let new = self.header_name(self.ahead(0))?;
        self.at += 1;
        Ok((old, new))
    }

    /// The name in `--- a/name` or `+++ b/name`, perhaps with a time behind a tabulator.
    fn header_name(&self, line: &[u8]) -> Result<Option<BString>, PatchError> {
        let name = trimmed(line.get(4..).unwrap_or_default());
        let name = match name.first() {
            Some(b'"') => name,
            _ => name.split_once_str("\t").map_or(name, |(name, _)| name),
        };
        let name = unquoted(name).ok_or_else(|| self.malformed("a name's quotes are wrong"))?;
        if name == "/dev/null" {
            return Ok(None);
        }
        self.checked(without_prefix(name)).map(Some)
    }

    /// A name that has no prefix.
    fn name(&self, name: &[u8]) -> Result<BString, PatchError> {
        let name = unquoted(name).ok_or_else(|| self.malformed("a name's quotes are wrong"))?;
        self.checked(name)
    }

    /// The name that stands twice in `a/name b/name`.
    fn both(&self, names: &[u8]) -> Result<BString, PatchError> {
        let wrong = || self.malformed("it cannot be told which file changes");
        let half = names.len() / 2;
        let (one, other) = (names.get(..half), names.get(half + 1..));
        let (Some(one), Some(other)) = (one, other) else {
            return Err(wrong());
        };
        let one = unquoted(one).map(without_prefix).ok_or_else(wrong)?;
        let other = unquoted(other).map(without_prefix).ok_or_else(wrong)?;
        if one != other || names.get(half) != Some(&b' ') {
            return Err(wrong());
        }
        self.checked(one)
    }

    fn checked(&self, name: BString) -> Result<BString, PatchError> {
        let is_part = |part: &[u8]| !part.is_empty() && part != b"." && part != b"..";
        if name.len() > 4096 || name.contains(&0) || !name.split_str("/").all(is_part) {
            return Err(self.malformed("a name leads out of the tree or is none"));
        }
        Ok(name)
    }

    fn mode(&self, text: &[u8]) -> Result<u32, PatchError> {
        let text = text.to_str().ok();
        let mode = text.and_then(|text| u32::from_str_radix(text.trim(), 8).ok());
        mode.ok_or_else(|| self.malformed("a mode is no octal number"))
    }

    fn hunks(&mut self) -> Result<Vec<Hunk>, PatchError> {
        let mut hunks = Vec::new();
        while let Some(line) = self.peek().filter(|line| line.starts_with(b"@@ ")) {
            let header = header(trimmed(line))
                .ok_or_else(|| self.malformed("a hunk's header cannot be understood"))?;
            hunks.push(self.hunk(&header)?);
        }
        Ok(hunks)
    }

    fn hunk(&mut self, header: &Header<'_>) -> Result<Hunk, PatchError> {
        let line = self.first + self.at;
        self.at += 1;
        let (mut old, mut new) = (header.old_lines, header.new_lines);
        let mut lines: Vec<Line> = Vec::new();
        while old > 0 || new > 0 || self.ahead(0).starts_with(b"\\ ") {
            let Some(line) = self.peek() else {
                return Err(self.malformed("the patch ends within a hunk"));
            };
            let (mark, text) = match line.first() {
                Some(b' ') => (Mark::Context, &line[1..]),
                // Mailers take the blank off an empty line.
                Some(b'\n' | b'\r') => (Mark::Context, line),
                Some(b'-') => (Mark::Removed, &line[1..]),
                Some(b'+') => (Mark::Added, &line[1..]),
                Some(b'\\') => {
                    let last = lines.last_mut();
                    let last =
                        last.ok_or_else(|| self.malformed("a hunk begins without a line"))?;
                    if last.text.last() == Some(&b'\n') {
                        last.text.pop();
                    }
                    self.at += 1;
                    continue;
                }
                _ => return Err(self.malformed("a hunk has fewer lines than it says")),
            };
            let counts = match mark {
                Mark::Context => (1, 1),
                Mark::Removed => (1, 0),
                Mark::Added => (0, 1),
            };
            let left = (old.checked_sub(counts.0), new.checked_sub(counts.1));
            let (Some(old_left), Some(new_left)) = left else {
                return Err(self.malformed("a hunk has other lines than it says"));
            };
            (old, new) = (old_left, new_left);
            lines.push(Line {
                mark,
                text: text.into(),
            });
            self.at += 1;
        }
        Ok(Hunk {
            line,
            old_start: header.old_start,
            heading: header.heading.into(),
            lines,
        })
    }
}

struct Header<'a> {
    old_start: usize,
    old_lines: usize,
    new_lines: usize,
    heading: &'a [u8],
}

/// Reads `@@ -1,2 +1,3 @@ heading`.
fn header(line: &[u8]) -> Option<Header<'_>> {
    let rest = line.strip_prefix(b"@@ -")?;
    let (ranges, heading) = rest.split_once_str(" @@")?;
    let (old, new) = ranges.to_str().ok()?.split_once(" +")?;
    let range = |text: &str| match text.split_once(',') {
        Some((start, lines)) => Some((start.parse().ok()?, lines.parse().ok()?)),
        None => Some((text.parse().ok()?, 1)),
    };
    let ((old_start, old_lines), (_, new_lines)): ((usize, usize), (usize, usize)) =
        (range(old)?, range(new)?);
    Some(Header {
        old_start,
        old_lines,
        new_lines,
        heading: heading.trim(),
    })
}

fn without_prefix(name: BString) -> BString {
    let prefix = PREFIXES
        .iter()
        .find_map(|prefix| name.strip_prefix(*prefix));
    prefix.map(BString::from).unwrap_or(name)
}

/// Takes git's quotes off a name: `"a/\303\244"`.
fn unquoted(name: &[u8]) -> Option<BString> {
    let Some(inner) = name.strip_prefix(b"\"") else {
        return Some(name.into());
    };
    let inner = inner.strip_suffix(b"\"")?;
    let mut plain = Vec::new();
    let mut bytes = inner.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            plain.push(byte);
            continue;
        }
        plain.push(match bytes.next()? {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'v' => 11,
            first @ b'0'..=b'3' => {
                let mut value = first - b'0';
                for _ in 0..2 {
                    let digit = bytes.next().filter(|byte| (b'0'..=b'7').contains(byte))?;
                    value = value * 8 + (digit - b'0');
                }
                value
            }
            other @ (b'"' | b'\\') => other,
            _ => return None,
        });
    }
    Some(plain.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> FilePatch {
        read(text.as_bytes(), 1).unwrap().0.remove(0)
    }

    fn refused(text: &str) -> String {
        read(text.as_bytes(), 1).unwrap_err().to_string()
    }

    #[test]
    fn renames_copies_and_modes_are_read() {
        let file = one(
            "diff --git a/x b/y\nold mode 100644\nnew mode 100755\nsimilarity index 100%\nrename from x\nrename to y\n",
        );
        assert_eq!(
            (file.old.unwrap(), file.new.unwrap()),
            ("x".into(), "y".into())
        );
        assert_eq!(
            (file.old_mode, file.new_mode),
            (Some(0o100_644), Some(0o100_755))
        );
        let file = one("diff --git a/x b/y\ncopy from x\ncopy to y\n");
        assert!(file.is_copy);
        let file = one("diff --git a/a b b/a b\nnew file mode 100644\nindex 0000000..e69de29\n");
        assert_eq!((file.old, file.new.unwrap()), (None, "a b".into()));
    }

    #[test]
    fn a_binary_change_is_named_and_not_read() {
        let text = "diff --git a/x b/x\nindex 1..2 100644\nGIT binary patch\ndelta 3\nKabc\n\ndelta 2\nKab\n\ndiff --git a/y b/y\ndeleted file mode 100644\n--- a/y\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n";
        let (files, _) = read(text.as_bytes(), 1).unwrap();
        assert_eq!(files[0].body, Body::Binary);
        assert_eq!(files[1].new, None);
    }

    #[test]
    fn a_quoted_name_is_read() {
        let file = one("--- \"a/\\303\\244\"\n+++ \"b/\\303\\244\"\n@@ -1 +1 @@\n-a\n+b\n");
        assert_eq!(file.path(), "ä");
    }

    #[test]
    fn a_name_never_leads_out_of_the_tree() {
        for name in ["a/../../x", "/etc/passwd", "a//x"] {
            let text = format!("--- {name}\n+++ {name}\n@@ -1 +1 @@\n-a\n+b\n");
            let why = "a name leads out of the tree or is none";
            assert!(refused(&text).ends_with(why), "{name}");
        }
    }

    #[test]
    fn a_hunk_behind_lines_of_no_hunk_is_refused() {
        let one = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n";
        let text = format!("{one}+c\n@@ -9 +10 @@\n-d\n+e\n");
        assert_eq!(
            refused(&text),
            "read the patch, line 7: a hunk stands behind lines that belong to no hunk"
        );
        let text = format!("@@ -1 +1 @@ is a header\n{one}");
        let (files, _) = read(text.as_bytes(), 1).unwrap();
        let [file] = files.as_slice() else {
            panic!("{files:?}");
        };
        assert!(matches!(&file.body, Body::Hunks(hunks) if hunks.len() == 1));
    }

    #[test]
    fn a_hunk_that_is_cut_off_is_refused_with_its_line() {
        let refused = refused("--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n-b\n");
        assert_eq!(
            refused,
            "read the patch, line 6: the patch ends within a hunk"
        );
    }

    #[test]
    fn a_file_may_end_without_a_newline() {
        let file = one("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n");
        let Body::Hunks(hunks) = file.body else {
            panic!("no hunks");
        };
        assert_eq!(
            (
                hunks[0].lines[0].text.as_slice(),
                hunks[0].lines[1].text.as_slice()
            ),
            (&b"a"[..], &b"b\n"[..])
        );
    }
}

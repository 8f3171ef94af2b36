//! Macro files of the Autotools. Everybody ships copies of the same few hundred, nobody reads them,
//! and `autoreconf` keeps the copy with the higher serial: a place to hide.

use std::collections::HashMap;
use std::sync::LazyLock;

use bstr::ByteSlice;

use super::view::{Found, Sheet, View};
use crate::signal::Severity;
use crate::tree::BlobId;

/// Names of macro files with the highest serial that their upstreams ever gave them.
static SERIALS: LazyLock<HashMap<&'static str, u32>> = LazyLock::new(|| {
    include_str!("../../data/m4-serials.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
        .filter_map(|(name, serial)| Some((name, serial.parse().ok()?)))
        .collect()
});

/// Tells whether a content is one that an upstream published.
pub trait KnownBlobs: Send + Sync {
    /// True for the git blob of a file that an upstream of build tools published.
    fn contains(&self, blob: &BlobId) -> bool;
}

pub(crate) fn detect(view: &View<'_>, known: Option<&dyn KnownBlobs>, sheet: &mut Sheet<'_>) {
    let name = view.name();
    let Some(text) = view.text.as_ref().filter(|_| name.ends_with(b".m4")) else {
        return;
    };
    if view.bytes() == view.old_bytes()
        || known.is_some_and(|known| known.contains(&view.new.content.blob))
    {
        return;
    }
    let at = view.path.rfind_byte(b'/').map_or(0, |at| at + 1);
    let Some(&highest) = view.path[at..]
        .to_str()
        .ok()
        .and_then(|name| SERIALS.get(name))
    else {
        return;
    };
    // What an upstream gives to everybody keeps its name; here it says something of its own.
    let found = Found::whole(text.bytes);
    sheet.raise("m4-known-name-unknown-content", view.path, found);
    let Some((line, serial)) = serial(text.bytes) else {
        return;
    };
    if highest > 0 && serial > highest {
        let excerpt = text.bytes.lines().nth(line).unwrap_or_default();
        // Upstreams go up step by step, and the table is never the newest.
        let severity = if serial > highest.saturating_mul(2).saturating_add(8) {
            Severity::Warning
        } else {
            Severity::Note
        };
        let number = u32::try_from(line + 1).unwrap_or(1);
        let found = Found::at(number, excerpt)
            .severity(severity)
            .detail(format!("{serial}, and upstream has {highest}"));
        sheet.raise("m4-serial-above-upstream", view.path, found);
    }
}

/// The serial that a macro file says to have, and its line from 0.
pub(crate) fn serial(bytes: &[u8]) -> Option<(usize, u32)> {
    bytes
        .lines()
        .take(60)
        .enumerate()
        .find_map(|(number, line)| {
            let at = line.find("serial")?;
            let before = line[..at].trim_ascii();
            // `# serial 5`, `#serial 5`, `# name.m4 serial 5`, `dnl serial 5`.
            if !(before.starts_with(b"#") || before.starts_with(b"dnl")) {
                return None;
            }
            let digits = line[at + 6..].trim_ascii_start();
            let end = digits
                .iter()
                .position(|byte| !byte.is_ascii_digit())
                .unwrap_or(digits.len());
            digits[..end]
                .to_str()
                .ok()?
                .parse()
                .ok()
                .map(|serial| (number, serial))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_is_read_in_each_of_its_spellings() {
        assert_eq!(serial(b"# build-to-host.m4 serial 30\n"), Some((0, 30)));
        assert_eq!(serial(b"#serial 7\n"), Some((0, 7)));
        assert_eq!(serial(b"dnl x\ndnl serial 12 libtool\n"), Some((1, 12)));
        assert_eq!(serial(b"AC_DEFUN([serial 4])\n"), None);
    }

    #[test]
    fn the_table_knows_the_macros_of_everyday() {
        assert!(SERIALS.len() > 500, "{}", SERIALS.len());
        assert!(SERIALS["build-to-host.m4"] < 10);
        assert!(SERIALS["libtool.m4"] >= 58);
    }
}

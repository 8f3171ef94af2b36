//! What is wrong with an entry under a version.

use super::rewrite::{canonical_items, ids_in_order, item_text};
use super::{Advice, Level};
use crate::secdb::{Item, shown};

/// Judges the line of an entry, or of a version with its entries behind it.
pub(super) fn judge(line: &str) -> (Level, String, Advice) {
    let Some(text) = item_text(line) else {
        let message = "the entries stand on the line of their version".to_owned();
        let advice = super::rewrite::line(line).map_or_else(
            || Advice::Decide("write each entry on a line of its own".to_owned()),
            Advice::Write,
        );
        return (Level::Error, message, advice);
    };
    let item = Item::read(text);
    if item.ids.is_empty() {
        return without_identifier(&item);
    }
    let (level, message) = fault(&item, text);
    let advice = match canonical_items(text) {
        Some(lines) => Advice::Write(lines),
        None => Advice::Decide(format!(
            "its CVE, if it has one, to write in front: CVE-… {}",
            item.canonical()
        )),
    };
    (level, message, advice)
}

fn without_identifier(item: &Item<'_>) -> (Level, String, Advice) {
    let word = item.text.trim();
    let number = word
        .strip_prefix("CVE-")
        .filter(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    let advice = match number {
        Some(number) => format!("the year of it, to write CVE-YEAR-{number}"),
        None => "the identifier that is meant".to_owned(),
    };
    let message = format!("{:?} is no identifier: the fix is lost", shown(word));
    (Level::Error, message, Advice::Decide(advice))
}

/// The gravest fault of an entry that has identifiers.
fn fault(item: &Item<'_>, text: &str) -> (Level, String) {
    let ids = &item.ids;
    let cves = ids.iter().filter(|id| id.is_cve()).count();
    let separators = item.text.contains([',', '/', ';', '&', '+']) && !item.text.contains('(');
    if let Some(fault) = item
        .faults
        .iter()
        .find(|fault| !fault.contains("the remark"))
    {
        return (
            Level::Error,
            format!("{fault}, which other readers do not guess"),
        );
    }
    if let Some(fault) = item.faults.first() {
        return (
            Level::Warning,
            format!("{fault} by some readers and taken for the identifier's by others"),
        );
    }
    if separators {
        let message =
            "only blanks part identifiers: readers take the comma or slash for part of the first";
        return (Level::Error, message.to_owned());
    }
    if cves > 1 {
        let message = "the entry has several CVEs, of which most readers see the first alone";
        return (Level::Warning, message.to_owned());
    }
    if cves == 1 && !ids[0].is_cve() {
        let message = format!("readers of the first word see {} and not the CVE", ids[0]);
        return (Level::Warning, message);
    }
    let kept = item.text.trim();
    if ids.len() > 1 && kept == ids_in_order(ids).join(" ") {
        let message = format!(
            "names of one issue may share an entry, but readers of the first word see {} alone",
            ids[0]
        );
        return (Level::Note, message);
    }
    if item.comment.is_some() {
        return (
            Level::Note,
            "the comment is not in the security database".to_owned(),
        );
    }
    if text.trim() != text || kept != item.canonical() {
        return (Level::Note, "there are more blanks than need be".to_owned());
    }
    (
        Level::Note,
        format!(
            "{} is of no authority that readers of the database know",
            ids[0]
        ),
    )
}

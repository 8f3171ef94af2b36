//! Documents by the names that the user gave them, in what is told on the terminal.

use palisade_formats::Reject;
use palisade_tracker::Document;

/// An error with the document as the user named it, unless it has that already: what is stored and
/// published of a document has only its short name.
pub(crate) fn naming(error: anyhow::Error, document: &Document) -> anyhow::Error {
    let name = document.given_name();
    let named = error.chain().any(|cause| cause.to_string().contains(&name));
    if named { error } else { error.context(name) }
}

/// What was passed over in a document, with the document as the user named it.
pub(crate) fn as_given(mut rejects: Vec<Reject>, document: &Document) -> Vec<Reject> {
    let name = document.name();
    for reject in &mut rejects {
        if let Some(member) = reject.document.strip_prefix(&name) {
            reject.document = document.given_name() + member;
        }
    }
    rejects
}

//! Debian's signed control files: `.dsc`, `.changes` and `.buildinfo`.
//!
//! A service that signs for people says within what it signs for whom: tag2upload names the tag,
//! the key that signed it, and the tagger.

use serde::Serialize;

use crate::{Report, SignerKind};

/// Fields that tell where a source package came from.
const ORIGINS: [&str; 7] = [
    "Source",
    "Version",
    "Dgit",
    "Git-Tag-Info",
    "Git-Tag-Tagger",
    "Build-Origin",
    "Build-Date",
];

/// A field and what it says, on its first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub value: String,
}

/// What a signed control file says of where it came from; nothing if it is none.
pub fn origins(text: &[u8]) -> Vec<Field> {
    let text = String::from_utf8_lossy(text);
    let mut fields = Vec::new();
    for line in text.lines().take_while(|line| !line.trim().is_empty()) {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let known = ORIGINS.iter().find(|it| it.eq_ignore_ascii_case(name));
        if let Some(&name) = known
            && fields.iter().all(|it: &Field| it.name != name)
        {
            let value = value.trim().to_owned();
            fields.push(Field { name, value });
        }
    }
    fields
}

/// Says of a service for whom it signed.
pub(crate) fn name_people(report: &mut Report, text: &[u8]) {
    let fields = origins(text);
    let tagger = fields.iter().find(|it| it.name == "Git-Tag-Tagger");
    let Some(tagger) = tagger else {
        return;
    };
    for judged in &mut report.signatures {
        if let Some(signer) = &mut judged.signer
            && signer.kind == SignerKind::Service
        {
            signer.on_behalf_of = Some(tagger.value.clone());
            let says = if judged.verdict.accepts() {
                "a service signed it for"
            } else {
                "it claims that a service signed it for"
            };
            let why = format!("{says} {}", tagger.value);
            judged.why.push(why);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_paragraph_and_the_first_of_a_name_count() {
        let text = b"Source: a\nSource: b\nversion: 1\nFiles:\n x\n\nDgit: no\n";
        let said: Vec<_> = origins(text).into_iter().map(|it| it.value).collect();
        assert_eq!(said, ["a", "1"]);
    }
}

//! What a signer states of a file: in-toto statements, with SLSA's provenance and the notes of
//! registries (PyPI, npm) on what they published.
//!
//! It is the signer's word. What the authority saw of the signer stands in the certificate, and
//! where both speak of one thing they are compared.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Certificate;

/// A text of a statement that is kept.
const TEXT: usize = 4 << 10;

/// Subjects that are looked at.
const SUBJECTS: usize = 100_000;

/// What a statement says of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// Of which kind it is, by its address.
    pub predicate: String,
    /// What it calls the file.
    pub subject: String,
    /// What built it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub builder: Option<String>,
    /// From which repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// From which commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// From which branch or tag.
    #[serde(skip_serializing_if = "Option::is_none", rename = "ref")]
    pub reference: Option<String>,
    /// By which workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// In which run of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// As which package it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry: Option<String>,
}

/// As it is written.
#[derive(Deserialize)]
struct Written {
    #[serde(rename = "_type")]
    kind: String,
    #[serde(rename = "predicateType")]
    predicate_kind: String,
    subject: Vec<Subject>,
    #[serde(default)]
    predicate: Value,
}

#[derive(Deserialize)]
struct Subject {
    #[serde(default)]
    name: String,
    digest: BTreeMap<String, String>,
}

/// Digests of the file, in hexadecimal digits.
pub(super) struct Digests {
    pub(super) sha256: String,
    pub(super) sha512: String,
}

/// A statement that says nothing of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It cannot be read, or is of another form.
    Malformed(String),
    /// None of its subjects is the file.
    OfAnother,
}

impl Statement {
    /// Reads a statement that has the file among its subjects.
    pub(super) fn read(payload: &[u8], file: &Digests) -> Result<Self, Refused> {
        let written: Written = serde_json::from_slice(payload).map_err(|error| {
            Refused::Malformed(format!("its statement cannot be read: {error}"))
        })?;
        let known = [
            "https://in-toto.io/Statement/v1",
            "https://in-toto.io/Statement/v0.1",
        ];
        if !known.contains(&written.kind.as_str()) {
            let why = "its statement is of an unknown form".to_owned();
            return Err(Refused::Malformed(why));
        }
        let mut subjects = written.subject.iter().take(SUBJECTS);
        let subject = subjects.find(|it| it.is(file)).ok_or(Refused::OfAnother)?;
        let mut statement = of_predicate(&written.predicate_kind, &written.predicate);
        statement.predicate = short(&written.predicate_kind);
        statement.subject = short(&subject.name);
        Ok(statement)
    }

    /// In what it says otherwise than the certificate, where both say something.
    pub(super) fn contradicts(&self, certificate: &Certificate) -> Vec<String> {
        let repository = |it: &Option<String>| it.as_deref().map(bare_address);
        let same = |it: &Option<String>| it.clone();
        let mut told = Vec::new();
        let mut compare = |what: &str, stated: Option<String>, seen: Option<String>| {
            if let (Some(stated), Some(seen)) = (stated, seen)
                && stated != seen
            {
                told.push(format!(
                    "the statement says {what} {stated}, the certificate {seen}"
                ));
            }
        };
        let (stated, seen) = (&self.repository, &certificate.repository);
        compare("repository", repository(stated), repository(seen));
        compare("commit", same(&self.commit), same(&certificate.commit));
        told
    }
}

impl Subject {
    /// Whether it is the file: by one digest at least, and by none of those that count otherwise.
    fn is(&self, file: &Digests) -> bool {
        let says = |name: &str, digest: &str| {
            let said = self.digest.get(name);
            said.map(|said| said.eq_ignore_ascii_case(digest))
        };
        match (says("sha256", &file.sha256), says("sha512", &file.sha512)) {
            (None, None) => false,
            (one, other) => one.unwrap_or(true) && other.unwrap_or(true),
        }
    }
}

fn of_predicate(kind: &str, predicate: &Value) -> Statement {
    let text = |pointer: &str| text(predicate, pointer);
    if kind.starts_with("https://slsa.dev/provenance/v1") {
        let source = text("/buildDefinition/externalParameters/workflow/repository")
            .or_else(|| text("/buildDefinition/externalParameters/source/uri"))
            .or_else(|| text("/buildDefinition/resolvedDependencies/0/uri"));
        return Statement {
            builder: text("/runDetails/builder/id"),
            commit: text("/buildDefinition/resolvedDependencies/0/digest/gitCommit")
                .or_else(|| text("/buildDefinition/externalParameters/source/digest/gitCommit"))
                .or_else(|| text("/buildDefinition/resolvedDependencies/0/digest/sha1")),
            reference: text("/buildDefinition/externalParameters/workflow/ref")
                .or_else(|| reference(source.as_deref())),
            repository: source.as_deref().map(bare_address),
            workflow: text("/buildDefinition/externalParameters/workflow/path"),
            run: text("/runDetails/metadata/invocationId"),
            ..Statement::default()
        };
    }
    if kind.starts_with("https://slsa.dev/provenance/v0.2") {
        let source = text("/invocation/configSource/uri");
        return Statement {
            builder: text("/builder/id"),
            commit: text("/invocation/configSource/digest/sha1"),
            reference: reference(source.as_deref()),
            repository: source.as_deref().map(bare_address),
            workflow: text("/invocation/configSource/entryPoint"),
            run: text("/metadata/buildInvocationId")
                .or_else(|| text("/metadata/buildInvocationID")),
            ..Statement::default()
        };
    }
    if kind == "https://github.com/npm/attestation/tree/main/specs/publish/v0.1" {
        let (name, version) = (text("/name"), text("/version"));
        return Statement {
            package: name.map(|name| format!("{name} {}", version.unwrap_or_default())),
            registry: text("/registry"),
            ..Statement::default()
        };
    }
    if kind == "https://docs.pypi.org/attestations/publish/v1" {
        return Statement {
            registry: Some("https://pypi.org".to_owned()),
            ..Statement::default()
        };
    }
    Statement::default()
}

fn text(predicate: &Value, pointer: &str) -> Option<String> {
    let text = predicate.pointer(pointer)?.as_str()?;
    (!text.is_empty()).then(|| short(text))
}

fn short(text: &str) -> String {
    let end = text.floor_char_boundary(TEXT);
    text[..end].to_owned()
}

/// An address of a repository without what tells how to fetch it and what of it: `git+` before it,
/// `.git` and `@refs/…` behind.
fn bare_address(address: &str) -> String {
    let address = address.strip_prefix("git+").unwrap_or(address);
    let address = address.split_once("@refs/").map_or(address, |it| it.0);
    let address = address.trim_end_matches('/');
    address.strip_suffix(".git").unwrap_or(address).to_owned()
}

fn reference(address: Option<&str>) -> Option<String> {
    let (_, reference) = address?.split_once("@refs/")?;
    Some(format!("refs/{reference}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn digests() -> Digests {
        Digests {
            sha256: "ab".repeat(32),
            sha512: "cd".repeat(64),
        }
    }

    fn read(kind: &str, predicate: &Value) -> Statement {
        let written = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "predicateType": kind,
            "subject": [
                {"name": "other", "digest": {"sha256": "00".repeat(32)}},
                {"name": "demo-1.0.tar.gz", "digest": {"sha256": "AB".repeat(32)}},
            ],
            "predicate": predicate,
        });
        Statement::read(written.to_string().as_bytes(), &digests()).unwrap()
    }

    #[test]
    fn provenance_tells_builder_repository_commit_and_workflow() {
        let first = json!({
            "buildDefinition": {
                "externalParameters": {"workflow": {
                    "repository": "https://example.org/demo",
                    "ref": "refs/tags/v1",
                    "path": ".workflows/release.yml",
                }},
                "resolvedDependencies": [
                    {"uri": "git+https://example.org/demo@refs/tags/v1", "digest": {"gitCommit": "1234"}},
                ],
            },
            "runDetails": {"builder": {"id": "https://example.org/runner"}},
        });
        let second = json!({
            "builder": {"id": "https://example.org/runner"},
            "invocation": {"configSource": {
                "uri": "git+https://example.org/demo.git@refs/tags/v1",
                "digest": {"sha1": "1234"},
                "entryPoint": ".workflows/release.yml",
            }},
        });
        for (kind, predicate) in [
            ("https://slsa.dev/provenance/v1", first),
            ("https://slsa.dev/provenance/v0.2", second),
        ] {
            let statement = read(kind, &predicate);
            assert_eq!(statement.subject, "demo-1.0.tar.gz");
            assert_eq!(statement.builder.unwrap(), "https://example.org/runner");
            assert_eq!(statement.commit.unwrap(), "1234");
            assert_eq!(statement.reference.unwrap(), "refs/tags/v1");
            assert_eq!(statement.workflow.unwrap(), ".workflows/release.yml");
            assert!(statement.repository.unwrap().ends_with("example.org/demo"));
        }
    }

    #[test]
    fn registries_tell_what_they_published() {
        let npm = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1";
        let predicate =
            json!({"name": "demo", "version": "1.0", "registry": "https://npm.example"});
        let statement = read(npm, &predicate);
        assert_eq!(statement.package.unwrap(), "demo 1.0");
        assert_eq!(statement.registry.unwrap(), "https://npm.example");
        let pypi = read(
            "https://docs.pypi.org/attestations/publish/v1",
            &Value::Null,
        );
        assert_eq!(pypi.registry.unwrap(), "https://pypi.org");
    }

    #[test]
    fn a_subject_with_one_digest_of_the_file_and_one_of_another_is_another() {
        let of = |digest: Value| {
            let written = json!({
                "_type": "https://in-toto.io/Statement/v0.1",
                "predicateType": "p",
                "subject": [{"digest": digest}],
            });
            Statement::read(written.to_string().as_bytes(), &digests())
        };
        let (sha256, sha512) = ("ab".repeat(32), "cd".repeat(64));
        assert!(of(json!({"sha256": sha256, "sha512": sha512})).is_ok());
        assert!(of(json!({"sha512": sha512, "md5": "0"})).is_ok());
        assert_eq!(
            of(json!({"sha256": sha256, "sha512": "00"})),
            Err(Refused::OfAnother)
        );
        assert_eq!(of(json!({"gitCommit": "00"})), Err(Refused::OfAnother));
    }

    #[test]
    fn what_the_certificate_says_otherwise_is_told() {
        let statement = Statement {
            repository: Some("https://example.org/demo".to_owned()),
            commit: Some("1234".to_owned()),
            ..Statement::default()
        };
        let mut certificate = Certificate {
            repository: Some("https://example.org/demo.git".to_owned()),
            ..Certificate::default()
        };
        assert!(statement.contradicts(&certificate).is_empty());
        certificate.commit = Some("5678".to_owned());
        let told = statement.contradicts(&certificate);
        assert_eq!(
            told,
            ["the statement says commit 1234, the certificate 5678"]
        );
    }
}

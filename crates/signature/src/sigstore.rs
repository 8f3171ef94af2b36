//! Bundles of Sigstore: a signature, a certificate that lasts for minutes or a key, and the proof
//! that a public log has it.
//!
//! `sigstore-verify` verifies all of a bundle; here it is decided what that is worth. That somebody
//! signed says little, as anybody may: whoever asks names the signer, and who has to vouch for that
//! name. Otherwise the verdict is that the signer is unknown, and tells who it was.

mod documents;
mod judge;
mod key;
mod mathematics;
mod older;
mod root;
mod statement;

use jiff::Timestamp;
use serde::Serialize;
use sigstore_verify::crypto::CertificateInfo;

use crate::{Data, Error, Judgement, Method, Report, Verdict};

pub use key::PublicKey;
pub(crate) use key::holds_keys;
pub use root::{Root, RootError};
pub use statement::Statement;

/// Whose bundles are believed.
#[derive(Clone, Debug, Default)]
pub struct Believed {
    /// Who has to have signed, where a certificate names the signer.
    pub identity: Option<Identity>,
    /// The authorities; those of the public instance unless others are given.
    pub root: Option<Root>,
}

/// Somebody, and by whose word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The address of a person, or of a workflow, in full.
    pub name: String,
    /// Who has to vouch for that name: the address of the one with whom the signer signed in.
    pub issuer: String,
}

/// What a bundle says beside who signed; nothing of one that does not verify.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Told {
    /// What the authority saw of the signer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// What the signer states of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<Statement>,
}

/// What a certificate says of the run that signed; of a person's it says who vouched for the name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// Who vouched for the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The repository for which it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// At which commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// On which branch or tag.
    #[serde(skip_serializing_if = "Option::is_none", rename = "ref")]
    pub reference: Option<String>,
    /// The workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// What set it off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
    /// Whose machine it ran on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runner: Option<String>,
    /// The run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

impl Certificate {
    /// Certificates before 2023 have the same under other names.
    fn of(info: &CertificateInfo) -> Self {
        let (claims, old) = (&info.ci_claims, &info.ci_claims.deprecated_github);
        let first =
            |one: &Option<String>, other: &Option<String>| one.as_ref().or(other.as_ref()).cloned();
        Self {
            issuer: info.issuer.clone(),
            repository: first(&claims.source_repository_uri, &old.workflow_repository),
            commit: first(&claims.source_repository_digest, &old.workflow_sha),
            reference: first(&claims.source_repository_ref, &old.workflow_ref),
            workflow: first(&claims.build_config_uri, &old.workflow_name),
            trigger: first(&claims.build_trigger, &old.workflow_trigger),
            runner: claims.runner_environment.clone(),
            run: claims.run_invocation_uri.clone(),
        }
    }
}

/// What is asked of each bundle.
struct Asked<'a> {
    data: Option<Data<'a>>,
    root: &'a Root,
    identity: Option<&'a Identity>,
    keys: &'a [PublicKey],
    now: Timestamp,
}

/// Whether a file looks like a bundle.
pub(crate) fn is_bundle(file: &[u8]) -> bool {
    file.trim_ascii_start().starts_with(b"{")
}

/// Judges the bundles of a file, which may be several: one that is accepted is enough. What is told
/// is of the one that decides.
pub fn verify(
    data: Option<Data<'_>>,
    file: &[u8],
    believed: &Believed,
    keys: &[PublicKey],
    now: Timestamp,
) -> Result<(Told, Report), Error> {
    let root = match &believed.root {
        Some(root) => root,
        None => &Root::public()?,
    };
    let asked = Asked {
        data,
        root,
        identity: believed.identity.as_ref(),
        keys,
        now,
    };
    let mut judged = Vec::new();
    for bundle in documents::read(file) {
        judged.push(match bundle {
            Ok(bundle) => asked.judge(&bundle)?,
            Err(why) => {
                let why = format!("it cannot be read: {why}");
                let malformed = Judgement::new(Verdict::Malformed, Method::Sigstore, why);
                (malformed, Told::default())
            }
        });
    }
    // Reports put them into the same order.
    judged.sort_by_key(|(judged, _)| judged.verdict.rank());
    let (judged, told): (Vec<_>, Vec<_>) = judged.into_iter().unzip();
    let told = told.into_iter().next().unwrap_or_default();
    Ok((told, Report::of(judged, Method::Sigstore)))
}

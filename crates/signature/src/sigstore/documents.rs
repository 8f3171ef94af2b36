//! The forms in which bundles come: alone, one a line, in the lists of npm and GitHub, as PyPI
//! writes attestations (PEP 740), and as cosign wrote them first.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use sigstore_verify::types::Bundle;

use super::older;

/// What all bundles of a file may have.
const BYTES: usize = 16 << 20;

/// Bundles that one file may hold.
const BUNDLES: usize = 32;

/// Entries of logs, times and certificates that one bundle may hold, of which each is verified.
const PARTS: usize = 32;

/// Signatures that the checkpoints of one bundle may hold together; logs have a dozen witnesses.
const WITNESSES: usize = 64;

/// Digests on the way from an entry to the root of its tree.
const HASHES: usize = 64;

/// A bundle, or why it is none.
pub(super) type Read = Result<Bundle, String>;

/// The list in which npm and GitHub serve bundles.
#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    attestations: Vec<Listed<'a>>,
}

#[derive(Deserialize)]
struct Listed<'a> {
    #[serde(borrow)]
    bundle: &'a RawValue,
}

/// What PyPI serves of a file.
#[derive(Deserialize)]
struct Provenance<'a> {
    #[serde(borrow)]
    attestation_bundles: Vec<Published<'a>>,
}

#[derive(Deserialize)]
struct Published<'a> {
    #[serde(borrow)]
    attestations: Vec<&'a RawValue>,
}

/// An attestation of PyPI: a bundle under other names.
#[derive(Deserialize)]
struct Attestation<'a> {
    #[serde(borrow)]
    verification_material: Material<'a>,
    #[serde(borrow)]
    envelope: Envelope<'a>,
}

#[derive(Deserialize)]
struct Material<'a> {
    #[serde(borrow)]
    certificate: Cow<'a, str>,
    #[serde(borrow)]
    transparency_entries: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    statement: Cow<'a, str>,
    #[serde(borrow)]
    signature: Cow<'a, str>,
}

/// All bundles of a file; each by itself may be none. A file of no known form is one that is none.
pub(super) fn read(file: &[u8]) -> Vec<Read> {
    match split(file) {
        Ok(bundles) if bundles.is_empty() => vec![Err("there is no bundle in it".to_owned())],
        Ok(bundles) if bundles.len() > BUNDLES => {
            vec![Err(format!("it holds more than {BUNDLES} bundles"))]
        }
        Ok(bundles) => bundles,
        Err(why) => vec![Err(why)],
    }
}

fn split(file: &[u8]) -> Result<Vec<Read>, String> {
    if file.len() > BYTES {
        return Err(format!("it has more than {BYTES} bytes"));
    }
    let text = std::str::from_utf8(file).map_err(|_| "it is not text".to_owned())?;
    if let Ok(list) = serde_json::from_str::<List<'_>>(text) {
        let listed = list.attestations.iter().take(BUNDLES + 1);
        return Ok(listed.map(|it| bundle(it.bundle.get())).collect());
    }
    if let Ok(provenance) = serde_json::from_str::<Provenance<'_>>(text) {
        let published = provenance.attestation_bundles.iter();
        let published = published.flat_map(|it| &it.attestations).take(BUNDLES + 1);
        return Ok(published.map(|it| attestation(it.get())).collect());
    }
    if text.contains("\"transparency_entries\"") {
        return Ok(vec![attestation(text)]);
    }
    if older::is_older(text) {
        return Ok(vec![older::read(text).and_then(|json| bundle(&json))]);
    }
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let each_is_one = |line: &str| serde_json::from_str::<&RawValue>(line).is_ok();
    let first = lines.next().unwrap_or_default();
    if each_is_one(first) && lines.next().is_some() {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        return Ok(lines.take(BUNDLES + 1).map(bundle).collect());
    }
    Ok(vec![bundle(text)])
}

fn bundle(json: &str) -> Read {
    let bundle = Bundle::from_json(json).map_err(|error| error.to_string())?;
    within_limits(bundle)
}

/// Brings an attestation of PyPI into the form of a bundle.
fn attestation(json: &str) -> Read {
    let read: Attestation<'_> = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let material = &read.verification_material;
    let written = serde_json::json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "certificate": {"rawBytes": material.certificate},
            "tlogEntries": material.transparency_entries,
        },
        "dsseEnvelope": {
            "payload": read.envelope.statement,
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{"sig": read.envelope.signature}],
        },
    });
    bundle(&written.to_string())
}

fn within_limits(bundle: Bundle) -> Read {
    use sigstore_verify::types::bundle::VerificationMaterialContent as Content;
    let material = &bundle.verification_material;
    let entries = material.tlog_entries.len();
    let times = material
        .timestamp_verification_data
        .rfc3161_timestamps
        .len();
    let certificates = match &material.content {
        Content::X509CertificateChain { certificates } => certificates.len(),
        _ => 0,
    };
    if entries.max(times).max(certificates) > PARTS {
        return Err(format!(
            "it has more than {PARTS} entries, times or certificates"
        ));
    }
    let proofs = material.tlog_entries.iter();
    let proofs = proofs.filter_map(|entry| entry.inclusion_proof.as_ref());
    let mut witnesses = 0;
    for proof in proofs {
        let checkpoint = proof.checkpoint.checkpoint();
        witnesses += checkpoint.map_or(0, |it| it.signatures().len());
        if witnesses > WITNESSES || proof.hashes.len() > HASHES {
            return Err("its proofs have more parts than any log's".to_owned());
        }
    }
    Ok(bundle)
}

//! What cosign wrote beside files before there were bundles: signature, certificate or key, and the
//! log's promise, under names of its own.
//!
//! It has no proof that the log kept the promise, as bundles of version 0.1 need none either.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use data_encoding::HEXLOWER;
use serde::Deserialize;
use serde_json::{Value, json};

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow, rename = "base64Signature")]
    signature: Cow<'a, str>,
    /// In PEM, and that in base64.
    #[serde(borrow, default)]
    cert: Cow<'a, str>,
    #[serde(borrow, rename = "rekorBundle")]
    promised: Promised<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Promised<'a> {
    #[serde(borrow)]
    signed_entry_timestamp: Cow<'a, str>,
    #[serde(borrow)]
    payload: Payload<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    #[serde(borrow)]
    body: Cow<'a, str>,
    integrated_time: i64,
    log_index: u64,
    #[serde(borrow, rename = "logID")]
    log_id: Cow<'a, str>,
}

/// What an entry of the log calls itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    kind: String,
    api_version: String,
}

/// Whether a file has the names of that form.
pub(super) fn is_older(text: &str) -> bool {
    text.contains("\"base64Signature\"") && text.contains("\"rekorBundle\"")
}

/// Brings it into the form of a bundle of version 0.1.
pub(super) fn read(text: &str) -> Result<String, String> {
    let written: Written<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let payload = &written.promised.payload;
    let entry = STANDARD.decode(payload.body.as_bytes());
    let entry = entry.map_err(|_| "its log's entry is not base64".to_owned())?;
    let entry: Entry = serde_json::from_slice(&entry)
        .map_err(|error| format!("its log's entry cannot be read: {error}"))?;
    if entry.kind != "hashedrekord" {
        return Err("its log's entry is of a kind that is not known in this form".to_owned());
    }
    let log = HEXLOWER.decode(payload.log_id.as_bytes());
    let log = log.map_err(|_| "its log's name is not hexadecimal".to_owned())?;
    let (kind, by) = signer(&written.cert)?;
    let bundle = json!({
        "mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.1",
        "verificationMaterial": {
            kind: by,
            "tlogEntries": [{
                "logIndex": payload.log_index.to_string(),
                "logId": {"keyId": STANDARD.encode(log)},
                "kindVersion": {"kind": entry.kind, "version": entry.api_version},
                "integratedTime": payload.integrated_time.to_string(),
                "inclusionPromise": {"signedEntryTimestamp": written.promised.signed_entry_timestamp},
                "canonicalizedBody": payload.body,
            }],
        },
        "messageSignature": {"signature": written.signature},
    });
    Ok(bundle.to_string())
}

/// The certificate, or that a key signed, whichever that is.
fn signer(cert: &str) -> Result<(&'static str, Value), String> {
    let pem = STANDARD.decode(cert.as_bytes());
    let pem = pem.map_err(|_| "its certificate is not base64".to_owned())?;
    let pem = String::from_utf8_lossy(&pem);
    let Some((_, rest)) = pem.split_once(BEGIN) else {
        return Ok(("publicKey", json!({"hint": ""})));
    };
    let (body, _) = rest.split_once(END).ok_or("its certificate has no end")?;
    let body: String = body.split_ascii_whitespace().collect();
    let certificates = json!({"certificates": [{"rawBytes": body}]});
    Ok(("x509CertificateChain", certificates))
}

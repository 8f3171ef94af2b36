//! `palisade review verify` over bundles of Sigstore: what it prints, and its status.

use std::path::{Path, PathBuf};
use std::process::Output;

use crate::support::{palisade, printed, said};

const WORKFLOW: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// A real file, or nothing, which is said, when it is not here.
fn shared(name: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    let root = std::env::var_os("PALISADE_SHARED_DATA").map_or_else(beside, PathBuf::from);
    let path = root.join("review/sigstore-conformance").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: there is no {}", path.display());
    None
}

fn verify(data: &Path, bundle: &Path, more: &[&str]) -> Output {
    let mut command = palisade();
    command.args(["review", "verify", "--data"]).arg(data);
    command.arg("--signature").arg(bundle).args(more);
    command.output().unwrap()
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_str(&printed(output)).unwrap_or_else(|_| panic!("{}", said(output)))
}

#[test]
fn what_is_no_bundle_has_status_one_and_half_a_signer_two() {
    let folder = tempfile::tempdir().unwrap();
    let (data, bundle) = (folder.path().join("data"), folder.path().join("bundle"));
    fs_err::write(&data, "a release\n").unwrap();
    fs_err::write(&bundle, "{}").unwrap();
    let output = verify(&data, &bundle, &["--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_eq!(json(&output)["verdict"], "malformed");
    let output = verify(&data, &bundle, &["--identity", "a@example.invalid"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let root = bundle.to_str().unwrap();
    let output = verify(&data, &bundle, &["--trusted-root", root]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
}

#[test]
fn a_bundle_of_the_named_signer_tells_where_it_comes_from() {
    let (Some(data), Some(bundle)) = (
        shared("a.txt"),
        shared("happy-path-intoto-in-dsse-v3/bundle.sigstore.json"),
    ) else {
        return;
    };
    let named = ["--identity", WORKFLOW, "--issuer", ISSUER];
    let output = verify(
        &data,
        &bundle,
        &[&named[..], &["--format", "json"]].concat(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let printed_json = json(&output);
    assert_eq!(printed_json["verdict"], "good");
    assert_eq!(printed_json["signer"], WORKFLOW);
    assert_eq!(printed_json["certificate"]["issuer"], ISSUER);
    let predicate = printed_json["statement"]["predicate"].as_str().unwrap();
    assert!(
        predicate.starts_with("https://slsa.dev/provenance/"),
        "{predicate}"
    );

    let text = printed(&verify(&data, &bundle, &named));
    assert!(text.starts_with("good\n"), "{text}");
    assert!(text.contains("  seen  commit: 82a3bfe6"), "{text}");

    let output = verify(&data, &bundle, &["--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_eq!(json(&output)["verdict"], "unknown-signer");
    assert_eq!(json(&output)["signer"], WORKFLOW);
}

#[test]
fn what_is_missing_is_named_once() {
    let told = |arguments: &[&str]| {
        let mut command = palisade();
        let output = command.args(["review", "verify"]).args(arguments).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        said(&output)
    };
    let nothing = told(&[]);
    assert!(nothing.contains("--signature <FILE>"), "{nothing}");
    assert!(!nothing.contains("--commit"), "{nothing}");
    let nameless = told(&["--git", "."]);
    assert_eq!(nameless, "error: --git needs a --tag or a --commit\n");
    let keyless = told(&["--signature", "x", "--key", "/nowhere/key"]);
    assert!(
        keyless.starts_with("error: read /nowhere/key: failed to open"),
        "{keyless}"
    );
}

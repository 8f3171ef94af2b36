//! What others hold of a file, as their indexes say it: Debian's `Sources` under an `InRelease`, an
//! inventory of Guix, and APKBUILD files.

use std::io::{BufReader, Read};
use std::path::Path;

use anyhow::Context;
use palisade_formats::apkbuild::Apkbuild;
use palisade_formats::deb822::{Paragraph, Paragraphs};
use palisade_formats::debian_release::Release;
use palisade_formats::guix_inventory;
use palisade_model::Timestamp;
use palisade_signature::checksums::sums;
use palisade_signature::corroboration::{Agreement, Claim, Compared, Digests};
use palisade_signature::{Data, Keys, openpgp};

/// An `InRelease` or an APKBUILD.
const TEXT_BYTES: u64 = 16 << 20;

/// A list of a suite's indexes whose signature is believed.
struct Signed {
    who: String,
    date: String,
    signer: String,
    text: String,
}

/// Compares a file with what the indexes say. Of what differs, only that is told which others hold
/// under the file's name.
pub(super) fn compare(
    data: &Path,
    indexes: &[std::path::PathBuf],
    keys: &Keys,
    now: Timestamp,
) -> anyhow::Result<Vec<Compared>> {
    let digests = Digests::of(&Data::File(data))?;
    let name = data.file_name().unwrap_or_default().to_string_lossy();
    let mut signed = Vec::new();
    let mut others = Vec::new();
    for path in indexes {
        match in_release(path, keys, now)? {
            Some(release) => signed.push(release),
            None => others.push(path),
        }
    }
    let mut told = Vec::new();
    for path in others {
        let claims = claims(path, &signed);
        let claims = claims.with_context(|| format!("read what {} holds", path.display()))?;
        let compared = digests.compare(claims);
        told.extend(compared.into_iter().filter(|it| {
            let file = it.claim.what.rsplit(' ').next();
            it.agreement != Agreement::Different || file == Some(&*name)
        }));
    }
    Ok(told)
}

/// A clear-signed list of indexes; none if the file is something else.
fn in_release(path: &Path, keys: &Keys, now: Timestamp) -> anyhow::Result<Option<Signed>> {
    let mut begin = Vec::new();
    let opened = Data::File(path).open().context("open an index")?;
    opened.take(34).read_to_end(&mut begin)?;
    if begin != b"-----BEGIN PGP SIGNED MESSAGE-----" {
        return Ok(None);
    }
    let document = path.display().to_string();
    let bytes = Data::File(path).whole(TEXT_BYTES)?;
    let (text, report) = openpgp::verify_clear(&bytes, &keys.openpgp, now);
    let text = text.filter(|_| report.verdict.accepts());
    let Some(text) = text else {
        anyhow::bail!(
            "{document}: its signature is {}: {}",
            report.verdict,
            report.why()
        );
    };
    let release = Release::read(&document, &text.bytes)?;
    if release.valid_until.is_some_and(|until| until < now) {
        anyhow::bail!("{document}: it was to be believed until a time that is past");
    }
    let origin = release.origin.as_deref().unwrap_or("an archive");
    let suite = release.codename.as_deref().unwrap_or("unknown");
    Ok(Some(Signed {
        who: format!("{origin} {suite}"),
        date: release.date.to_string(),
        signer: report
            .signer()
            .map(|it| it.fingerprint.clone())
            .unwrap_or_default(),
        text: String::from_utf8_lossy(&text.bytes).into_owned(),
    }))
}

fn claims(path: &Path, signed: &[Signed]) -> anyhow::Result<Vec<Claim>> {
    let data = Data::File(path);
    if path.file_name().is_some_and(|name| name == "APKBUILD") {
        return apkbuild(&data);
    }
    let document = path.display().to_string();
    let json = document.contains(".jsonl");
    if json {
        return guix(&document, &data);
    }
    let digests = Digests::of(&data)?;
    let release = signed.iter().find(|release| lists(release, &digests));
    sources(&document, &data, release)
}

/// Whether the signed list has a file of these digests.
fn lists(release: &Signed, digests: &Digests) -> bool {
    sums(&release.text).any(|sum| digests.has(&sum.digest))
}

fn sources(
    document: &str,
    data: &Data<'_>,
    release: Option<&Signed>,
) -> anyhow::Result<Vec<Claim>> {
    let text: Box<dyn Read> = match data.inner()? {
        Some(inner) => inner,
        None => data.open()?,
    };
    let mut paragraphs = Paragraphs::new(document, BufReader::new(text));
    let mut paragraph = Paragraph::default();
    let mut claims = Vec::new();
    while paragraphs.read(&mut paragraph)? {
        let package = paragraph.get("Package").unwrap_or_default();
        let version = paragraph.get("Version").unwrap_or_default();
        // Fields have lost the indentation of their lines, by which sums in them are known.
        let listed = paragraph.get("Checksums-Sha256").unwrap_or_default();
        for line in listed.lines() {
            let line = format!(" {line}");
            let original = sums(&line).find(|sum| sum.name.contains(".orig"));
            let Some(sum) = original else { continue };
            claims.push(Claim {
                who: release.map_or("an unsigned index".to_owned(), |it| it.who.clone()),
                what: format!("{package} {version} {}", sum.name),
                digest: hexadecimal(&sum.digest),
                under: release.map(|it| it.signer.clone()),
                date: release.map(|it| it.date.clone()),
            });
        }
    }
    Ok(claims)
}

fn guix(document: &str, data: &Data<'_>) -> anyhow::Result<Vec<Claim>> {
    let inventory = guix_inventory::read(document, &mut data.open()?, &mut |_| {})?;
    let mut claims = Vec::new();
    for package in inventory.packages {
        for source in package.sources {
            // A tree's digest is of another kind than a file's.
            let (Some(hash), Some(file)) = (source.hash, source.file_name) else {
                continue;
            };
            claims.push(Claim {
                who: "Guix".to_owned(),
                what: format!("{} {} {file}", package.name, package.version),
                digest: hash.hex,
                under: None,
                date: None,
            });
        }
    }
    Ok(claims)
}

fn apkbuild(data: &Data<'_>) -> anyhow::Result<Vec<Claim>> {
    let text = data.whole(TEXT_BYTES)?;
    let apkbuild = Apkbuild::parse(&String::from_utf8_lossy(&text));
    let package = apkbuild.name.unwrap_or_default();
    let version = apkbuild.version.unwrap_or_default();
    let hashed = apkbuild.recipe.sources.into_iter();
    let hashed = hashed.filter_map(|source| Some((source.name, source.hash?.hex)));
    Ok(hashed
        .map(|(name, digest)| Claim {
            who: "Alpine".to_owned(),
            what: format!("{package} {version} {name}"),
            digest,
            under: None,
            date: None,
        })
        .collect())
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

//! `palisade review verify`: who vouches for a file, and what that is worth.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use palisade_model::Timestamp;
use palisade_signature::corroboration::{Agreement, Compared, independent};
use palisade_signature::debian::{self, Field};
use palisade_signature::ed25519::Legacy;
use palisade_signature::git;
use palisade_signature::pins::{self, Pins};
use palisade_signature::sigstore::{Believed, Identity, Root, Told};
use palisade_signature::{Data, Judgement, Keys, Light, Lights, Question, Report};
use serde::Serialize;

use super::corroborate;
use crate::commands::{Format, now};
use crate::ui::{self, plain};

/// A signature's file, or a list of sums with its signature.
const SIGNATURE_BYTES: u64 = 64 << 20;

/// The authorities of Sigstore; the public instance's have 7 KB.
const ROOT_BYTES: u64 = 4 << 20;

/// A file of keys; the largest keyring has 30 MB.
const KEY_BYTES: u64 = 96 << 20;

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The file for which the signature should vouch; not needed where the signature holds its text
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,

    /// The signature: OpenPGP (detached, inline, clear-signed), minisign, signify, SSH, or a bundle of
    /// Sigstore
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "git",
        conflicts_with = "git"
    )]
    signature: Option<PathBuf>,

    /// A repository, whose tag or commit is judged; it is only read
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "data")]
    git: Option<PathBuf>,

    /// The tag, which must call itself by this name
    #[arg(long, value_name = "NAME", requires = "git", conflicts_with = "commit")]
    tag: Option<String>,

    /// The commit: its own name, or a branch's or a tag's
    #[arg(long, value_name = "NAME", requires = "git")]
    commit: Option<String>,

    /// The package, whose pinned signers are asked
    #[arg(long, value_name = "NAME", requires = "pins")]
    package: Option<String>,

    /// Who may sign which package, in TOML
    #[arg(long, value_name = "FILE", requires = "package")]
    pins: Option<PathBuf>,

    /// What others hold: Debian's `InRelease` and `Sources`, an inventory of Guix (.jsonl), an APKBUILD;
    /// that proves sameness only
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "data")]
    corroborate: Vec<PathBuf>,

    /// Keys of those who are believed: certificates of OpenPGP, keys of minisign or signify, SSH's list of
    /// allowed signers, or public keys in PEM for bundles of Sigstore; may be given several times
    #[arg(long = "key", value_name = "FILE")]
    keys: Vec<PathBuf>,

    /// Who has to have signed a bundle of Sigstore: a workflow's address or one of mail, in full
    #[arg(long, value_name = "NAME", requires = "issuer")]
    identity: Option<String>,

    /// Who has to vouch for that name: the address of the one with whom the signer signed in
    #[arg(long, value_name = "ADDRESS", requires = "identity")]
    issuer: Option<String>,

    /// The authorities of another instance of Sigstore than the public one (`trusted_root.json`)
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<PathBuf>,

    /// A list of sums that the signature is over; the file must be in it
    #[arg(long, value_name = "FILE", requires = "data")]
    checksums: Option<PathBuf>,

    /// For what a signature of SSH should have been made
    #[arg(long, value_name = "NAME", default_value = "file")]
    namespace: String,

    /// Refuse signatures of minisign that are over the file itself
    #[arg(long)]
    refuse_legacy: bool,

    /// Judge as of this time
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,

    /// How the answer is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// What is printed as JSON; `verdict`, `signer` and `why` stay as they are.
#[derive(Serialize)]
struct Printed<'a> {
    verdict: &'a str,
    /// The fingerprint of whose signature decides; of a bundle of Sigstore the identity.
    signer: Option<&'a str>,
    why: String,
    accepted: bool,
    signatures: &'a [Judgement],
    #[serde(skip_serializing_if = "Option::is_none")]
    pin: Option<Pin>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    says: &'a [Field],
    /// `certificate` and `statement` of a bundle of Sigstore.
    #[serde(flatten)]
    told: &'a Told,
    lights: &'a Lights,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    corroboration: &'a [Compared],
}

#[derive(Clone, Copy, Serialize)]
struct Pin {
    standing: pins::Standing,
    severity: &'static str,
    why: &'static str,
}

/// All that is known at the end.
struct Known {
    /// The verdict's name: also of what is not signed at all.
    verdict: &'static str,
    why: String,
    report: Option<Report>,
    says: Vec<Field>,
    told: Told,
    pin: Option<Pin>,
    compared: Vec<Compared>,
    lights: Lights,
}

pub(super) fn run(command: &Verify) -> anyhow::Result<ExitCode> {
    let keys = read_keys(&command.keys)?;
    let now = command.at.unwrap_or_else(now);
    let mut known = match (&command.git, &command.signature) {
        (Some(repository), _) => of_git(command, repository, &keys, now)?,
        (None, Some(signature)) => of_file(command, signature, &keys, now)?,
        (None, None) => anyhow::bail!("there is neither a signature nor a repository"),
    };
    if let (Some(path), Some(package), Some(report)) =
        (&command.pins, &command.package, &known.report)
    {
        let text = String::from_utf8_lossy(&read(path, SIGNATURE_BYTES)?).into_owned();
        let pins = Pins::read(&text).with_context(|| format!("read {}", path.display()))?;
        let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
        known.pin = pins.standing(package, report, today).map(pin);
    }
    if let (Some(data), false) = (&command.data, command.corroborate.is_empty()) {
        known.compared = corroborate::compare(data, &command.corroborate, &keys, now)?;
    }
    known.light();
    print(command.format, &known)?;
    Ok(ExitCode::from(u8::from(!known.is_well())))
}

fn pin(standing: pins::Standing) -> Pin {
    Pin {
        standing,
        severity: if standing.warns() { "warning" } else { "note" },
        why: standing.words(),
    }
}

fn of_file(
    command: &Verify,
    signature: &Path,
    keys: &Keys,
    now: Timestamp,
) -> anyhow::Result<Known> {
    let signature = read(signature, SIGNATURE_BYTES)?;
    let checksums = command.checksums.as_deref();
    let checksums = checksums
        .map(|path| read(path, SIGNATURE_BYTES))
        .transpose()?;
    let data = command.data.as_deref();
    let believed = believed(command)?;
    let question = Question {
        data: data.map(Data::File),
        name: data
            .and_then(Path::file_name)
            .and_then(|name| name.to_str()),
        signature: &signature,
        checksums: checksums.as_deref(),
        keys,
        believed: &believed,
        namespace: &command.namespace,
        legacy: if command.refuse_legacy {
            Legacy::Refuse
        } else {
            Legacy::Accept
        },
        now,
    };
    let answer = palisade_signature::verify(&question).context("verify the signature")?;
    let mut known = Known::of(answer.report);
    known.told = answer.told;
    known.says = answer
        .text
        .as_deref()
        .map(debian::origins)
        .unwrap_or_default();
    Ok(known)
}

fn believed(command: &Verify) -> anyhow::Result<Believed> {
    let named = command.identity.clone().zip(command.issuer.clone());
    let root = match &command.trusted_root {
        Some(path) => {
            let text = String::from_utf8_lossy(&read(path, ROOT_BYTES)?).into_owned();
            Some(Root::read(&text).with_context(|| format!("read {}", path.display()))?)
        }
        None => None,
    };
    Ok(Believed {
        identity: named.map(|(name, issuer)| Identity { name, issuer }),
        root,
    })
}

fn of_git(
    command: &Verify,
    repository: &Path,
    keys: &Keys,
    now: Timestamp,
) -> anyhow::Result<Known> {
    let tag = command.tag.as_deref();
    let object = match (tag, &command.commit) {
        (Some(tag), _) => git::read_tag(repository, tag)?,
        (None, Some(commit)) => Some(git::read_commit(repository, commit)?),
        (None, None) => anyhow::bail!("--git needs a --tag or a --commit"),
    };
    let standing = object.map_or(git::Standing::NoTagObject, |it| it.judge(tag, keys, now));
    Ok(match standing {
        git::Standing::Signed(report) => Known::of(report),
        git::Standing::Unsigned => Known::without("unsigned", "it is not signed"),
        git::Standing::NoTagObject => Known::without(
            "no-tag-object",
            "the name stands for a commit; there is no tag object that could be signed",
        ),
    })
}

impl Known {
    fn of(report: Report) -> Self {
        Self {
            verdict: report.verdict.name(),
            why: report.why(),
            report: Some(report),
            ..Self::without("", "")
        }
    }

    fn without(verdict: &'static str, why: &str) -> Self {
        Self {
            verdict,
            why: why.to_owned(),
            report: None,
            says: Vec::new(),
            told: Told::default(),
            pin: None,
            compared: Vec::new(),
            lights: Lights::default(),
        }
    }

    fn accepted(&self) -> bool {
        let report = self.report.as_ref();
        report.is_some_and(|report| report.verdict.accepts())
    }

    /// Whether nothing is above a note.
    fn is_well(&self) -> bool {
        let pinned = self.pin.is_none_or(|pin| !pin.standing.warns());
        self.accepted() && pinned
    }

    fn light(&mut self) {
        let told = format!("{}: {}", self.verdict, self.why);
        let unsure = ["unknown-signer", "unsigned", "no-tag-object"];
        self.lights.signed = if self.accepted() && self.is_well() {
            Light::Green(told)
        } else if self.accepted() || unsure.contains(&self.verdict) {
            Light::Yellow(told)
        } else {
            Light::Red(told)
        };
        let same = |it: &&Compared| it.agreement != Agreement::Different;
        let same = self.compared.iter().filter(same).count();
        self.lights.corroborated = match (self.compared.len(), independent(&self.compared)) {
            (0, _) => Light::Dark,
            (all, 0) => Light::Yellow(format!("{same} of {all} hold the same, none signed")),
            (_, signed) => Light::Green(format!(
                "{signed} independently hold the same under their own signatures; that proves \
                 sameness only"
            )),
        };
    }
}

fn read_keys(paths: &[PathBuf]) -> anyhow::Result<Keys> {
    let mut keys = Keys::default();
    for path in paths {
        keys.add(&read(path, KEY_BYTES)?)
            .with_context(|| format!("read the keys of {}", path.display()))?;
    }
    Ok(keys)
}

fn read(path: &Path, most: u64) -> anyhow::Result<Vec<u8>> {
    let bytes = Data::File(path).whole(most).map_err(|error| match error {
        // It speaks of what was signed, and this may be a key.
        palisade_signature::Error::Read(error) => anyhow::Error::from(error),
        other => other.into(),
    });
    bytes.with_context(|| format!("read {}", path.display()))
}

fn print(format: Format, known: &Known) -> anyhow::Result<()> {
    let mut output = ui::stdout();
    let printed = match format {
        Format::Text => print_text(&mut output, known),
        Format::Json => print_json(&mut output, known),
    };
    printed
        .and_then(|()| output.flush())
        .context("write the answer")
}

fn print_json(output: &mut impl Write, known: &Known) -> io::Result<()> {
    let report = known.report.as_ref();
    let printed = Printed {
        verdict: known.verdict,
        signer: report
            .and_then(Report::signer)
            .map(|it| it.fingerprint.as_str()),
        why: known.why.clone(),
        accepted: known.accepted(),
        signatures: report.map_or(&[], |report| &report.signatures),
        pin: known.pin,
        says: &known.says,
        told: &known.told,
        lights: &known.lights,
        corroboration: &known.compared,
    };
    serde_json::to_writer_pretty(&mut *output, &printed)?;
    writeln!(output)
}

fn print_text(output: &mut impl Write, known: &Known) -> io::Result<()> {
    let Some(report) = &known.report else {
        writeln!(output, "{}", known.verdict)?;
        return writeln!(output, "  why   {}", plain(&known.why));
    };
    for judged in &report.signatures {
        writeln!(output, "{}", judged.verdict)?;
        if let Some(signer) = &judged.signer {
            let name = signer.name.as_deref().unwrap_or("name unknown");
            let fingerprint = plain(&signer.fingerprint);
            writeln!(output, "  by    {fingerprint} ({})", plain(name))?;
        }
        if let Some(made) = judged.made {
            writeln!(output, "  made  {made}")?;
        }
        for why in &judged.why {
            writeln!(output, "  why   {}", plain(why))?;
        }
    }
    if let Some(pin) = known.pin {
        writeln!(output, "  pin   {}: {}", pin.severity, pin.why)?;
    }
    for Field { name, value } in &known.says {
        writeln!(output, "  says  {name}: {}", plain(value))?;
    }
    print_told(output, &known.told)?;
    for Compared { claim, agreement } in &known.compared {
        let word = match agreement {
            Agreement::Same => "the same",
            Agreement::SameInside => "the same once decompressed",
            Agreement::Different => "ANOTHER",
        };
        let signed = if claim.under.is_some() {
            "signed"
        } else {
            "unsigned"
        };
        let (who, what) = (plain(&claim.who), plain(&claim.what));
        writeln!(output, "  held  {word} by {who} ({signed}): {what}")?;
    }
    if !known.compared.is_empty() {
        writeln!(
            output,
            "        that others hold the same proves sameness only"
        )?;
    }
    Ok(())
}

/// What a bundle of Sigstore says, a line each: of the certificate what the authority saw, of the
/// statement what the signer says.
fn print_told(output: &mut impl Write, told: &Told) -> io::Result<()> {
    let (certificate, statement) = (
        serde_json::to_value(&told.certificate)?,
        serde_json::to_value(&told.statement)?,
    );
    for (word, fields) in [("seen", certificate), ("says", statement)] {
        for (name, value) in fields.as_object().into_iter().flatten() {
            let value = value.as_str().unwrap_or_default();
            writeln!(output, "  {word}  {name}: {}", plain(value))?;
        }
    }
    Ok(())
}

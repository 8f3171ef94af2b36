//! `palisade review verify`: who vouches for a file, and what that is worth.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use palisade_model::Timestamp;
use palisade_signature::debian::{self, Field};
use palisade_signature::ed25519::Legacy;
use palisade_signature::{Data, Judgement, Keys, Question, Report, Verdict};
use serde::Serialize;

use crate::commands::{Format, now};
use crate::ui::{self, plain};

/// A signature's file, or a list of sums with its signature.
const SIGNATURE_BYTES: u64 = 64 << 20;

/// A file of keys; the largest keyring has 30 MB.
const KEY_BYTES: u64 = 96 << 20;

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The file for which the signature should vouch; not needed where the signature holds its text
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,

    /// The signature: OpenPGP (detached, inline, clear-signed), minisign, signify or SSH
    #[arg(long, value_name = "FILE")]
    signature: PathBuf,

    /// Keys of those who are believed: certificates of OpenPGP, keys of minisign or signify, or SSH's
    /// list of allowed signers; may be given several times
    #[arg(long = "key", value_name = "FILE")]
    keys: Vec<PathBuf>,

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
    verdict: Verdict,
    /// The fingerprint of whose signature decides.
    signer: Option<&'a str>,
    why: String,
    accepted: bool,
    signatures: &'a [Judgement],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    says: Vec<Field>,
}

pub(super) fn run(command: &Verify) -> anyhow::Result<ExitCode> {
    let keys = read_keys(&command.keys)?;
    let signature = read(&command.signature, SIGNATURE_BYTES)?;
    let checksums = command.checksums.as_deref();
    let checksums = checksums
        .map(|path| read(path, SIGNATURE_BYTES))
        .transpose()?;
    let data = command.data.as_deref();
    let name = data
        .and_then(Path::file_name)
        .and_then(|name| name.to_str());
    let question = Question {
        data: data.map(Data::File),
        name,
        signature: &signature,
        checksums: checksums.as_deref(),
        keys: &keys,
        namespace: &command.namespace,
        legacy: if command.refuse_legacy {
            Legacy::Refuse
        } else {
            Legacy::Accept
        },
        now: command.at.unwrap_or_else(now),
    };
    let answer = palisade_signature::verify(&question).context("verify the signature")?;
    let says = answer.text.as_deref().map(debian::origins);
    print(command.format, &answer.report, says.unwrap_or_default())?;
    Ok(ExitCode::from(u8::from(!answer.report.verdict.accepts())))
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
    let file = Data::File(path).whole(most);
    file.with_context(|| format!("read {}", path.display()))
}

fn print(format: Format, report: &Report, says: Vec<Field>) -> anyhow::Result<()> {
    let mut output = ui::stdout();
    let printed = match format {
        Format::Text => print_text(&mut output, report, &says),
        Format::Json => {
            let printed = Printed {
                verdict: report.verdict,
                signer: report.signer().map(|it| it.fingerprint.as_str()),
                why: report.why(),
                accepted: report.verdict.accepts(),
                signatures: &report.signatures,
                says,
            };
            serde_json::to_writer_pretty(&mut output, &printed)
                .map_err(io::Error::from)
                .and_then(|()| writeln!(output))
        }
    };
    printed
        .and_then(|()| output.flush())
        .context("write the answer")
}

fn print_text(output: &mut impl Write, report: &Report, says: &[Field]) -> io::Result<()> {
    for judged in &report.signatures {
        writeln!(output, "{}", judged.verdict)?;
        if let Some(signer) = &judged.signer {
            let name = signer.name.as_deref().unwrap_or("name unknown");
            writeln!(
                output,
                "  by    {} ({})",
                plain(&signer.fingerprint),
                plain(name)
            )?;
        }
        if let Some(made) = judged.made {
            writeln!(output, "  made  {made}")?;
        }
        for why in &judged.why {
            writeln!(output, "  why   {}", plain(why))?;
        }
    }
    for Field { name, value } in says {
        writeln!(output, "  says  {name}: {}", plain(value))?;
    }
    Ok(())
}

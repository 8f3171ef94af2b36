//! One question for signatures of every kind: what is this one worth for that file?

use jiff::Timestamp;

use crate::checksums::{self, Listed};
use crate::ed25519::{self, Legacy};
use crate::keys::Keys;
use crate::sigstore::{self, Believed, Told};
use crate::{Data, Error, Judgement, Report, Signed, Verdict, openpgp, ssh};

/// Texts that vouch for files; the sums of a whole mirror have some megabytes.
const TEXT_BYTES: u64 = 64 << 20;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The file, if it is there.
    pub data: Option<Data<'a>>,
    /// What lists of sums call it.
    pub name: Option<&'a str>,
    /// The signature's file.
    pub signature: &'a [u8],
    /// A list of sums that the signature is over, in place of the file.
    pub checksums: Option<&'a [u8]>,
    /// The keys of those who are believed.
    pub keys: &'a Keys,
    /// Whose bundles of Sigstore are believed.
    pub believed: &'a Believed,
    /// For what a signature of SSH should be made: `file`, unless told otherwise.
    pub namespace: &'a str,
    /// Whether old signatures of minisign are taken.
    pub legacy: Legacy,
    /// The time.
    pub now: Timestamp,
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What the signatures are worth.
    pub report: Report,
    /// The text that the signature's file holds, if what is signed is there itself.
    pub text: Option<Vec<u8>>,
    /// What a bundle of Sigstore says of the file and of its signer.
    pub told: Told,
}

impl Answer {
    fn of(report: Report, text: Option<Vec<u8>>) -> Self {
        let told = Told::default();
        Self { report, text, told }
    }
}

/// Judges a signature's file.
pub fn verify(question: &Question<'_>) -> Result<Answer, Error> {
    let list = question.checksums;
    let over = list.map(Data::Bytes).or(question.data);
    let mut answer = judge(question, over)?;
    // A text in the signature's file is what is signed; a list beside it then is nobody's.
    let vouching = match (&answer.text, list) {
        (Some(text), Some(list)) if !same_text(text, list) => {
            let why = "what is signed is another text than the list of sums";
            answer.report = Held::Not(why.to_owned()).apply(answer.report);
            return Ok(answer);
        }
        (Some(text), _) => text,
        (None, Some(list)) => list,
        (None, None) => return Ok(answer),
    };
    let Some(data) = question.data else {
        return Ok(answer);
    };
    let held = held(vouching, question.name, &data)?;
    answer.report = held.apply(answer.report);
    Ok(answer)
}

fn judge(question: &Question<'_>, over: Option<Data<'_>>) -> Result<Answer, Error> {
    let signature = question.signature;
    if ed25519::is_signature(signature) {
        let keys = &question.keys.ed25519;
        let (text, report) = ed25519::verify(over, signature, keys, question.legacy)?;
        return Ok(Answer::of(report, text));
    }
    if ssh::is_signature(signature) {
        let (signers, at) = (&question.keys.ssh, question.now);
        let report = ssh::verify(over, signature, signers, question.namespace, at)?;
        return Ok(Answer::of(report, None));
    }
    if sigstore::is_bundle(signature) {
        let keys = &question.keys.bare;
        let believed = question.believed;
        let (told, report) = sigstore::verify(over, signature, believed, keys, question.now)?;
        let text = None;
        return Ok(Answer { report, text, told });
    }
    let keyring = &question.keys.openpgp;
    let (text, mut report) = openpgp::verify(over, signature, keyring, question.now)?;
    if let Some(text) = &text {
        crate::debian::name_people(&mut report, text);
    }
    Ok(Answer::of(report, text))
}

/// What a signed text is to a file.
enum Held {
    /// The text is the file.
    Itself,
    /// The file is listed in it with its sum.
    Listed(&'static str),
    /// It vouches for something else.
    Not(String),
}

fn held(text: &[u8], name: Option<&str>, data: &Data<'_>) -> Result<Held, Error> {
    let listed = match name {
        Some(name) => checksums::listed(text, name, data)?,
        None => Listed::No,
    };
    Ok(match listed {
        Listed::Same(algorithm) => Held::Listed(algorithm),
        Listed::Different(algorithm) => Held::Not(format!(
            "what is signed lists the file with another {algorithm}"
        )),
        Listed::No => match data.whole(TEXT_BYTES) {
            Ok(file) if same_text(&file, text) => Held::Itself,
            Ok(_) | Err(Error::TooLarge { .. }) => Held::Not(
                "what is signed is another text than the file, and does not list it".to_owned(),
            ),
            Err(error) => return Err(error),
        },
    })
}

/// The last line's end is not signed in a clear-signed text.
fn same_text(one: &[u8], other: &[u8]) -> bool {
    one.trim_ascii_end() == other.trim_ascii_end()
}

impl Held {
    fn apply(self, mut report: Report) -> Report {
        let change = |judged: &mut Judgement| match &self {
            Self::Itself => {}
            Self::Listed(algorithm) => {
                judged.signed = Signed::Checksums;
                judged.why.push(format!(
                    "the file is in the signed list with its {algorithm}"
                ));
            }
            Self::Not(why) => {
                judged.verdict = Verdict::Bad;
                judged.why.insert(0, why.clone());
            }
        };
        let accepted = |judged: &&mut Judgement| judged.verdict.accepts();
        report
            .signatures
            .iter_mut()
            .filter(accepted)
            .for_each(change);
        let method = report.deciding().method;
        Report::of(report.signatures, method)
    }
}

//! The parts `[[forge]]` and `[[reviewer]]` of the configuration: whose requests are reviewed, and who
//! may say something of them.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use palisade_fetch::Url;
use palisade_model::BranchName;
use palisade_tracker::reviews::{Forge, ForgeKind, Recipes, Reviewer};
use serde::Deserialize;

use super::source::environment;

/// Characters that a secret has at least.
const SECRET_LENGTH: usize = 16;

/// `[[forge]]` as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WrittenForge {
    kind: WrittenKind,
    url: Url,
    project: String,
    webhook_secret: Option<String>,
    webhook_secret_file: Option<PathBuf>,
    webhook_secret_environment: Option<String>,
    token: Option<String>,
    token_file: Option<PathBuf>,
    token_environment: Option<String>,
    branch: Option<BranchName>,
    recipes: WrittenRecipes,
    tree: Option<String>,
    sources: Option<PathBuf>,
    #[serde(default)]
    offline: bool,
    #[serde(default)]
    private: bool,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WrittenKind {
    Gitlab,
    Forgejo,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WrittenRecipes {
    Guix,
    Aports,
}

/// `[[reviewer]]` as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WrittenReviewer {
    name: String,
    token_sha256: String,
}

impl WrittenForge {
    /// What it is called where something is wrong with it.
    pub(super) fn name(&self) -> String {
        format!("{} of {}", self.project, self.url)
    }

    pub(super) fn meant(self) -> anyhow::Result<Forge> {
        let url = &self.url;
        ensure!(
            matches!(url.scheme(), "https" | "http")
                && url.username().is_empty()
                && url.query().is_none()
                && url.fragment().is_none(),
            "{url} is not the address of a forge, such as https://gitlab.example.org/"
        );
        let part = |part: &str| {
            let usable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
            !part.is_empty() && !part.starts_with('.') && part.chars().all(usable)
        };
        ensure!(
            self.project.contains('/') && self.project.split('/').all(part),
            "{:?} is no project, such as \"alpine/aports\"",
            self.project
        );
        let secret = Secret {
            name: "webhook-secret",
            value: self.webhook_secret,
            file: self.webhook_secret_file,
            environment: self.webhook_secret_environment,
        };
        let secret = secret.read()?;
        if secret.as_ref().is_some_and(|it| it.len() < SECRET_LENGTH) {
            bail!(
                "its webhook-secret has less than {SECRET_LENGTH} characters, so it can be guessed"
            );
        }
        let token = Secret {
            name: "token",
            value: self.token,
            file: self.token_file,
            environment: self.token_environment,
        };
        Ok(Forge {
            kind: match self.kind {
                WrittenKind::Gitlab => ForgeKind::Gitlab,
                WrittenKind::Forgejo => ForgeKind::Forgejo,
            },
            url: self.url,
            project: self.project,
            webhook_secret: secret,
            token: token.read()?,
            branch: self.branch,
            recipes: match self.recipes {
                WrittenRecipes::Guix => Recipes::Guix,
                WrittenRecipes::Aports => Recipes::Aports,
            },
            tree: self.tree,
            sources: self.sources,
            offline: self.offline,
            private: self.private,
        })
    }
}

/// A secret, and where it may be kept.
struct Secret {
    name: &'static str,
    value: Option<String>,
    file: Option<PathBuf>,
    environment: Option<String>,
}

impl Secret {
    fn read(self) -> anyhow::Result<Option<String>> {
        let name = self.name;
        let places = [
            self.value.is_some(),
            self.file.is_some(),
            self.environment.is_some(),
        ];
        ensure!(
            places.iter().filter(|it| **it).count() <= 1,
            "write only one of {name}, {name}-file and {name}-environment"
        );
        let found = if let Some(file) = &self.file {
            let text = fs_err::read_to_string(file).with_context(|| format!("its {name}-file"))?;
            Some(text)
        } else if let Some(variable) = &self.environment {
            let text = environment(variable);
            Some(text.with_context(|| format!("the variable {variable} is not set"))?)
        } else {
            self.value
        };
        let found = found.map(|text| text.trim().to_owned());
        ensure!(
            found.as_ref().is_none_or(|it| !it.is_empty()),
            "its {name} is empty"
        );
        Ok(found)
    }
}

impl WrittenReviewer {
    pub(super) fn meant(self) -> anyhow::Result<Reviewer> {
        let Self { name, token_sha256 } = self;
        let plain = |c: char| !c.is_control();
        ensure!(
            (1..=64).contains(&name.chars().count()) && name.chars().all(plain),
            "{name:?} is no name of a reviewer: a line of at most 64 characters"
        );
        let digits = token_sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        ensure!(
            token_sha256.len() == 64 && digits,
            "the reviewer {name:?}: token-sha256 is no SHA-256 in hexadecimal digits; \
             printf %s TOKEN | sha256sum prints it"
        );
        Ok(Reviewer {
            name,
            token_sha256: token_sha256.to_ascii_lowercase(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Configuration;
    use super::*;

    const FORGE: &str = "[[forge]]\nkind = \"gitlab\"\nurl = \"https://g.example/\"\n\
                         project = \"alpine/aports\"\nrecipes = \"aports\"\n";

    fn forge(rest: &str) -> anyhow::Result<Forge> {
        let mut read = Configuration::parse(&format!("{FORGE}{rest}"))?;
        Ok(read.forges.remove(0))
    }

    fn error(text: &str) -> String {
        format!("{:#}", Configuration::parse(text).unwrap_err())
    }

    #[test]
    fn a_forge_needs_little() {
        let found = forge("").unwrap();
        assert_eq!(found.repository(), "https://g.example/alpine/aports");
        assert_eq!((found.token, found.webhook_secret), (None, None));
    }

    #[test]
    fn a_secret_is_read_from_its_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(file.path(), "0123456789abcdef\n").unwrap();
        let line = format!("webhook-secret-file = {:?}\n", file.path());
        let found = forge(&line).unwrap();
        assert_eq!(found.webhook_secret.as_deref(), Some("0123456789abcdef"));
        let twice = error(&format!("{FORGE}{line}webhook-secret = \"x\"\n"));
        assert!(
            twice.contains("write only one of webhook-secret"),
            "{twice}"
        );
    }

    #[test]
    fn what_is_wrong_with_a_forge_is_said() {
        for (line, words) in [
            ("webhook-secret = \"short\"\n", "it can be guessed"),
            ("token-file = \"/absent\"\n", "/absent"),
            ("colour = \"red\"\n", "unknown field"),
        ] {
            let error = error(&format!("{FORGE}{line}"));
            assert!(error.contains(words), "{error}");
        }
        let other = FORGE.replace("alpine/aports", "../x");
        assert!(error(&other).contains("is no project"));
        let twice = error(&format!("{FORGE}{FORGE}"));
        assert!(twice.contains("twice"), "{twice}");
    }

    #[test]
    fn a_reviewer_is_known_by_a_digest() {
        let reviewer = |digest: &str| {
            Configuration::parse(&format!(
                "{FORGE}[[reviewer]]\nname = \"alice\"\ntoken-sha256 = \"{digest}\"\n"
            ))
        };
        let read = reviewer(&"AB".repeat(32)).unwrap();
        assert_eq!(read.reviewers[0].token_sha256, "ab".repeat(32));
        let error = format!("{:#}", reviewer("my token").unwrap_err());
        assert!(error.contains("token-sha256 is no SHA-256"), "{error}");
    }
}

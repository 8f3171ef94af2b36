//! What forges tell by their webhooks: who they are is checked before a byte of it is understood.

use palisade_store::NewReview;
use ring::hmac;
use serde::Deserialize;

use super::{Desk, Forge, ForgeKind};

/// Characters of a title and of a name that are kept.
const TITLE: usize = 300;
const NAME: usize = 100;

/// What came.
#[derive(Debug, Clone, Copy)]
pub struct Hook<'a> {
    /// From what kind of forge.
    pub kind: ForgeKind,
    /// The secret itself, which GitLab sends.
    pub token: Option<&'a str>,
    /// HMAC-SHA256 of the body in hexadecimal digits, which Forgejo sends.
    pub signature: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// What was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Something to review.
    Request(NewReview),
    /// Something else.
    Nothing,
}

/// Why it is not heard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// It cannot be told that it comes from a forge that is configured.
    #[error("no configured repository has this secret")]
    Unknown,
    /// It is about another repository.
    #[error("{0:?} is not configured here")]
    Unconfigured(String),
    /// It cannot be understood.
    #[error("it cannot be understood: {0}")]
    Malformed(String),
}

impl Desk {
    /// Understands what a forge tells, once it is known that it does.
    ///
    /// # Errors
    /// When it does not come from a repository that is configured, or cannot be understood.
    pub fn hear(&self, hook: &Hook<'_>) -> Result<Heard, HookError> {
        let forges = self.forges.iter();
        let known: Vec<&Forge> = forges.filter(|forge| forge.knows(hook)).collect();
        if known.is_empty() {
            return Err(HookError::Unknown);
        }
        let told = match hook.kind {
            ForgeKind::Gitlab => gitlab(hook.body)?,
            ForgeKind::Forgejo => forgejo(hook.body)?,
        };
        let Some(told) = told else {
            return Ok(Heard::Nothing);
        };
        let project = told.project.as_str();
        let forge = known
            .into_iter()
            .find(|forge| forge.project.eq_ignore_ascii_case(project));
        let Some(forge) = forge else {
            let named: String = project.chars().take(NAME).collect();
            return Err(HookError::Unconfigured(named));
        };
        told.request(forge).map(Heard::Request)
    }
}

impl Forge {
    /// Whether a hook is this forge's, by its secret. Comparing takes as long whatever is compared.
    fn knows(&self, hook: &Hook<'_>) -> bool {
        let Some(secret) = self.webhook_secret.as_deref() else {
            return false;
        };
        if self.kind != hook.kind || secret.is_empty() {
            return false;
        }
        match self.kind {
            ForgeKind::Gitlab => hook.token.is_some_and(|token| {
                // Digests are compared in constant time.
                blake3::hash(token.as_bytes()) == blake3::hash(secret.as_bytes())
            }),
            ForgeKind::Forgejo => hook.signature.and_then(bytes).is_some_and(|signature| {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
                hmac::verify(&key, hook.body, &signature).is_ok()
            }),
        }
    }
}

/// Bytes of hexadecimal digits.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let text = text.strip_prefix("sha256=").unwrap_or(text).trim();
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let pairs = (0..text.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}

/// What both kinds tell.
struct Told {
    project: String,
    number: i64,
    title: String,
    head: String,
    by: String,
}

impl Told {
    fn request(self, forge: &Forge) -> Result<NewReview, HookError> {
        let is_commit = matches!(self.head.len(), 40 | 64)
            && self.head.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_commit || self.number < 1 {
            let reason = "it names no commit, or no number".to_owned();
            return Err(HookError::Malformed(reason));
        }
        let short = |text: &str, most| {
            text.split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .chars()
                .take(most)
                .collect()
        };
        Ok(NewReview {
            // Where it is, the configuration says, not the hook.
            repository: forge.repository(),
            number: self.number,
            address: forge.page(self.number),
            title: short(&self.title, TITLE),
            head: self.head.to_ascii_lowercase(),
            asked_by: short(&self.by, NAME),
        })
    }
}

fn parsed<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, HookError> {
    serde_json::from_slice(body).map_err(|error| HookError::Malformed(error.to_string()))
}

#[derive(Deserialize)]
struct Kind {
    object_kind: Option<String>,
}

fn gitlab(body: &[u8]) -> Result<Option<Told>, HookError> {
    #[derive(Deserialize)]
    struct Event {
        object_attributes: Attributes,
        project: Project,
        user: Option<User>,
    }
    #[derive(Deserialize)]
    struct Attributes {
        iid: i64,
        title: String,
        action: Option<String>,
        /// None of a request of a branch to which nothing was pushed yet.
        last_commit: Option<Commit>,
    }
    #[derive(Deserialize)]
    struct Commit {
        id: String,
    }
    #[derive(Deserialize)]
    struct Project {
        path_with_namespace: String,
    }
    #[derive(Deserialize)]
    struct User {
        username: String,
    }
    if parsed::<Kind>(body)?.object_kind.as_deref() != Some("merge_request") {
        return Ok(None);
    }
    let event: Event = parsed(body)?;
    let attributes = event.object_attributes;
    let is_push = matches!(
        attributes.action.as_deref(),
        Some("open" | "update" | "reopen")
    );
    let Some(head) = attributes.last_commit.filter(|_| is_push) else {
        return Ok(None);
    };
    Ok(Some(Told {
        project: event.project.path_with_namespace,
        number: attributes.iid,
        title: attributes.title,
        head: head.id,
        by: event.user.map(|user| user.username).unwrap_or_default(),
    }))
}

fn forgejo(body: &[u8]) -> Result<Option<Told>, HookError> {
    #[derive(Deserialize)]
    struct Event {
        pull_request: Option<Request>,
        repository: Repository,
        sender: Option<User>,
    }
    #[derive(Deserialize)]
    struct Action {
        action: Option<String>,
    }
    #[derive(Deserialize)]
    struct Request {
        number: i64,
        title: String,
        head: Head,
    }
    #[derive(Deserialize)]
    struct Head {
        sha: String,
    }
    #[derive(Deserialize)]
    struct Repository {
        full_name: String,
    }
    #[derive(Deserialize)]
    struct User {
        login: String,
    }
    let is_push = matches!(
        parsed::<Action>(body)?.action.as_deref(),
        Some("opened" | "synchronized" | "synchronize" | "reopened")
    );
    // What is told of anything else, such as a package, may be of no repository.
    if !is_push {
        return Ok(None);
    }
    let event: Event = parsed(body)?;
    let Some(request) = event.pull_request else {
        return Ok(None);
    };
    Ok(Some(Told {
        project: event.repository.full_name,
        number: request.number,
        title: request.title,
        head: request.head.sha,
        by: event.sender.map(|user| user.login).unwrap_or_default(),
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_without_a_commit_is_nothing_to_review_and_no_mistake() {
        let of = |last_commit: serde_json::Value| {
            let told = json!({
                "object_kind": "merge_request",
                "project": { "path_with_namespace": "alpine/aports" },
                "object_attributes": {
                    "iid": 7, "title": "Draft", "action": "open", "last_commit": last_commit,
                },
            });
            gitlab(told.to_string().as_bytes()).map(|told| told.map(|it| it.head))
        };
        assert_eq!(of(json!({ "id": "1234" })), Ok(Some("1234".to_owned())));
        assert_eq!(of(json!(null)), Ok(None));
    }

    #[test]
    fn what_forgejo_tells_of_anything_else_is_no_mistake() {
        let package = json!({ "action": "created", "repository": null, "package": {} });
        let told = forgejo(package.to_string().as_bytes()).map(|told| told.is_some());
        assert_eq!(told, Ok(false));
        let request = json!({ "action": "opened", "pull_request": {}, "repository": null });
        assert!(forgejo(request.to_string().as_bytes()).is_err());
    }
}

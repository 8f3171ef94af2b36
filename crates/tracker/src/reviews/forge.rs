//! What is asked of a forge: the patch of a request, and to keep one comment there.

use std::path::Path;

use palisade_fetch::{Answer, Call, Client, FetchError, Method, Request, Url};
use serde::Deserialize;

use super::{Forge, ForgeKind};

/// Bytes of a patch at the most; the longest series of Guix has 20 MB.
const PATCH: u64 = 64 << 20;

/// What is sent at the most: forges take a million characters, and people read far fewer.
const COMMENT: usize = 60_000;

/// Why a forge did not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    /// It could not be asked.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// What it gave cannot be read.
    #[error("read the patch: {0}")]
    Read(#[from] std::io::Error),
    /// It gives a patch that ends in another commit.
    #[error("the forge's patch does not end in the commit {0}")]
    OtherCommit(String),
    /// It answers as nobody expects.
    #[error("{url}: the forge's answer cannot be understood")]
    Answer {
        /// What was asked.
        url: String,
    },
    /// The configuration leads nowhere.
    #[error("{0:?} is no address")]
    Address(String),
}

impl ForgeError {
    /// Whether it may be better a while later.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            // A forge tells of a request before it has a patch of it.
            Self::Fetch(FetchError::Status { code: 404, .. })
            | Self::OtherCommit(_)
            | Self::Read(_) => true,
            Self::Fetch(error) => error.is_passing(),
            Self::Answer { .. } | Self::Address(_) => false,
        }
    }

    fn is_gone(&self) -> bool {
        matches!(
            self,
            Self::Fetch(FetchError::Status {
                code: 404 | 410,
                ..
            })
        )
    }

    fn is_closed(&self) -> bool {
        matches!(
            self,
            Self::Fetch(FetchError::Status {
                code: 401 | 403 | 404,
                ..
            })
        )
    }
}

impl Forge {
    /// Fetches the patch of a request as it is at a commit into a file.
    pub(super) async fn fetch_patch(
        &self,
        client: &Client,
        number: i64,
        head: &str,
        target: &Path,
    ) -> Result<(), ForgeError> {
        let page = format!("{}.patch", self.page(number));
        let fetched = self.fetch(client, &page, target).await;
        match fetched {
            // A repository that is not open to everybody gives it to whoever has a token.
            Err(error) if error.is_closed() && self.token.is_some() => {
                self.fetch(client, &self.patch_of_interface(number), target)
                    .await?;
            }
            other => other?,
        }
        let bytes = fs_err::read(target)?;
        match last_commit(&bytes) {
            Some(last) if !head.eq_ignore_ascii_case(last) => {
                Err(ForgeError::OtherCommit(head.to_owned()))
            }
            // A patch of GitLab's interface names no commit.
            _ => Ok(()),
        }
    }

    async fn fetch(&self, client: &Client, url: &str, target: &Path) -> Result<(), ForgeError> {
        let request = Request {
            private: self.private,
            max_bytes: PATCH,
            secrets: self.secrets(),
            ..Request::new(address(url)?)
        };
        match client.fetch(&request, target, &|_| {}).await? {
            Answer::Body(_) => Ok(()),
            Answer::NotModified => Err(ForgeError::Answer {
                url: url.to_owned(),
            }),
        }
    }

    /// Writes the comment of a request: in place of the one that there is, or a new one where somebody
    /// deleted it. Gives its name.
    pub(super) async fn comment(
        &self,
        client: &Client,
        number: i64,
        known: Option<&str>,
        text: &str,
    ) -> Result<String, ForgeError> {
        let text = shortened(text);
        if let Some(known) = known.filter(|known| is_number(known)) {
            let method = match self.kind {
                ForgeKind::Gitlab => Method::Put,
                ForgeKind::Forgejo => Method::Patch,
            };
            let url = self.comment_address(number, known);
            match self.call(client, method, &url, &text).await {
                Ok(name) => return Ok(name.unwrap_or_else(|| known.to_owned())),
                Err(error) if error.is_gone() => {}
                Err(error) => return Err(error),
            }
        }
        let url = self.comments(number);
        let name = self.call(client, Method::Post, &url, &text).await?;
        name.ok_or(ForgeError::Answer { url })
    }

    async fn call(
        &self,
        client: &Client,
        method: Method,
        url: &str,
        text: &str,
    ) -> Result<Option<String>, ForgeError> {
        #[derive(Deserialize)]
        struct Comment {
            id: i64,
        }
        let call = Call {
            method,
            url: address(url)?,
            secrets: self.secrets(),
            json: serde_json::json!({ "body": text }).to_string(),
            private: self.private,
        };
        let answer = client.call(&call).await?;
        let comment = serde_json::from_slice::<Comment>(&answer).ok();
        Ok(comment.map(|comment| comment.id.to_string()))
    }

    fn secrets(&self) -> Vec<(&'static str, String)> {
        let Some(token) = &self.token else {
            return Vec::new();
        };
        match self.kind {
            ForgeKind::Gitlab => vec![("private-token", token.clone())],
            ForgeKind::Forgejo => vec![("authorization", format!("token {token}"))],
        }
    }

    fn patch_of_interface(&self, number: i64) -> String {
        match self.kind {
            ForgeKind::Gitlab => {
                format!("{}/merge_requests/{number}/raw_diffs", self.interface())
            }
            ForgeKind::Forgejo => format!("{}/pulls/{number}.patch", self.interface()),
        }
    }

    fn comments(&self, number: i64) -> String {
        match self.kind {
            ForgeKind::Gitlab => format!("{}/merge_requests/{number}/notes", self.interface()),
            ForgeKind::Forgejo => format!("{}/issues/{number}/comments", self.interface()),
        }
    }

    fn comment_address(&self, number: i64, name: &str) -> String {
        match self.kind {
            ForgeKind::Gitlab => format!("{}/{name}", self.comments(number)),
            ForgeKind::Forgejo => format!("{}/issues/comments/{name}", self.interface()),
        }
    }

    /// Where the repository is in the forge's interface for programs.
    fn interface(&self) -> String {
        let (root, project) = (self.root(), &self.project);
        match self.kind {
            ForgeKind::Gitlab => {
                format!("{root}api/v4/projects/{}", project.replace('/', "%2F"))
            }
            ForgeKind::Forgejo => format!("{root}api/v1/repos/{project}"),
        }
    }
}

fn address(url: &str) -> Result<Url, ForgeError> {
    url.parse().map_err(|_| ForgeError::Address(url.to_owned()))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The last commit of a mailbox that git made: its separators name them, and a header follows upon each.
fn last_commit(patch: &[u8]) -> Option<&str> {
    let mut lines = patch.rsplit(|byte| *byte == b'\n');
    let mut next: &[u8] = b"";
    lines.find_map(|line| {
        let follows = std::mem::replace(&mut next, line);
        let rest = std::str::from_utf8(line.strip_prefix(b"From ")?).ok()?;
        let (commit, date) = rest.split_once(' ')?;
        let is_commit = commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_separator =
            date.starts_with("Mon Sep 17 00:00:00 2001") && follows.starts_with(b"From: ");
        (is_commit && is_separator).then_some(commit)
    })
}

fn shortened(text: &str) -> String {
    if text.len() <= COMMENT {
        return text.to_owned();
    }
    let cut = text.floor_char_boundary(COMMENT);
    let end = text[..cut].rfind('\n').unwrap_or(cut);
    format!("{}\n\n… the page has the rest.", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::super::Recipes;
    use super::*;

    fn forge(kind: ForgeKind, url: &str) -> Forge {
        Forge {
            kind,
            url: url.parse().unwrap(),
            project: "alpine/aports".to_owned(),
            webhook_secret: None,
            token: None,
            branch: None,
            recipes: Recipes::Aports,
            tree: None,
            sources: None,
            offline: true,
            private: false,
        }
    }

    #[test]
    fn each_kind_has_its_addresses() {
        let gitlab = forge(ForgeKind::Gitlab, "https://g.example");
        assert_eq!(
            gitlab.page(7),
            "https://g.example/alpine/aports/-/merge_requests/7"
        );
        assert_eq!(
            gitlab.comment_address(7, "9"),
            "https://g.example/api/v4/projects/alpine%2Faports/merge_requests/7/notes/9"
        );
        let forgejo = forge(ForgeKind::Forgejo, "https://f.example/git/");
        assert_eq!(
            forgejo.page(7),
            "https://f.example/git/alpine/aports/pulls/7"
        );
        assert_eq!(
            forgejo.comments(7),
            "https://f.example/git/api/v1/repos/alpine/aports/issues/7/comments"
        );
    }

    #[test]
    fn a_mailbox_ends_in_the_commit_of_its_last_mail() {
        let (one, two) = ("1".repeat(40), "2".repeat(40));
        let mail = |commit: &str, text: &str| {
            format!("From {commit} Mon Sep 17 00:00:00 2001\nFrom: a\n\n{text}\n")
        };
        let first = mail(&one, "+From me to you");
        assert_eq!(last_commit(first.as_bytes()), Some(&*one));
        let pushed_on = first + &mail(&two, "more");
        assert_eq!(last_commit(pushed_on.as_bytes()), Some(&*two));
        let quoting = mail(&two, &format!("From {one} Mon Sep 17 00:00:00 2001"));
        assert_eq!(last_commit(quoting.as_bytes()), Some(&*two));
        assert_eq!(last_commit(b"--- a/x\n+++ b/x\n"), None);
    }

    #[test]
    fn a_long_comment_ends_with_a_line() {
        let text = "ä line of text\n".repeat(10_000);
        let short = shortened(&text);
        assert!(short.len() < COMMENT + 100);
        assert!(
            short.ends_with("ä line of text\n\n… the page has the rest."),
            "{}",
            &short[short.len() - 60..]
        );
    }
}

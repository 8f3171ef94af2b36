//! Where a Git repository is whose server sends on whoever asks for it.
//!
//! A library that fetches would follow such a redirect anywhere, into the own network too. So the first
//! request of a fetch is made here, and each address that it leads to is looked at; whoever fetches
//! then follows none.

use reqwest::header::{LOCATION, USER_AGENT};
use url::Url;

use super::{Client, REDIRECTS};
use crate::address::names_private_address;
use crate::error::FetchError;

/// What a fetch asks for first, below the repository's address.
const PATH: &str = "/info/refs";
const QUERY: &str = "service=git-upload-pack";

impl Client {
    /// The address from which a repository is to be fetched: its own, or the one to which its server
    /// leads. What else the server says is for whoever fetches to tell.
    ///
    /// # Errors
    /// When no connection can be made, or it leads where nobody may follow: from https to http, to
    /// something else, or into the own network, unless `private` says that it may.
    pub async fn find_repository(&self, url: &Url, private: bool) -> Result<Url, FetchError> {
        let mut asked = first_request(url);
        for _ in 0..=REDIRECTS {
            if !private && names_private_address(&asked) {
                return Err(FetchError::Address {
                    url: url.to_string(),
                    reason: "it is in the own network; private = true in the source allows it",
                });
            }
            // Some servers send on whoever does not seem to be Git.
            let agent = format!("git/2 {}", self.settings.user_agent);
            let get = self.within(private).get(asked.clone());
            let get = get.header(USER_AGENT, agent);
            let sent = get.header("Git-Protocol", "version=2").send();
            let sent = tokio::time::timeout(self.settings.idle, sent).await;
            let slow = |_| FetchError::Slow {
                url: url.to_string(),
                seconds: self.settings.idle.as_secs(),
            };
            let response = sent
                .map_err(slow)?
                .map_err(|error| self.connection(url, error))?;
            if !response.status().is_redirection() {
                return Ok(repository(&asked));
            }
            let location = response.headers().get(LOCATION);
            let location = location.and_then(|it| it.to_str().ok()).unwrap_or_default();
            asked = next(url, &asked, location, private)?;
        }
        Err(FetchError::Redirect {
            url: url.to_string(),
            to: repository(&asked).to_string(),
            reason: "and on and on",
        })
    }
}

fn first_request(repository: &Url) -> Url {
    let mut asked = repository.clone();
    let path = repository.path().trim_end_matches('/');
    asked.set_path(&format!("{path}{PATH}"));
    asked.set_query(Some(QUERY));
    asked
}

/// The repository of which something was asked.
fn repository(asked: &Url) -> Url {
    let mut repository = asked.clone();
    let path = asked.path();
    repository.set_path(path.strip_suffix(PATH).unwrap_or(path));
    repository.set_query(None);
    repository
}

/// Where a redirect leads, if one may follow it: as Git does, to where the same is answered.
fn next(url: &Url, from: &Url, location: &str, private: bool) -> Result<Url, FetchError> {
    let refuse = |to: &str, reason| {
        Err(FetchError::Redirect {
            url: url.to_string(),
            to: to.chars().take(200).collect(),
            reason,
        })
    };
    let Ok(to) = from.join(location) else {
        return refuse(location, "which is no address");
    };
    let is_safe = to.scheme() == "https" || (to.scheme() == "http" && from.scheme() == "http");
    if !is_safe {
        return refuse(to.as_str(), "which nothing protects");
    }
    if !to.path().ends_with(PATH) || to.query() != Some(QUERY) {
        return refuse(to.as_str(), "which is no repository");
    }
    if !private && names_private_address(&to) {
        return refuse(
            to.as_str(),
            "which is in the own network; private = true in the source allows it",
        );
    }
    Ok(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    /// Where a redirect of the first request leads, or why nowhere.
    fn led(from: &str, location: &str, private: bool) -> Result<String, String> {
        let from = url(from);
        let to = next(&from, &first_request(&from), location, private);
        let to = to.map(|to| repository(&to).to_string());
        to.map_err(|error| error.to_string())
    }

    #[test]
    fn the_first_request_of_a_fetch_is_below_the_repository() {
        for (repository_url, asked) in [
            (
                "https://git.example/x.git",
                "https://git.example/x.git/info/refs?service=git-upload-pack",
            ),
            (
                "https://git.example/x/",
                "https://git.example/x/info/refs?service=git-upload-pack",
            ),
        ] {
            assert_eq!(first_request(&url(repository_url)).as_str(), asked);
        }
        let asked = first_request(&url("https://git.example/x/"));
        assert_eq!(repository(&asked).as_str(), "https://git.example/x");
    }

    #[test]
    fn a_redirect_is_followed_to_where_the_same_is_answered() {
        let here = "http://git.example/x.git";
        let tail = "info/refs?service=git-upload-pack";
        assert_eq!(
            led(here, &format!("https://new.example/y/{tail}"), false).unwrap(),
            "https://new.example/y"
        );
        assert_eq!(
            led(here, &format!("/z.git/{tail}"), false).unwrap(),
            "http://git.example/z.git"
        );
        for (location, reason) in [
            (
                "https://new.example/login".to_owned(),
                "which is no repository",
            ),
            (
                format!("ftp://new.example/y/{tail}"),
                "which nothing protects",
            ),
            (String::new(), "which is no repository"),
        ] {
            let location = if location.is_empty() { "/" } else { &location };
            let refused = led(here, location, true).unwrap_err();
            assert!(refused.contains(reason), "{location}: {refused}");
        }
        let refused = led(
            "https://git.example/x",
            &format!("http://git.example/x/{tail}"),
            true,
        );
        assert!(refused.unwrap_err().contains("which nothing protects"));
    }

    #[test]
    fn a_redirect_into_the_own_network_is_not_followed() {
        let tail = "info/refs?service=git-upload-pack";
        for host in [
            "127.0.0.1:8080",
            "10.0.0.1",
            "[::1]",
            "169.254.169.254",
            "0x7f.1",
        ] {
            let location = format!("http://{host}/x/{tail}");
            let refused = led("http://git.example/x", &location, false).unwrap_err();
            assert!(refused.contains("in the own network"), "{host}: {refused}");
            let allowed = led("http://git.example/x", &location, true).unwrap();
            assert_eq!(allowed, url(&format!("http://{host}/x")).as_str());
        }
    }
}

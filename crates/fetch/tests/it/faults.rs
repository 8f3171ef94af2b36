//! One test for each way in which a server misbehaves.

use std::path::PathBuf;
use std::time::Duration;

use palisade_fetch::{Answer, Client, FetchError, Request, Settings, Stage};
use tempfile::TempDir;

use crate::server::{Server, Step, bare, ok};

struct Fetching {
    client: Client,
    folder: TempDir,
}

impl Fetching {
    fn new() -> Self {
        let settings = Settings {
            idle: Duration::from_millis(300),
            total: Duration::from_secs(3),
            first_pause: Duration::from_millis(5),
            longest_pause: Duration::from_secs(2),
            attempts: 4,
            ..Settings::new(
                "Palisade/test (+https://palisade.example/)".to_owned(),
                || jiff::Timestamp::UNIX_EPOCH,
            )
        };
        Self {
            client: Client::new(settings).unwrap(),
            folder: TempDir::new().unwrap(),
        }
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("document")
    }

    async fn fetch(&self, request: &Request) -> Result<Answer, FetchError> {
        self.client.fetch(request, &self.target(), &|_| ()).await
    }

    /// The text that was fetched.
    async fn text(&self, request: &Request) -> String {
        let answer = self.fetch(request).await.unwrap();
        assert!(matches!(answer, Answer::Body(_)), "{answer:?}");
        fs_err::read_to_string(self.target()).unwrap()
    }

    /// Files that a failed request left behind.
    fn files(&self) -> usize {
        fs_err::read_dir(self.folder.path()).unwrap().count()
    }
}

fn request(server: &Server) -> Request {
    Request {
        private: true,
        ..Request::new(format!("{}/feed.json", server.address).parse().unwrap())
    }
}

fn status(answer: Result<Answer, FetchError>) -> u16 {
    match answer.unwrap_err() {
        FetchError::Status { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_request_names_itself_and_what_it_knows() {
    let server = Server::start(vec![
        Step::Say(ok(
            "ETag: \"one\"\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n\
             Date: Thu, 01 Jan 2026 00:00:02 GMT\r\n",
            "1",
        )),
        Step::Say(bare("304 Not Modified", "")),
    ])
    .await;
    let fetching = Fetching::new();
    let mut request = request(&server);
    request.secrets = vec![("apiKey", "geheim".to_owned())];
    let Answer::Body(body) = fetching.fetch(&request).await.unwrap() else {
        panic!("a first answer has a body")
    };
    assert_eq!(body.length, 1);
    request.known = body.validators;
    assert_eq!(fetching.fetch(&request).await.unwrap(), Answer::NotModified);
    let [first, second] = &server.requests()[..] else {
        panic!("two requests")
    };
    assert!(first.contains("user-agent: palisade/test (+https://palisade.example/)"));
    assert!(first.contains("apikey: geheim"));
    assert!(!first.contains("if-none-match"));
    assert!(second.contains("if-none-match: \"one\""));
    assert!(second.contains("if-modified-since: thu, 01 jan 2026 00:00:00 gmt"));
}

#[tokio::test]
async fn a_date_of_the_moment_of_fetching_tells_no_state_from_the_next() {
    for (date, tells) in [
        ("Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n", false),
        ("Date: Thu, 01 Jan 2026 00:00:01 GMT\r\n", false),
        ("Date: Thu, 01 Jan 2026 00:00:02 GMT\r\n", true),
        ("Date: Wed, 31 Dec 2025 00:00:00 GMT\r\n", false),
        ("", false),
    ] {
        let modified = "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n";
        let server = Server::start(vec![
            Step::Say(ok(&format!("{modified}{date}"), "first")),
            Step::Say(ok(&format!("{modified}{date}"), "second")),
        ])
        .await;
        let fetching = Fetching::new();
        let mut request = request(&server);
        let Answer::Body(body) = fetching.fetch(&request).await.unwrap() else {
            panic!("a first answer has a body")
        };
        assert_eq!(body.modified.unwrap().to_string(), "2026-01-01T00:00:00Z");
        request.known = body.validators;
        assert_eq!(fetching.text(&request).await, "second");
        let asked = server.requests()[1].contains("if-modified-since");
        assert_eq!(asked, tells, "{date}");
    }
}

#[tokio::test]
async fn a_part_is_not_gone_on_with_by_a_date_of_the_moment_of_fetching() {
    let whole = "Thu, 01 Jan 2026 00:00:00 GMT";
    let head = |date: &str| {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nLast-Modified: {whole}\r\n\
             Date: {date}\r\n\r\n01234"
        )
    };
    for (date, gone_on) in [(whole, false), ("Thu, 01 Jan 2026 00:01:00 GMT", true)] {
        let server = Server::start(vec![
            Step::Cut(head(date).into()),
            Step::Say(ok("", "abcdefghij")),
        ])
        .await;
        assert_eq!(Fetching::new().text(&request(&server)).await, "abcdefghij");
        let asked = server.requests()[1].contains(&format!("if-range: {}", whole.to_lowercase()));
        assert_eq!(asked, gone_on, "{date}");
    }
}

#[tokio::test]
async fn a_changed_etag_brings_the_new_state() {
    let server = Server::start(vec![Step::Say(ok("ETag: \"two\"\r\n", "new"))]).await;
    let fetching = Fetching::new();
    let mut request = request(&server);
    request.known.etag = Some("\"one\"".to_owned());
    assert_eq!(fetching.text(&request).await, "new");
}

#[tokio::test]
async fn an_answer_of_no_change_to_a_first_question_is_an_error() {
    let server = Server::start(vec![Step::Say(bare("304 Not Modified", ""))]).await;
    assert_eq!(status(Fetching::new().fetch(&request(&server)).await), 304);
}

#[tokio::test]
async fn too_many_requests_wait_as_long_as_the_server_wants() {
    let server = Server::start(vec![
        Step::Say(bare("429 Too Many Requests", "Retry-After: 1\r\n")),
        Step::Say(ok("", "at last")),
    ])
    .await;
    let started = std::time::Instant::now();
    assert_eq!(Fetching::new().text(&request(&server)).await, "at last");
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_wait_that_is_too_long_is_told() {
    let late = bare("503 Service Unavailable", "Retry-After: 3600\r\n");
    let server = Server::start(vec![Step::Say(late)]).await;
    let error = Fetching::new().fetch(&request(&server)).await.unwrap_err();
    assert_eq!(error.wait(), Some(Duration::from_hours(1)));
    assert_eq!(server.requests().len(), 1, "it was not asked again");
}

#[tokio::test]
async fn a_server_in_trouble_is_asked_again_but_not_for_ever() {
    let trouble = Step::Say(bare("503 Service Unavailable", ""));
    let server = Server::start(vec![
        trouble.clone(),
        trouble.clone(),
        Step::Say(ok("", "x")),
    ])
    .await;
    assert_eq!(Fetching::new().text(&request(&server)).await, "x");
    let server = Server::start(vec![trouble]).await;
    assert_eq!(status(Fetching::new().fetch(&request(&server)).await), 503);
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn what_is_not_there_is_asked_for_once() {
    let server = Server::start(vec![Step::Say(bare("404 Not Found", ""))]).await;
    assert_eq!(status(Fetching::new().fetch(&request(&server)).await), 404);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn forbidden_means_wait_only_where_that_is_known() {
    let steps = vec![
        Step::Say(bare("403 Forbidden", "")),
        Step::Say(ok("", "allowed")),
    ];
    let server = Server::start(steps.clone()).await;
    assert_eq!(status(Fetching::new().fetch(&request(&server)).await), 403);
    let server = Server::start(steps).await;
    let mut patient = request(&server);
    patient.forbidden_means_wait = true;
    assert_eq!(Fetching::new().text(&patient).await, "allowed");
}

#[tokio::test]
async fn a_cut_body_is_gone_on_with_where_it_stopped() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: \"one\"\r\n\r\n01234";
    let rest = "HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\n\
                Content-Range: bytes 5-9/10\r\nETag: \"one\"\r\nConnection: close\r\n\r\n56789";
    let server = Server::start(vec![Step::Cut(head.into()), Step::Say(rest.into())]).await;
    assert_eq!(Fetching::new().text(&request(&server)).await, "0123456789");
    let second = &server.requests()[1];
    assert!(second.contains("range: bytes=5-"), "{second}");
    assert!(second.contains("if-range: \"one\""), "{second}");
}

#[tokio::test]
async fn a_later_run_goes_on_where_an_earlier_one_was_stopped() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: \"one\"\r\n\r\n01234";
    let rest = "HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\n\
                Content-Range: bytes 5-9/10\r\nETag: \"one\"\r\nConnection: close\r\n\r\n56789";
    let server = Server::start(vec![Step::Hang(head.into()), Step::Say(rest.into())]).await;
    let fetching = Fetching::new();
    let wanted = request(&server);
    let stopped = tokio::time::timeout(Duration::from_millis(100), fetching.fetch(&wanted)).await;
    assert!(stopped.is_err(), "it hangs");
    assert!(!fetching.target().exists());
    let later = Fetching {
        client: Fetching::new().client,
        folder: fetching.folder,
    };
    assert_eq!(later.text(&wanted).await, "0123456789");
}

#[tokio::test]
async fn a_part_of_another_state_is_begun_anew() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: \"one\"\r\n\r\n01234";
    let server = Server::start(vec![
        Step::Cut(head.into()),
        Step::Say(ok("ETag: \"two\"\r\n", "another")),
    ])
    .await;
    assert_eq!(Fetching::new().text(&request(&server)).await, "another");
}

#[tokio::test]
async fn a_part_from_the_wrong_place_is_never_put_together() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: \"one\"\r\n\r\n01234";
    let wrong = "HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\n\
                 Content-Range: bytes 7-9/10\r\nETag: \"one\"\r\nConnection: close\r\n\r\n789";
    let cut = Step::Cut(head.into());
    let server = Server::start(vec![cut.clone(), Step::Say(wrong.into())]).await;
    let fetching = Fetching::new();
    let error = fetching.fetch(&request(&server)).await.unwrap_err();
    assert!(matches!(error, FetchError::Elsewhere { .. }), "{error:?}");
    assert_eq!(fetching.files(), 0);
    assert_eq!(server.requests().len(), 4, "it is begun again");

    let whole = Step::Say(ok("", "0123456789"));
    let server = Server::start(vec![cut, Step::Say(wrong.into()), whole]).await;
    assert_eq!(Fetching::new().text(&request(&server)).await, "0123456789");
    assert!(!server.requests()[2].contains("range:"));
}

#[tokio::test]
async fn a_part_behind_which_there_is_nothing_is_begun_anew() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: \"one\"\r\n\r\n01234";
    let server = Server::start(vec![
        Step::Cut(head.into()),
        Step::Say(bare("416 Range Not Satisfiable", "")),
        Step::Say(ok("", "01234")),
    ])
    .await;
    assert_eq!(Fetching::new().text(&request(&server)).await, "01234");
    let nothing = Step::Say(bare("416 Range Not Satisfiable", ""));
    let server = Server::start(vec![nothing]).await;
    assert_eq!(status(Fetching::new().fetch(&request(&server)).await), 416);
}

#[tokio::test]
async fn a_rest_of_any_length_is_counted() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: \"one\"\r\n\r\n01234";
    let rest = "HTTP/1.1 206 Partial Content\r\nContent-Length: 18446744073709551613\r\n\
                Content-Range: bytes 5-9/10\r\nETag: \"one\"\r\nConnection: close\r\n\r\n56789";
    let server = Server::start(vec![Step::Cut(head.into()), Step::Say(rest.into())]).await;
    let error = Fetching::new().fetch(&request(&server)).await.unwrap_err();
    assert!(matches!(error, FetchError::TooLong { .. }), "{error:?}");
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    let server = Server::start(vec![Step::Flood(head.into())]).await;
    let fetching = Fetching::new();
    let mut limited = request(&server);
    limited.max_bytes = 100_000;
    let error = fetching.fetch(&limited).await.unwrap_err();
    assert!(
        matches!(error, FetchError::TooLong { limit: 100_000, .. }),
        "{error:?}"
    );
    assert_eq!(fetching.files(), 0, "nothing of it is kept");
}

#[tokio::test]
async fn an_enormous_body_is_not_begun() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n";
    let server = Server::start(vec![Step::Hang(head.into())]).await;
    let error = Fetching::new().fetch(&request(&server)).await.unwrap_err();
    assert!(matches!(error, FetchError::TooLong { .. }), "{error:?}");
}

#[tokio::test]
async fn a_silent_server_is_given_up() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
    let server = Server::start(vec![Step::Hang(head.into())]).await;
    let error = Fetching::new().fetch(&request(&server)).await.unwrap_err();
    assert!(matches!(error, FetchError::Slow { .. }), "{error:?}");
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn a_body_other_than_published_is_not_kept() {
    let server = Server::start(vec![Step::Say(ok("", "abc"))]).await;
    let fetching = Fetching::new();
    let mut checked = request(&server);
    let right = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    checked.sha256 = Some(right.replace('b', "c"));
    let error = fetching.fetch(&checked).await.unwrap_err();
    assert!(matches!(error, FetchError::Digest { .. }), "{error:?}");
    assert_eq!(fetching.files(), 0);
    checked.sha256 = Some(right.to_uppercase());
    assert_eq!(fetching.text(&checked).await, "abc");
}

#[tokio::test]
async fn redirects_go_only_where_somebody_said() {
    let leads_to = |place: &str| Step::Say(bare("302 Found", &format!("Location: {place}\r\n")));
    let other = Server::start(vec![Step::Say(ok("", "from another host"))]).await;
    let address = other.address.replace("127.0.0.1", "localhost");
    let server = Server::start(vec![leads_to(&format!("{address}/x"))]).await;
    let mut wanted = request(&server);
    wanted.secrets = vec![("apiKey", "geheim".to_owned())];
    let error = Fetching::new().fetch(&wanted).await.unwrap_err();
    assert!(matches!(error, FetchError::Redirect { .. }), "{error:?}");
    assert_eq!(other.requests(), Vec::<String>::new());
    wanted.hosts = vec!["localhost".to_owned()];
    assert_eq!(Fetching::new().text(&wanted).await, "from another host");
    assert!(
        !other.requests()[0].contains("geheim"),
        "the key stays at home"
    );

    for place in ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://"] {
        let server = Server::start(vec![leads_to(place)]).await;
        let error = Fetching::new().fetch(&request(&server)).await.unwrap_err();
        assert!(
            matches!(
                error,
                FetchError::Redirect { .. } | FetchError::Address { .. }
            ),
            "{place}: {error:?}"
        );
    }
}

#[tokio::test]
async fn redirects_in_a_circle_end() {
    let circle = Step::Say(bare("302 Found", "Location: /again\r\n"));
    let server = Server::start(vec![circle]).await;
    let error = Fetching::new().fetch(&request(&server)).await.unwrap_err();
    assert!(matches!(error, FetchError::Redirect { .. }), "{error:?}");
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn the_own_network_is_out_of_reach_unless_asked_for() {
    let server = Server::start(vec![Step::Say(ok("", "secret"))]).await;
    let by_name = server.address.replace("127.0.0.1", "localhost");
    for address in [&server.address, &by_name] {
        let url = format!("{address}/feed.json").parse().unwrap();
        let fetching = Fetching::new();
        let error = fetching.fetch(&Request::new(url)).await.unwrap_err();
        let refused = matches!(
            error,
            FetchError::Address { .. } | FetchError::Connection { .. }
        );
        assert!(refused, "{error:?}");
        assert!(!error.is_passing(), "it is not tried again: {error:?}");
        let told = told(&error);
        assert!(
            told.ends_with("private = true in the source allows it"),
            "{told}"
        );
    }
    assert_eq!(server.requests(), Vec::<String>::new());
}

/// An error with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|cause| format!(": {}", told(cause)));
    format!("{error}{}", cause.unwrap_or_default())
}

#[tokio::test]
async fn a_connection_that_is_refused_and_a_name_that_is_not_known_are_asked_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = format!("http://{}/feed.json", listener.local_addr().unwrap());
    drop(listener);
    // No server can have this name: its label is too long to be asked for.
    let nameless = format!("http://{}.invalid/feed.json", "x".repeat(64));
    for url in [closed, nameless] {
        let again = std::sync::Mutex::new(Vec::new());
        let fetching = Fetching::new();
        let request = Request {
            private: true,
            ..Request::new(url.parse().unwrap())
        };
        let target = fetching.target();
        let hear = |stage: Stage<'_>| {
            if let Stage::Again { pause, .. } = stage {
                again.lock().unwrap().push(pause);
            }
        };
        let fetched = fetching.client.fetch(&request, &target, &hear).await;
        let error = fetched.unwrap_err();
        assert!(matches!(error, FetchError::Connection { .. }), "{error:?}");
        let pauses = again.into_inner().unwrap();
        assert_eq!(pauses.len(), 3, "four attempts have three pauses: {url}");
        assert!(pauses.iter().all(|pause| *pause <= Duration::from_secs(2)));
    }
}

#[tokio::test]
async fn requests_to_one_host_keep_their_distance() {
    let server = Server::start(vec![Step::Say(ok("", "x"))]).await;
    let fetching = Fetching::new();
    let mut paced = request(&server);
    paced.pace = Duration::from_millis(100);
    let started = std::time::Instant::now();
    for _ in 0..3 {
        fetching.fetch(&paced).await.unwrap();
    }
    assert!(started.elapsed() >= Duration::from_millis(200));
}

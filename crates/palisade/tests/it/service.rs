//! `palisade serve` as a service: what it hears and tells while it runs.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::running::{Ended, Running};

const TOKENS: [&str; 2] = ["0123456789abcdef0123", "a token that came later"];

/// A folder with a database, a configuration and a token.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.write("token", TOKENS[0]);
        place.configure("");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs_err::write(self.path(name), text).unwrap();
    }

    /// Writes a configuration with a sender and something else.
    fn configure(&self, serve: &str) {
        let configuration = format!(
            "[fetch]\ncache = \"{}\"\n[serve]\n{serve}\n[[source]]\nname = \"ci\"\n\
             type = \"sender\"\nevery = \"24h\"\nkey-file = \"{}\"\n",
            self.path("cache").display(),
            self.path("token").display()
        );
        self.write("palisade.toml", &configuration);
    }

    fn serve(&self, environment: &[(&str, &str)]) -> Running {
        Running::start("serve", |command| {
            command
                .args(["--listen", "127.0.0.1:0", "--database"])
                .arg(self.path("test.sqlite"))
                .arg("--config")
                .arg(self.path("palisade.toml"))
                .envs(environment.iter().copied());
        })
    }
}

fn get(server: &Running, path: &str) -> String {
    server.ask(&format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    ))
}

fn send(server: &Running, token: &str) -> String {
    server.ask(&format!(
        "POST /receive/kev HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: 2\r\nConnection: close\r\n\r\n{{}}"
    ))
}

#[test]
fn a_new_token_counts_after_a_reload_and_no_connection_is_lost() {
    let place = Place::new();
    let mut server = place.serve(&[]);
    let mut open = TcpStream::connect(&server.address).unwrap();
    open.set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let mut ask = || {
        open.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        let mut answer = [0; 12];
        open.read_exact(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let mut rest = [0; 4096];
        assert!(open.read(&mut rest).unwrap() > 0);
        answer
    };
    assert_eq!(ask(), "HTTP/1.1 200");
    assert!(send(&server, TOKENS[1]).starts_with("HTTP/1.1 401"));
    place.write("token", TOKENS[1]);
    place.configure("limits = { per-second = 7 }");
    server.program.signal("HUP");
    server.program.wait_until_said("was read again");
    assert!(send(&server, TOKENS[0]).starts_with("HTTP/1.1 401"));
    let known = send(&server, TOKENS[1]);
    assert!(known.starts_with("HTTP/1.1 422"), "{known}");
    assert!(get(&server, "/policy.json").contains("\"per_second\":7"));
    assert_eq!(
        ask(),
        "HTTP/1.1 200",
        "the connection from before is still there"
    );
    assert!(server.end().status.success());
}

#[test]
fn a_configuration_that_cannot_be_read_changes_nothing() {
    let place = Place::new();
    place.configure("limits = { per-second = 7 }");
    let mut server = place.serve(&[]);
    place.configure("limits = { per-second = 8, burts = 1 }");
    server.program.signal("HUP");
    let line = server.program.wait_until_said("\"ERROR\"");
    for told in ["palisade.toml", "burts", "the one before it stays"] {
        assert!(line.contains(told), "{line}");
    }
    fs_err::remove_file(place.path("palisade.toml")).unwrap();
    server.program.signal("HUP");
    let line = server.program.wait_until_said("\"ERROR\"");
    assert!(line.contains("palisade.toml"), "{line}");
    assert!(get(&server, "/policy.json").contains("\"per_second\":7"));
    assert!(server.end().status.success());
}

#[test]
fn while_it_drains_it_answers_but_is_not_ready() {
    let place = Place::new();
    place.configure("drain = \"1h\"");
    let mut server = place.serve(&[]);
    let is_ready = || get(&server, "/readyz").starts_with("HTTP/1.1 200");
    let limit = Instant::now() + Duration::from_secs(20);
    while !is_ready() {
        assert!(Instant::now() < limit, "it never is ready");
    }
    server.program.signal("TERM");
    server.program.wait_until_said("about to end");
    let unready = get(&server, "/readyz");
    assert!(
        unready.starts_with("HTTP/1.1 503") && unready.contains("shutting down"),
        "{unready}"
    );
    assert!(get(&server, "/").starts_with("HTTP/1.1 200"));
    // Who asks a second time does not want to wait.
    assert!(server.end().status.success());
}

/// What a service manager hears.
struct Manager {
    socket: UnixDatagram,
}

impl Manager {
    fn at(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).unwrap();
        let patience = Some(Duration::from_secs(30));
        socket.set_read_timeout(patience).unwrap();
        Self { socket }
    }

    /// The next message that is no sign of life.
    fn hears(&self) -> String {
        loop {
            let message = self.next();
            if message != "WATCHDOG=1\n" {
                return message;
            }
        }
    }

    fn next(&self) -> String {
        let mut bytes = [0; 4096];
        let length = self.socket.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    }
}

#[test]
fn a_service_manager_hears_of_the_start_reloads_and_the_end() {
    let place = Place::new();
    let path = place.path("notify");
    let manager = Manager::at(&path);
    let server = place.serve(&[
        ("NOTIFY_SOCKET", path.to_str().unwrap()),
        ("WATCHDOG_USEC", "100000"),
    ]);
    let ready = manager.hears();
    assert!(
        ready.starts_with("READY=1\nSTATUS=serving http://127.0.0.1:"),
        "{ready}"
    );
    while manager.next() != "WATCHDOG=1\n" {}
    server.program.signal("HUP");
    let reloading = manager.hears();
    assert!(
        reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="),
        "{reloading}"
    );
    assert!(manager.hears().starts_with("READY=1\n"));
    let ended = server.end();
    assert!(manager.hears().starts_with("STOPPING=1\n"));
    assert!(ended.status.success(), "{}", ended.said);
}

#[test]
fn each_request_is_one_line_of_json() {
    let place = Place::new();
    let server = place.serve(&[]);
    get(&server, "/branches.json?limit=x");
    get(&server, "/healthz");
    get(&server, "/nothing/%0a{}\"");
    let Ended { said, .. } = server.end();
    let lines = said
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let requests: Vec<_> = lines
        .filter(|line| line["target"] == "palisade::request")
        .collect();
    assert_eq!(requests.len(), 2, "{said}");
    let request = &requests[0];
    assert_eq!(request["method"], "GET");
    assert_eq!(request["path"], "/branches.json");
    assert_eq!(request["status"], 400);
    assert_eq!(request["client"], "127.0.0.1");
    assert_eq!(request["complete"], true);
    assert_eq!(request["id"].as_str().unwrap().len(), 36);
    assert!(request["duration_ms"].as_f64().unwrap() > 0.0);
    assert!(request["bytes"].as_u64().unwrap() > 0);
    assert_eq!(requests[1]["path"], "/nothing/%0a{}\"");
}

#[test]
fn secrets_are_not_logged_whatever_is_asked_for() {
    let place = Place::new();
    let secret = "s3cr3t-of-somebody-else";
    let server = place.serve(&[("PALISADE_LOG", "trace")]);
    get(&server, &format!("/search?q=x&token={secret}"));
    get(&server, &format!("/receive/kev?key={secret}"));
    send(&server, secret);
    send(&server, TOKENS[0]);
    server.ask(&format!(
        "GET / HTTP/1.1\r\nHost: x\r\nCookie: {secret}\r\nX-Api-Key: {secret}\r\n\
         Referer: https://x/?{secret}\r\nX-Request-Id: {secret}\r\nConnection: close\r\n\r\n"
    ));
    let Ended { said, .. } = server.end();
    assert!(said.contains("\"path\":\"/search\""), "{said}");
    for secret in [secret, TOKENS[0]] {
        let line = said.lines().find(|line| line.contains(secret));
        assert_eq!(line, None);
    }
}

#[test]
fn the_log_is_text_when_that_is_asked_for() {
    let place = Place::new();
    let server = place.serve(&[("PALISADE_LOG_FORMAT", "text"), ("PALISADE_LOG", "error")]);
    get(&server, "/");
    let Ended { said, .. } = server.end();
    assert_eq!(said, "ended\n");
}

#[test]
fn a_flood_is_stopped_and_others_are_served() {
    let place = Place::new();
    // Addresses of the machine itself are all there is to ask from.
    place.configure(
        "proxies = [\"127.0.0.1\"]\nlimits = { per-second = 1, burst = 20, connections-per-client = 500 }",
    );
    let server = place.serve(&[]);
    let from = |client: &str| {
        let answer = server.ask(&format!(
            "GET /about HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {client}\r\n\
             Connection: close\r\n\r\n"
        ));
        answer[9..12].to_owned()
    };
    let flood: Vec<String> = (0..60).map(|_| from("192.0.2.1")).collect();
    let refused = flood.iter().filter(|status| *status == "429").count();
    assert!(refused >= 30, "{flood:?}");
    assert_eq!(from("192.0.2.2"), "200");
    assert!(server.end().status.success());
}

//! What the documentation says of the Guix Data Service's routes is so: whoever changes one of them
//! has to change the table.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::support::Site;

const TABLE: &str = include_str!("../../../../docs/guix-data-service.md");

/// What stands in the table for the things that the site of this test has.
const MEANT: [(&str, &str); 8] = [
    ("ID", "1"),
    ("B", "master"),
    ("P", "alpha"),
    ("N", "alpha"),
    ("NAME", "alpha"),
    ("V", "1.1"),
    ("C", "master2"),
    ("T", "gui"),
];

/// What is asked of routes that answer nothing without a question.
const QUESTIONS: [(&str, &str); 4] = [
    ("/compare", "?base_commit=master1&target_commit=master2"),
    (
        "/compare/packages",
        "?base_commit=master1&target_commit=master2",
    ),
    (
        "/compare-by-datetime",
        "?base_branch=master&base_datetime=2026-01-01T00:00:00Z\
         &target_branch=master&target_datetime=2026-01-03T00:00:00Z",
    ),
    ("/comparison", "?from=guix/master@master1&to=guix/master"),
];

/// A line of the table.
struct Row {
    routes: Vec<String>,
    here: String,
    instead: Vec<String>,
}

fn rows() -> Vec<Row> {
    let table = TABLE.lines().skip_while(|line| !line.starts_with("|---"));
    let table = table.skip(1).take_while(|line| line.starts_with('|'));
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        let instead = cells.get(2).copied().unwrap_or_default();
        let mut instead = routes(instead);
        instead.retain(|it| it.starts_with('/'));
        Row {
            routes: routes(cells[0]),
            here: cells[1].to_owned(),
            instead,
        }
    };
    table.map(row).collect()
}

/// What stands between backquotes, as it is asked; what is below a route has it in front.
fn routes(cell: &str) -> Vec<String> {
    let (above, below) = cell.split_once("and below it").unwrap_or((cell, ""));
    let quoted = |text: &str| -> Vec<String> {
        let parts = text.split('`').skip(1).step_by(2);
        parts.map(asked).collect()
    };
    let mut found = quoted(above);
    let base = found.first().cloned().unwrap_or_default();
    found.extend(quoted(below).iter().map(|part| format!("{base}{part}")));
    found
}

fn asked(route: &str) -> String {
    let words = route.split_inclusive(['/', '?', '=']).map(|word| {
        let end = word.find(['/', '?', '=']).unwrap_or(word.len());
        let meant = MEANT.iter().find(|(name, _)| *name == &word[..end]);
        meant.map_or_else(
            || word.to_owned(),
            |(_, value)| format!("{value}{}", &word[end..]),
        )
    });
    words.collect::<String>().replace('…', "something")
}

fn with_question(route: &str) -> String {
    let question = QUESTIONS.iter().find(|(path, _)| *path == route);
    question.map_or_else(
        || route.to_owned(),
        |(_, question)| format!("{route}{question}"),
    )
}

/// Two revisions of master: alpha is upgraded.
async fn site() -> Site {
    let site = Site::new().await;
    for (day, version) in [(1, "1.0"), (2, "1.1")] {
        let package = json!({"name": "alpha", "version": version, "license": [],
            "properties": {"cpe-name": "alpha"}});
        site.guix("master", day, &[package]).await;
    }
    site
}

#[test]
fn the_table_is_read_as_it_is_meant() {
    let rows = rows();
    assert!(rows.len() > 20, "{}", rows.len());
    let all: Vec<&str> = rows
        .iter()
        .flat_map(|row| row.routes.iter().map(String::as_str))
        .collect();
    for route in [
        "/repository/1/branch/master/package/alpha",
        "/repository/1/branch/master/latest-processed-revision/package/alpha/1.1",
        "/revision/master2/lint-warnings",
        "/gnu/store/something",
    ] {
        assert!(all.contains(&route), "{route}: {all:?}");
    }
    assert!(all.iter().all(|route| route.starts_with('/')), "{all:?}");
}

#[tokio::test]
async fn each_route_answers_as_the_table_says() {
    let site = site().await;
    let mut wrong: Vec<String> = Vec::new();
    for row in rows() {
        for route in &row.routes {
            let address = with_question(route);
            let accept = [("accept", "application/json")];
            let answer = site.ask(Method::GET, &address, &accept).await;
            let is_there = answer.status == StatusCode::OK;
            let is_so = if row.here.starts_with("yes") {
                is_there && answer.header("content-type") == "application/json"
            } else if row.here.starts_with("our own") {
                is_there
            } else {
                assert!(row.here.starts_with("no: "), "{}", row.here);
                answer.status == StatusCode::NOT_FOUND
            };
            if !is_so {
                let (here, status) = (&row.here, answer.status);
                wrong.push(format!("{address} ({here}): {status} {}", answer.body));
            }
        }
        for route in &row.instead {
            let address = with_question(route);
            let answer = site.get(&address).await;
            if answer.status != StatusCode::OK {
                wrong.push(format!("{address}: {} {}", answer.status, answer.body));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

//! The interface for programs, described: one list of operations, of which the `OpenAPI` document and
//! the page that explains it are made.

use std::sync::LazyLock;

use palisade_tracker::views;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use crate::pages;

/// Something that can be asked.
pub(crate) struct Operation {
    pub(crate) path: &'static str,
    /// Its name, unique among all.
    pub(crate) id: &'static str,
    pub(crate) about: &'static str,
    pub(crate) parameters: &'static [Parameter],
    answer: Answer,
    /// In which other forms it comes, by suffix.
    pub(crate) forms: &'static [&'static str],
}

/// A parameter of an operation.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) place: Place,
    pub(crate) kind: Kind,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    /// In the query, and not to be left out.
    Needed,
}

/// What a parameter may be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Number(u64, u64),
    Choice(&'static [&'static str]),
    Branch,
    Date,
}

/// What is answered: an object of a schema, or a list of such.
enum Answer {
    One(&'static str),
    Many(&'static str),
}

const fn path(name: &'static str, about: &'static str) -> Parameter {
    let (place, kind) = (Place::Path, Kind::Text);
    Parameter {
        name,
        about,
        place,
        kind,
    }
}

const fn query(name: &'static str, about: &'static str, kind: Kind) -> Parameter {
    let place = Place::Query;
    Parameter {
        name,
        about,
        place,
        kind,
    }
}

const DISTRIBUTION: Parameter = path(
    "distribution",
    "A distribution: `alpine`, `debian`, `guix`.",
);
/// Text of one line.
const PLAIN: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$";

/// A branch with its distribution.
const BRANCH: &str = "^[a-z][a-z0-9]{1,20}/[A-Za-z0-9][A-Za-z0-9._-]{0,30}$";

const YES: Kind = Kind::Choice(&["yes"]);
const OFFSET: Parameter = query(
    "offset",
    "How many to leave out before the first.",
    Kind::Number(0, 1_000_000),
);

/// All that can be asked.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        path: "/index.json",
        id: "home",
        about: "What matters now: branches in numbers, what is exploited, worst, longest known, \
                new and closed.",
        parameters: &[],
        answer: Answer::One("HomeView"),
        forms: &["atom"],
    },
    Operation {
        path: "/branches.json",
        id: "branches",
        about: "All branches in numbers.",
        parameters: &[],
        answer: Answer::Many("BranchSummary"),
        forms: &[],
    },
    Operation {
        path: "/distribution/{distribution}.json",
        id: "distribution",
        about: "The branches of a distribution in numbers.",
        parameters: &[DISTRIBUTION],
        answer: Answer::Many("BranchSummary"),
        forms: &[],
    },
    Operation {
        path: "/branch/{distribution}/{branch}.json",
        id: "branch",
        about: "The open findings of a branch, now or at a revision. `next` goes on where the \
                answer ends, even when findings come or go meanwhile. The table (CSV) has all of \
                them at once.",
        parameters: &[
            DISTRIBUTION,
            path("branch", "A branch: `edge`, `v3.17`, `12`, `master`."),
            query(
                "revision",
                "A revision by its name; without one, the present.",
                Kind::Text,
            ),
            query(
                "status",
                "Which findings; affected ones unless asked otherwise.",
                Kind::Choice(&["affected", "under_investigation", "open"]),
            ),
            query(
                "scorer",
                "Whose scores count; the answer's `scorers` lists the parties.",
                Kind::Text,
            ),
            query(
                "minimum_level",
                "The least level of the score.",
                Kind::Choice(&["low", "medium", "high", "critical"]),
            ),
            query(
                "level",
                "Only this level.",
                Kind::Choice(&["critical", "high", "medium", "low", "unrated"]),
            ),
            query(
                "confidence",
                "The least confidence.",
                Kind::Choice(&["possible", "likely", "certain"]),
            ),
            query(
                "epss",
                "The least probability of exploitation within 30 days, in percent.",
                Kind::Number(0, 100),
            ),
            query(
                "ssvc",
                "Only those of which CISA's SSVC says this of exploitation.",
                Kind::Choice(&["active", "poc", "none"]),
            ),
            query("exploited", "Only what is known to be exploited.", YES),
            query("fixable", "Only what a known version fixes.", YES),
            query(
                "maintainer",
                "Only packages of this maintainer, by the whole name; `none` for those that \
                 nobody maintains.",
                Kind::Text,
            ),
            query(
                "package",
                "Only packages whose name contains this.",
                Kind::Text,
            ),
            query(
                "q",
                "Only findings whose identifier, heading or package contains this.",
                Kind::Text,
            ),
            query(
                "sort",
                "The order.",
                Kind::Choice(&["score", "epss", "package", "newest", "oldest"]),
            ),
            query("limit", "How many at the most.", Kind::Number(1, 1000)),
            OFFSET,
            query(
                "after",
                "A place in the list, as `next` gives it.",
                Kind::Text,
            ),
        ],
        answer: Answer::One("BranchAnswer"),
        forms: &["atom", "csv"],
    },
    Operation {
        path: "/package/{distribution}/{name}.json",
        id: "package",
        about: "A source package: its versions, findings with evidence, sources, patches, grafts, \
                relatives and history. The name of a built package leads to its source package.",
        parameters: &[
            DISTRIBUTION,
            path("name", "The package's name."),
            query(
                "show",
                "Which findings.",
                Kind::Choice(&["open", "fixed", "not_affected"]),
            ),
            query(
                "branch",
                "Only findings of this branch: `alpine/edge`.",
                Kind::Branch,
            ),
            query(
                "limit",
                "How many findings at the most.",
                Kind::Number(1, 100),
            ),
            OFFSET,
        ],
        answer: Answer::One("PackageAnswer"),
        forms: &[],
    },
    Operation {
        path: "/package/{distribution}/{package}/{vulnerability}.json",
        id: "finding",
        about: "A vulnerability in a package: its state on each branch, all reasons, and what \
                would change it.",
        parameters: &[
            DISTRIBUTION,
            path("package", "The source package's name."),
            path("vulnerability", "The vulnerability's name."),
        ],
        answer: Answer::One("FindingView"),
        forms: &[],
    },
    Operation {
        path: "/vulnerability/{id}.json",
        id: "vulnerability",
        about: "A vulnerability: what each source says, where it is, its timeline. Other names of \
                it lead there.",
        parameters: &[path("id", "An identifier: `CVE-2021-44228`, `GHSA-…`.")],
        answer: Answer::One("VulnerabilityView"),
        forms: &[],
    },
    Operation {
        path: "/search.json",
        id: "search",
        about: "Vulnerabilities by identifiers or parts of them, packages by parts of their names \
                or nearly so, maintainers by parts of theirs, and products by name.",
        parameters: &[query("q", "What is looked for.", Kind::Text)],
        answer: Answer::One("SearchView"),
        forms: &[],
    },
    Operation {
        path: "/events.json",
        id: "events",
        about: "What has happened, the latest first; with `since` in its order. Asking the \
                answer's `since` again and again tells nothing twice and leaves nothing out.",
        parameters: &[
            query(
                "since",
                "Only events with higher numbers, in their order.",
                Kind::Number(0, i64::MAX as u64),
            ),
            query(
                "before",
                "Only events with lower numbers.",
                Kind::Number(1, i64::MAX as u64),
            ),
            query(
                "until",
                "Only events up to the end of this day, in UTC.",
                Kind::Date,
            ),
            query(
                "kind",
                "Only this kind.",
                Kind::Choice(&[
                    "finding.opened",
                    "finding.changed",
                    "finding.closed",
                    "revision.imported",
                    "feed.imported",
                    "identity.stated",
                    "identity.withdrawn",
                ]),
            ),
            query(
                "branch",
                "Only of this branch: `alpine/edge`.",
                Kind::Branch,
            ),
            query(
                "package",
                "Only of source packages of this name.",
                Kind::Text,
            ),
            query("vulnerability", "Only of this vulnerability.", Kind::Text),
            query("limit", "How many at the most.", Kind::Number(1, 5000)),
        ],
        answer: Answer::One("EventsAnswer"),
        forms: &["atom", "csv"],
    },
    Operation {
        path: "/maintainers/{distribution}.json",
        id: "maintainers",
        about: "Who maintains packages, with the state of these in numbers.",
        parameters: &[
            DISTRIBUTION,
            query("q", "Only whose name or address contains this.", Kind::Text),
            OFFSET,
        ],
        answer: Answer::One("MaintainersView"),
        forms: &["csv"],
    },
    Operation {
        path: "/maintainers/{distribution}/packages.json",
        id: "maintainer",
        about: "The packages of a maintainer.",
        parameters: &[
            DISTRIBUTION,
            Parameter {
                name: "name",
                about: "The maintainer's whole name.",
                place: Place::Needed,
                kind: Kind::Text,
            },
        ],
        answer: Answer::One("MaintainerView"),
        forms: &["csv"],
    },
    Operation {
        path: "/maintainers/{distribution}/orphaned.json",
        id: "orphaned",
        about: "The packages that nobody maintains.",
        parameters: &[DISTRIBUTION],
        answer: Answer::One("MaintainerView"),
        forms: &["csv"],
    },
    Operation {
        path: "/statistics.json",
        id: "statistics",
        about: "The state of all branches in numbers.",
        parameters: &[],
        answer: Answer::One("StatisticsView"),
        forms: &[],
    },
    Operation {
        path: "/feeds.json",
        id: "feeds",
        about: "What is stored of each feed, and what was imported last.",
        parameters: &[],
        answer: Answer::One("FeedsView"),
        forms: &[],
    },
    Operation {
        path: "/feeds/import/{number}.json",
        id: "import",
        about: "An import, with the records that were passed over or mended.",
        parameters: &[path("number", "The import's number."), OFFSET],
        answer: Answer::One("ImportView"),
        forms: &[],
    },
    Operation {
        path: "/sources.json",
        id: "sources",
        about: "How the sources are from which feeds and inventories are fetched.",
        parameters: &[],
        answer: Answer::One("SyncView"),
        forms: &[],
    },
    Operation {
        path: "/about.json",
        id: "about",
        about: "Which version of Palisade answers.",
        parameters: &[],
        answer: Answer::One("About"),
        forms: &[],
    },
    Operation {
        path: "/policy.json",
        id: "policy",
        about: "How much may be asked, and whom to tell of weaknesses of this server.",
        parameters: &[],
        answer: Answer::One("Policy"),
        forms: &[],
    },
];

#[derive(OpenApi)]
#[openapi(components(schemas(
    pages::about::About,
    pages::policy::Policy,
    pages::branch::Answer,
    pages::events::Answer,
    pages::package::Answer,
    views::BranchSummary,
    views::FeedsView,
    views::FindingView,
    views::HomeView,
    views::ImportView,
    views::MaintainerView,
    views::MaintainersView,
    views::SearchView,
    views::StatisticsView,
    views::SyncView,
    views::VulnerabilityView,
)))]
struct Schemas;

/// The `OpenAPI` document (version 3.1).
pub(crate) static DOCUMENT: LazyLock<String> = LazyLock::new(document);

fn document() -> String {
    let schemas = serde_json::to_value(Schemas::openapi()).unwrap_or_default();
    let mut schemas = schemas["components"]["schemas"].clone();
    schemas["Error"] = error_schema();
    let paths = OPERATIONS.iter().map(|operation| {
        let described = json!({ "get": operation.described() });
        (operation.path.to_owned(), described)
    });
    let paths: Map<String, Value> = paths.collect();
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Palisade",
            "description": "Which vulnerabilities touch which packages of which Linux \
                            distributions, since when, and why. Everything is public and needs no \
                            login. Answers carry an ETag: send it back in If-None-Match.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": { "schemas": schemas },
    });
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn error_schema() -> Value {
    json!({
        "type": "object",
        "required": ["error"],
        "properties": { "error": {
            "type": "object",
            "required": ["status", "message"],
            "properties": {
                "status": { "type": "integer", "description": "The HTTP status." },
                "message": { "type": "string", "description": "What is wrong, for people." },
            },
        } },
    })
}

impl Operation {
    fn described(&self) -> Value {
        let parameters: Vec<Value> = self.parameters.iter().map(Parameter::described).collect();
        let answer = match self.answer {
            Answer::One(name) => reference(name),
            Answer::Many(name) => json!({ "type": "array", "items": reference(name) }),
        };
        let mut responses = Map::new();
        let mut respond = |status: &str, about: &str, content: Value| {
            let response = json!({
                "description": about,
                "content": { "application/json": { "schema": content } },
            });
            responses.insert(status.to_owned(), response);
        };
        respond("200", "The answer.", answer);
        respond(
            "400",
            "The question cannot be understood.",
            reference("Error"),
        );
        respond("404", "There is no such thing.", reference("Error"));
        respond(
            "429",
            "It is more than one client may ask; `Retry-After` says when to ask again.",
            reference("Error"),
        );
        respond("503", "It took too long.", reference("Error"));
        let other = json!({ "description": "The answer is at another address." });
        for status in ["303", "308"] {
            responses.insert(status.to_owned(), other.clone());
        }
        let same = json!({ "description": "What the asker has already still holds." });
        responses.insert("304".to_owned(), same);
        json!({
            "operationId": self.id,
            "description": self.about,
            "parameters": parameters,
            "responses": responses,
        })
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

impl Parameter {
    fn described(&self) -> Value {
        let schema = match self.kind {
            Kind::Text if self.place == Place::Path => json!({ "type": "string", "minLength": 1 }),
            Kind::Text => json!({ "type": "string", "maxLength": 100, "pattern": PLAIN }),
            Kind::Branch => json!({ "type": "string", "pattern": BRANCH }),
            Kind::Date => json!({ "type": "string", "format": "date" }),
            Kind::Number(least, most) => {
                json!({ "type": "integer", "minimum": least, "maximum": most })
            }
            Kind::Choice(words) => json!({ "type": "string", "enum": words }),
        };
        let place = match self.place {
            Place::Path => "path",
            Place::Query | Place::Needed => "query",
        };
        json!({
            "name": self.name,
            "in": place,
            "description": self.about,
            "required": self.place != Place::Query,
            "schema": schema,
        })
    }

    /// What it may be, in words.
    pub(crate) fn words(&self) -> String {
        match self.kind {
            Kind::Text => "a text".to_owned(),
            Kind::Branch => "DISTRIBUTION/BRANCH".to_owned(),
            Kind::Date => "YYYY-MM-DD".to_owned(),
            Kind::Number(least, most) if most > 1_000_000 => format!("a number from {least} on"),
            Kind::Number(least, most) => format!("a number from {least} to {most}"),
            Kind::Choice(words) => words.join(", "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checked_in_document_is_the_one_that_is_served() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
        if std::env::var_os("PALISADE_WRITE_OPENAPI").is_some() {
            fs_err::write(path, &*DOCUMENT).unwrap();
        }
        let known = fs_err::read_to_string(path).unwrap_or_default();
        assert_eq!(
            known, *DOCUMENT,
            "write it anew: PALISADE_WRITE_OPENAPI=1 cargo test -p palisade-web openapi"
        );
    }

    #[test]
    fn every_answer_has_its_schema_and_every_name_is_one_operations() {
        let document: Value = serde_json::from_str(&DOCUMENT).unwrap();
        let mut names: Vec<&str> = OPERATIONS.iter().map(|it| it.id).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), OPERATIONS.len());
        for operation in OPERATIONS {
            let (Answer::One(name) | Answer::Many(name)) = operation.answer;
            let schema = &document["components"]["schemas"][name];
            assert!(schema.is_object(), "{name}");
        }
    }
}

//! Everything that can be asked of pages' data: where, with what, and what is answered.

use super::{Answer, Kind, Operation, Parameter, Place, path, query};

const DISTRIBUTION: Parameter = path(
    "distribution",
    "A distribution: `alpine`, `debian`, `guix`.",
);
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
                "The least probability of exploitation within 30 days, in percent; the answer's \
                 `epss` tells of which day these are.",
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
        forms: &["atom", "csv", "jsonl"],
    },
    Operation {
        path: "/branch/{distribution}/{branch}/grafts.json",
        id: "grafts",
        about: "The grafts of a branch, now or at a revision, by declaration: what each is for, since \
                when, what it fixes and what stays open, how many packages get it, how it stands with \
                ungrafting; and those that ended, with how.",
        parameters: &[
            DISTRIBUTION,
            path("branch", "A branch: `master`."),
            query(
                "revision",
                "A revision by its name or the beginning of it, or a day; without one, the present.",
                Kind::Text,
            ),
        ],
        answer: Answer::One("GraftsView"),
        forms: &["atom", "csv", "jsonl"],
    },
    Operation {
        path: "/branch/{distribution}/{branch}/affected-by/{package}.json",
        id: "affected_by",
        about: "Who uses a package, directly or through others, each with a shortest way: the packages \
                that get its graft, or that what is open in it touches.",
        parameters: &[
            DISTRIBUTION,
            path("branch", "A branch: `master`."),
            path("package", "The package's name."),
            query("version", "Only packages of this version.", Kind::Text),
            query(
                "revision",
                "A revision by its name or the beginning of it, or a day; without one, the present.",
                Kind::Text,
            ),
            query(
                "limit",
                "How many dependents of each package at the most.",
                Kind::Number(1, 200_000),
            ),
        ],
        answer: Answer::One("AffectedByView"),
        forms: &["csv"],
    },
    Operation {
        path: "/branch/{distribution}/{branch}/mistakes.json",
        id: "mistakes",
        about: "What packagers of a branch wrote wrongly for those who look for vulnerabilities, and \
                what to write instead.",
        parameters: &[
            DISTRIBUTION,
            path("branch", "A branch: `edge`, `v3.17`, `master`."),
            query(
                "revision",
                "A revision by its name; without one, the present.",
                Kind::Text,
            ),
            query("rule", "Only mistakes that break this rule.", Kind::Text),
            query(
                "offset",
                "How many the page leaves out before the first; the other forms have all.",
                Kind::Number(0, 1_000_000),
            ),
        ],
        answer: Answer::One("MistakesView"),
        forms: &["csv"],
    },
    Operation {
        path: "/comparison.json",
        id: "comparison",
        about: "Two states of branches, of the same branch or not: what the way from the one to the \
                other does to security, and what became of the packages.",
        parameters: &[
            query(
                "from",
                "A state: `guix/master` is the present one, `guix/master@REVISION` that of a \
                 revision, `alpine/v3.22@2026-11-01` that of a day's end.",
                Kind::Text,
            )
            .needed(),
            query("to", "The state with which it is compared.", Kind::Text).needed(),
            query(
                "limit",
                "How many of each list at the most.",
                Kind::Number(1, 5000),
            ),
        ],
        answer: Answer::One("ComparisonView"),
        forms: &["md"],
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
                "distribution",
                "Only of branches of this distribution: `alpine`.",
                Kind::Distribution,
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
        forms: &["atom", "csv", "jsonl"],
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
        path: "/branch/{distribution}/{branch}/history.json",
        id: "branch_history",
        about: "A branch over time: what was open by level at the end of each month or week, what \
                began and what ended in it, how long mending took. Everything is judged by what is \
                known today; of a time only what was published by then counts.",
        parameters: &[
            DISTRIBUTION,
            path("branch", "A branch: `edge`, `v3.17`, `12`, `master`."),
            query(
                "by",
                "By what time is divided.",
                Kind::Choice(&["month", "week"]),
            ),
        ],
        answer: Answer::One("BranchHistoryView"),
        forms: &["csv"],
    },
    Operation {
        path: "/package/{distribution}/{package}/history.json",
        id: "package_history",
        about: "The versions of a package through time on each branch, how each differs from the \
                one before, and what affected it.",
        parameters: &[DISTRIBUTION, path("package", "The source package's name.")],
        answer: Answer::One("PackageHistoryView"),
        forms: &[],
    },
    Operation {
        path: "/report/{month}.json",
        id: "report",
        about: "The report of a month: what was mitigated and how, what is new, what stays open and \
                is old, who maintains the packages. Also as Markdown, to be sent.",
        parameters: &[
            path("month", "A month: `2026-10`."),
            query(
                "branch",
                "A branch; may be given several times. Without any, all of which anything was \
                 stored by then.",
                Kind::Branch,
            ),
            query(
                "limit",
                "How many of each list at the most.",
                Kind::Number(1, 5000),
            ),
        ],
        answer: Answer::One("ReportView"),
        forms: &["md"],
    },
    Operation {
        path: "/reviews.json",
        id: "reviews",
        about: "Merge and pull requests that are reviewed, what was asked for last first.",
        parameters: &[OFFSET],
        answer: Answer::One("ReviewsView"),
        forms: &[],
    },
    Operation {
        path: "/review/{id}.json",
        id: "review",
        about: "A review with its report and everything that was said of its hunks. Reviewers add to \
                that by `POST /review/{id}/mark` with `hunk`, `mark` and `note`.",
        parameters: &[path("id", "The review's number.")],
        answer: Answer::One("ReviewView"),
        forms: &[],
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

//! What can be asked in the words of other services: the same list as ours, but that their documents
//! are described in `docs/api.md` and by those services themselves.

use super::{Answer, Interface, Kind, Operation, Parameter, path, query};

const REPOSITORY: Parameter = path("repository", "The number of Guix's own repository: `1`.");
const GUIX_BRANCH: Parameter = path("branch", "A branch of Guix: `master`.");
const COMMIT: Parameter = path("commit", "A revision's commit, in full.");
const NAME: Parameter = path("name", "A package's name.");
const VERSION: Parameter = path("version", "A package's version.");
const LOCALE: Parameter = query(
    "locale",
    "The language of texts.",
    Kind::Choice(&["en_US.UTF-8"]),
);
const SEARCH: Parameter = query(
    "search_query",
    "Only packages whose name or synopsis has all of these words.",
    Kind::Text,
);
const AFTER: Parameter = query("after_name", "Only packages behind this name.", Kind::Text);
const MOST: Parameter = query(
    "limit_results",
    "How many packages at the most.",
    Kind::Number(1, 100_000),
);
const ALL: Parameter = query("all_results", "All packages.", Kind::Choice(&["on"]));
const LISTED: &[Parameter] = &[
    COMMIT,
    query(
        "field",
        "What to tell of each package; may be given several times.",
        Kind::Choice(&[
            "version",
            "synopsis",
            "description",
            "home-page",
            "location",
            "licenses",
        ]),
    ),
    SEARCH,
    AFTER,
    MOST,
    ALL,
    LOCALE,
];
const ORIGINS: &[Parameter] = &[COMMIT, SEARCH, AFTER, MOST, ALL];
const COMPARED: &[Parameter] = &[
    query("base_commit", "The revision before.", Kind::Text).needed(),
    query("target_commit", "The revision after.", Kind::Text).needed(),
    LOCALE,
];

const fn operation(
    path: &'static str,
    id: &'static str,
    about: &'static str,
    parameters: &'static [Parameter],
) -> Operation {
    Operation {
        path,
        id,
        about,
        parameters,
        answer: Answer::Any,
        forms: &[],
    }
}

/// The routes of the Guix Data Service.
pub(crate) const GUIX_DATA: Interface = Interface {
    name: "Guix Data Service",
    errors: "GuixError",
    operations: &[
        operation(
            "/repositories.json",
            "guix_repositories",
            "The repositories: Guix's own.",
            &[],
        ),
        operation(
            "/repository/{repository}.json",
            "guix_repository",
            "The branches of a repository.",
            &[REPOSITORY],
        ),
        operation(
            "/repository/{repository}/branch/{branch}.json",
            "guix_branch",
            "The revisions of a branch, the latest first.",
            &[
                REPOSITORY,
                GUIX_BRANCH,
                query("after_date", "Only those made after this.", Kind::Moment),
                query("before_date", "Only those made before this.", Kind::Moment),
                query(
                    "limit_results",
                    "How many at the most.",
                    Kind::Number(1, 100_000),
                ),
            ],
        ),
        operation(
            "/repository/{repository}/branch/{branch}/package/{name}.json",
            "guix_package_history",
            "The versions of a package on a branch, with their first and last revisions.",
            &[REPOSITORY, GUIX_BRANCH, NAME],
        ),
        operation(
            "/repository/{repository}/branch/{branch}/latest-processed-revision.json",
            "guix_latest_revision",
            "The latest revision of a branch. Below it are the routes of a revision.",
            &[REPOSITORY, GUIX_BRANCH],
        ),
        operation(
            "/revision/{commit}.json",
            "guix_revision",
            "A revision in numbers.",
            &[COMMIT],
        ),
        operation(
            "/revision/{commit}/packages.json",
            "guix_packages",
            "The packages of a revision, by name.",
            LISTED,
        ),
        operation(
            "/revision/{commit}/package/{name}.json",
            "guix_package",
            "The versions of a package in a revision.",
            &[COMMIT, NAME, LOCALE],
        ),
        operation(
            "/revision/{commit}/package/{name}/{version}.json",
            "guix_version",
            "A version of a package in a revision.",
            &[COMMIT, NAME, VERSION, LOCALE],
        ),
        operation(
            "/revision/{commit}/lint-warnings.json",
            "guix_lint_warnings",
            "Warnings of a revision that concern security: what affects packages, and mistakes of packagers.",
            &[
                COMMIT,
                query(
                    "linter",
                    "Only those of this checker; may be given several times.",
                    Kind::Text,
                ),
                query(
                    "package_query",
                    "Only of packages whose name contains this.",
                    Kind::Text,
                ),
                query(
                    "message_query",
                    "Only those whose message contains this.",
                    Kind::Text,
                ),
                query(
                    "field",
                    "What to tell of each warning; may be given several times.",
                    Kind::Choice(&["linter", "message", "location"]),
                ),
                LOCALE,
            ],
        ),
        operation(
            "/revision/{commit}/package-origins.json",
            "guix_package_origins",
            "Where the sources of a revision's packages come from, with their hashes and patches. Not of \
             the Data Service itself, which tells the derivations that are made of them.",
            ORIGINS,
        ),
        operation(
            "/healthcheck.json",
            "guix_health",
            "Whether the database answers.",
            &[],
        ),
        operation(
            "/package/{name}.json",
            "guix_everywhere",
            "The versions of a package on all branches.",
            &[NAME],
        ),
        operation(
            "/compare.json",
            "guix_compare",
            "What two revisions differ in: packages that are new, gone or of another version.",
            COMPARED,
        ),
        operation(
            "/compare/packages.json",
            "guix_compare_packages",
            "All packages of two revisions.",
            COMPARED,
        ),
        operation(
            "/compare-by-datetime.json",
            "guix_compare_by_datetime",
            "What the revisions of two moments differ in.",
            &[
                query("base_branch", "The branch before.", Kind::Text).needed(),
                query("base_datetime", "The moment before.", Kind::Moment).needed(),
                query("target_branch", "The branch after.", Kind::Text).needed(),
                query("target_datetime", "The moment after.", Kind::Moment).needed(),
                LOCALE,
            ],
        ),
    ],
};

const ALPINE_REPOSITORY: Parameter = path(
    "repository",
    "A repository of Alpine: `3.22-main`, `edge-community`.",
);
const OFFSET: Parameter = query(
    "offset",
    "How many to leave out before the first.",
    Kind::Number(0, 1_000_000),
);

/// The routes of secfixes-tracker.
pub(crate) const SECFIXES: Interface = Interface {
    name: "secfixes-tracker",
    errors: "Error",
    operations: &[
        operation(
            "/vuln/{id}.json",
            "secfixes_vulnerability",
            "A vulnerability with its references, states and CPE matches.",
            &[path("id", "A vulnerability's identifier.")],
        ),
        operation(
            "/srcpkg/{name}.json",
            "secfixes_package",
            "A source package of Alpine with its versions.",
            &[NAME],
        ),
        operation(
            "/srcpkg/{name}/{version}.json",
            "secfixes_version",
            "A version of a source package of Alpine with its states.",
            &[NAME, VERSION],
        ),
        operation(
            "/branch/{repository}.json",
            "secfixes_unresolved",
            "The unresolved vulnerabilities of a repository, each with the package.",
            &[ALPINE_REPOSITORY, OFFSET],
        ),
        operation(
            "/branch/{repository}/vuln-orphaned.json",
            "secfixes_unresolved_orphaned",
            "The same, of packages that nobody maintains.",
            &[ALPINE_REPOSITORY, OFFSET],
        ),
        operation(
            "/branch/{repository}/maintainer-issues.json",
            "secfixes_unresolved_maintained",
            "The same, of packages that somebody maintains.",
            &[
                ALPINE_REPOSITORY,
                query("maintainer", "Only this maintainer's.", Kind::Text),
                OFFSET,
            ],
        ),
        operation(
            "/branch/{repository}/orphaned.json",
            "secfixes_orphaned",
            "The packages of a repository that nobody maintains.",
            &[ALPINE_REPOSITORY],
        ),
    ],
};

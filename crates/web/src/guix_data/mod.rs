//! The interface of the Guix Data Service: branches, revisions, their packages, and what two
//! revisions differ in.
//!
//! Paths, parameters and keys are its own. Of derivations, builds, system tests and channel news nothing
//! is kept here: their routes are not there, and their keys within others are empty. Of lint warnings
//! those are told that concern security. Who wants a page is sent to ours, where there is one.

mod commit;
mod error;
mod lint;
mod node;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use palisade_model::{Distribution, Package, Timestamp};
use palisade_tracker::Views;
use palisade_tracker::views::GuixPackages;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::format::Format;
use crate::parameters::Parameters;
use crate::redirect::see_other;
use crate::respond::{Wanted, json as text};
use crate::serve::Site;
use crate::words::{package_address, query_value, segment};
use commit::Commit;
use error::GuixError;
use node::Fields;

/// The number under which the service knows Guix's own repository; others are not kept here.
const REPOSITORY: &str = "1";

/// Revisions or packages of an answer, unless asked otherwise.
const LIMIT: usize = 100;

/// Revisions or packages of an answer at the most, unless all are asked for.
const MOST: usize = 100_000;

type Answer = Result<Response, GuixError>;

/// A package of a path.
#[derive(Deserialize)]
struct Named {
    name: String,
}

/// A version of a package of a path.
#[derive(Deserialize)]
struct Numbered {
    name: String,
    version: String,
}

/// The routes of the interface.
pub(crate) fn router() -> Router<Site> {
    const BRANCH: &str = "/repository/{id}/branch/{branch}";
    Router::new()
        .merge(of_revision("/revision/{commit}"))
        .merge(of_revision(&format!("{BRANCH}/latest-processed-revision")))
        .route("/healthcheck", get(lint::health))
        .route("/repositories", get(repositories))
        .route("/repository/{id}", get(repository))
        .route(BRANCH, get(branch))
        .route(&format!("{BRANCH}/package/{{name}}"), get(history))
        .route("/package/{distribution}", get(everywhere))
        .route("/compare", get(compare))
        .route("/compare/packages", get(compare_packages))
        .route("/compare-by-datetime", get(compare_by_datetime))
}

/// The routes of a revision, which is named by a commit or as the latest of a branch.
fn of_revision(path: &str) -> Router<Site> {
    Router::new()
        .route(path, get(revision))
        .route(&format!("{path}/packages"), get(packages))
        .route(&format!("{path}/package/{{name}}"), get(package))
        .route(
            &format!("{path}/package/{{name}}/{{version}}"),
            get(version),
        )
        .route(&format!("{path}/lint-warnings"), get(lint::warnings))
        .route(&format!("{path}/package-origins"), get(lint::origins))
}

fn answer(wanted: &Wanted, document: &Value) -> Answer {
    if !matches!(wanted.format, Format::Html | Format::Json) {
        return Err(GuixError::NotFound("this does not come in this form"));
    }
    Ok(wanted.as_json().answer_json(text(document)?)?)
}

fn branch_page(branch: &str, commit: Option<&str>) -> String {
    let revision = commit.map(|commit| format!("?revision={}", query_value(commit)));
    let path = format!("/branch/{}/{}", Distribution::guix(), segment(branch));
    path + &revision.unwrap_or_default()
}

/// Refuses a language that is not kept.
fn only_locale(parameters: &mut Parameters) -> Result<(), GuixError> {
    node::only_locale(parameters.text("locale")?.as_deref())
}

fn known(repository: &str) -> Result<(), GuixError> {
    if repository == REPOSITORY {
        Ok(())
    } else {
        Err(GuixError::NotFound("no such repository"))
    }
}

/// Guix's repository, in which the branches of this distribution are.
fn guix() -> Value {
    json!({ "id": 1, "label": "guix", "url": "https://git.guix.gnu.org/guix.git" })
}

async fn repositories(wanted: Wanted, parameters: Parameters) -> Answer {
    parameters.finish()?;
    answer(&wanted, &json!({ "repositories": [guix()] }))
}

async fn repository(
    State(views): State<Views>,
    Path(id): Path<String>,
    wanted: Wanted,
    parameters: Parameters,
) -> Answer {
    parameters.finish()?;
    known(&id)?;
    if wanted.format == Format::Html {
        return Ok(see_other("/branches"));
    }
    let branches = views.guix_branches().await?.into_iter();
    let branches = branches
        .map(|it| json!({ "name": it.branch.name(), "commit": it.latest.name }))
        .collect::<Vec<_>>();
    let mut document = guix();
    document["branches"] = branches.into();
    answer(&wanted, &document)
}

async fn branch(
    State(views): State<Views>,
    Path((id, branch)): Path<(String, String)>,
    wanted: Wanted,
    mut parameters: Parameters,
) -> Answer {
    let after = node::time(parameters.text("after_date")?)?;
    let before = node::time(parameters.text("before_date")?)?;
    let limit = parameters
        .number("limit_results", 1..=MOST)?
        .unwrap_or(LIMIT);
    parameters.finish()?;
    known(&id)?;
    let found = views.guix_revisions(&branch, after, before, limit).await?;
    let found = found.ok_or(GuixError::NotFound("no such branch"))?;
    if wanted.format == Format::Html {
        return Ok(see_other(&branch_page(&branch, None)));
    }
    let revisions = found.iter().map(|revision| {
        json!({
            "date": node::date(revision.time), "commit-hash": revision.name, "data_available": true,
        })
    });
    answer(
        &wanted,
        &json!({ "revisions": revisions.collect::<Vec<_>>() }),
    )
}

async fn history(
    State(views): State<Views>,
    Path((id, branch, name)): Path<(String, String, String)>,
    wanted: Wanted,
    parameters: Parameters,
) -> Answer {
    parameters.finish()?;
    known(&id)?;
    let found = views.guix_history(&branch, &name).await?;
    let found = found.ok_or(GuixError::NotFound("no such branch"))?;
    if wanted.format == Format::Html {
        return Ok(see_other(&package_address("guix", &name)));
    }
    let versions = found.iter().map(|version| {
        json!({
            "version": version.version,
            "first_revision": version.first.as_ref().map(node::revision),
            "last_revision": version.last.as_ref().map(node::revision),
        })
    });
    answer(
        &wanted,
        &json!({ "versions": versions.collect::<Vec<_>>() }),
    )
}

async fn revision(
    State(views): State<Views>,
    Commit(commit): Commit,
    wanted: Wanted,
    parameters: Parameters,
) -> Answer {
    parameters.finish()?;
    let found = views.guix_revision(&commit).await?;
    let found = found.ok_or(GuixError::UnknownCommit(commit))?;
    if wanted.format == Format::Html {
        return Ok(see_other(&branch_page(
            found.branch.name(),
            Some(&found.commit),
        )));
    }
    let counts = views.guix_warning_counts(&found.commit).await?;
    let document = json!({
        "revision": { "commit": found.commit }, "packages_count": found.packages,
        "derivations_counts": [],
        "lint_warning_counts": lint::counts(&counts.unwrap_or_default()),
    });
    answer(&wanted, &document)
}

/// Which of a revision's packages are asked for.
fn listed(parameters: &mut Parameters, details: bool) -> Result<GuixPackages, GuixError> {
    let all = parameters.choice("all_results", &[("on", ())])?.is_some();
    let limit = parameters.number("limit_results", 1..=MOST)?;
    Ok(GuixPackages {
        after: parameters.text("after_name")?,
        search: parameters.text("search_query")?,
        limit: (!all).then_some(limit.unwrap_or(LIMIT)),
        details,
    })
}

async fn packages(
    State(views): State<Views>,
    Commit(commit): Commit,
    wanted: Wanted,
    mut parameters: Parameters,
) -> Answer {
    let fields = Fields::of(&parameters.several("field")?)?;
    only_locale(&mut parameters)?;
    let query = listed(&mut parameters, fields.need_details())?;
    parameters.finish()?;
    if wanted.format == Format::Html {
        return revision(State(views), Commit(commit), wanted, Parameters::default()).await;
    }
    let found = views.guix_packages(&commit, &query).await?;
    let found = found.ok_or_else(|| GuixError::UnknownCommit(commit.clone()))?;
    let packages = found.iter().map(|package| fields.package(package));
    let packages: Vec<Value> = packages.collect();
    let document = json!({ "revision": { "commit": commit }, "packages": packages });
    answer(&wanted, &document)
}

async fn named(views: &Views, commit: &str, name: &str) -> Result<Vec<Package>, GuixError> {
    let found = views.guix_package(commit, name).await?;
    found.ok_or_else(|| GuixError::UnknownCommit(commit.to_owned()))
}

async fn package(
    State(views): State<Views>,
    Commit(commit): Commit,
    Path(Named { name }): Path<Named>,
    wanted: Wanted,
    mut parameters: Parameters,
) -> Answer {
    only_locale(&mut parameters)?;
    parameters.finish()?;
    let found = named(&views, &commit, &name).await?;
    if wanted.format == Format::Html {
        return Ok(see_other(&package_address("guix", &name)));
    }
    let mut versions: Vec<&str> = found.iter().map(|it| it.version.as_str()).collect();
    versions.dedup();
    answer(&wanted, &json!({ "versions": versions }))
}

async fn version(
    State(views): State<Views>,
    Commit(commit): Commit,
    Path(Numbered { name, version }): Path<Numbered>,
    wanted: Wanted,
    mut parameters: Parameters,
) -> Answer {
    only_locale(&mut parameters)?;
    parameters.finish()?;
    let found = named(&views, &commit, &name).await?;
    let mut found = found.iter().filter(|it| it.version == version);
    let found = found.next().ok_or(GuixError::NotFound("no such package"))?;
    if wanted.format == Format::Html {
        return Ok(see_other(&package_address("guix", &name)));
    }
    let mut document = Fields::ALL.package(found);
    document["derivations"] = json!([]);
    answer(&wanted, &document)
}

async fn everywhere(
    State(views): State<Views>,
    Path(name): Path<String>,
    wanted: Wanted,
    parameters: Parameters,
) -> Answer {
    parameters.finish()?;
    if wanted.format == Format::Html {
        return Ok(see_other(&package_address("guix", &name)));
    }
    let found = views.guix_versions(&name).await?;
    let versions = found.iter().map(|(version, branches)| {
        let branches = branches.iter();
        let branches = branches
            .map(|branch| json!({ "git_repository_id": 1, "name": branch.name() }))
            .collect::<Vec<_>>();
        json!({ "version": version, "branches": branches })
    });
    let versions: Vec<Value> = versions.collect();
    answer(&wanted, &json!({ "name": name, "versions": versions }))
}

/// The two commits that are compared.
fn commits(parameters: &mut Parameters) -> Result<(String, String), GuixError> {
    let base = parameters.text("base_commit")?;
    let target = parameters.text("target_commit")?;
    base.zip(target)
        .ok_or(GuixError::Missing("base_commit and target_commit"))
}

async fn compare(State(views): State<Views>, wanted: Wanted, mut parameters: Parameters) -> Answer {
    let (base, target) = commits(&mut parameters)?;
    only_locale(&mut parameters)?;
    parameters.finish()?;
    compared(&views, &wanted, &base, &target).await
}

async fn compared(views: &Views, wanted: &Wanted, base: &str, target: &str) -> Answer {
    let found = views.guix_comparison(base, target).await?;
    let found = found.ok_or(GuixError::NotCompared)?;
    answer(wanted, &node::comparison(base, target, &found))
}

async fn compare_packages(
    State(views): State<Views>,
    wanted: Wanted,
    mut parameters: Parameters,
) -> Answer {
    let (base, target) = commits(&mut parameters)?;
    only_locale(&mut parameters)?;
    parameters.finish()?;
    let found = views.guix_comparison(&base, &target).await?;
    let found = found.ok_or(GuixError::NotCompared)?;
    let document = json!({
        "base": { "commit": base, "packages": node::listed(&found.base) },
        "target": { "commit": target, "packages": node::listed(&found.target) },
    });
    answer(&wanted, &document)
}

async fn compare_by_datetime(
    State(views): State<Views>,
    wanted: Wanted,
    mut parameters: Parameters,
) -> Answer {
    const NEEDED: &str = "base_branch, base_datetime, target_branch and target_datetime";
    let mut side = |branch: &str, time: &str| -> Result<(String, Timestamp), GuixError> {
        let branch = parameters.text(branch)?;
        let time = node::time(parameters.text(time)?)?;
        branch.zip(time).ok_or(GuixError::Missing(NEEDED))
    };
    let sides = [
        side("base_branch", "base_datetime")?,
        side("target_branch", "target_datetime")?,
    ];
    only_locale(&mut parameters)?;
    parameters.finish()?;
    let mut commits = Vec::with_capacity(2);
    for (branch, time) in sides {
        let found = views.guix_latest(&branch, Some(time)).await?;
        commits.push(found.ok_or(GuixError::NotCompared)?);
    }
    compared(&views, &wanted, &commits[0], &commits[1]).await
}

//! What packagers of a branch wrote wrongly for those who look for vulnerabilities.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use palisade_model::BranchName;
use palisade_tracker::Views;
use palisade_tracker::views::{MistakeView, MistakesView};

use super::{Address, Frame};
use crate::components::{Pager, RevisionLine};
use crate::error::WebError;
use crate::parameters::Parameters;
use crate::respond::Wanted;
use crate::table::Table;
use crate::words::{
    branch_address, mistakes_address, number, package_address, short_revision,
    vulnerability_address,
};

/// Mistakes of a page.
const SHOWN: usize = 100;

/// Vulnerabilities of one mistake that a page names.
const NAMED: usize = 8;

#[derive(Template)]
#[template(path = "mistakes.html")]
struct Page {
    frame: Frame,
    branch: String,
    branch_address: String,
    revision: Option<RevisionLine>,
    remarks: Vec<String>,
    rules: Vec<RuleLine>,
    /// The rule that was asked for.
    only: bool,
    address: String,
    mistakes: Vec<MistakeLine>,
    pager: Pager,
}

/// A rule with how many mistakes break it.
struct RuleLine {
    name: &'static str,
    number: String,
    address: String,
    current: bool,
}

struct MistakeLine {
    level: &'static str,
    rule: &'static str,
    package: String,
    address: String,
    version: String,
    location: String,
    text: String,
    message: String,
    write: Option<String>,
    decide: Option<String>,
    /// Vulnerabilities with their addresses.
    vulnerabilities: Vec<(String, String)>,
    more: usize,
}

/// Which part of the list is shown.
struct Part {
    revision: Option<String>,
    rule: Option<String>,
    offset: usize,
}

pub(crate) async fn page(
    State(views): State<Views>,
    Path((distribution, branch)): Path<(String, String)>,
    wanted: Wanted,
    mut parameters: Parameters,
) -> Result<Response, WebError> {
    let part = Part {
        revision: parameters.text("revision")?,
        rule: parameters.text("rule")?,
        offset: parameters.number("offset", 0..=1_000_000)?.unwrap_or(0),
    };
    parameters.finish()?;
    let unknown = || WebError::NotFound("there is no such branch or revision".to_owned());
    let distribution = super::distribution(&distribution)?;
    let branch = BranchName::new(distribution, &branch).map_err(|_| unknown())?;
    let view = views.mistakes(&branch, part.revision.as_deref()).await?;
    let mut view = view.ok_or_else(unknown)?;
    if let Some(rule) = &part.rule {
        view.mistakes.retain(|it| it.rule == rule);
    }
    wanted.answer_table(&view, |view| Page::of(view, &part, &wanted), table)
}

impl Page {
    fn of(view: &MistakesView, part: &Part, wanted: &Wanted) -> Self {
        let branch = view.branch.to_string();
        let title = match &view.revision {
            Some(revision) => {
                let revision = short_revision(&revision.name);
                format!("Mistakes of packagers in {branch} at {revision}")
            }
            None => format!("Mistakes of packagers in {branch}"),
        };
        let mut frame = Frame::of(title, "branches", Some(wanted.json_address.clone()));
        frame.csv = Some(wanted.csv_address.clone());
        let whole =
            Address::of(mistakes_address(&view.branch)).with("revision", part.revision.as_deref());
        let rule = |(name, count): (&&'static str, &usize)| RuleLine {
            name,
            number: number(*count),
            address: whole.clone().with("rule", Some(name)).text(),
            current: part.rule.as_deref() == Some(*name),
        };
        let filtered = whole.clone().with("rule", part.rule.as_deref());
        let of_part = |offset: usize| {
            let offset = (offset > 0).then(|| offset.to_string());
            filtered.clone().with("offset", offset.as_deref()).text()
        };
        let distribution = view.branch.distribution().as_str();
        let shown = view.mistakes.iter().skip(part.offset).take(SHOWN);
        let shown: Vec<MistakeLine> = shown
            .map(|mistake| MistakeLine::of(mistake, distribution))
            .collect();
        let total = view.mistakes.len();
        Self {
            frame,
            branch,
            branch_address: branch_address(&view.branch),
            revision: view.revision.as_ref().map(RevisionLine::of),
            remarks: view.remarks.clone(),
            rules: view.rules.iter().map(rule).collect(),
            only: part.rule.is_some(),
            address: whole.text(),
            pager: Pager::of(part.offset, shown.len(), total, SHOWN, of_part),
            mistakes: shown,
        }
    }
}

impl MistakeLine {
    fn of(mistake: &MistakeView, distribution: &str) -> Self {
        let named = mistake.vulnerabilities.iter().take(NAMED);
        Self {
            level: mistake.level.label(),
            rule: mistake.rule,
            package: mistake.package.clone(),
            address: package_address(distribution, &mistake.package),
            version: mistake.version.clone().unwrap_or_default(),
            location: mistake.location.clone().unwrap_or_default(),
            text: mistake.text.clone(),
            message: mistake.message.clone(),
            write: mistake.write.clone(),
            decide: mistake.decide.clone(),
            vulnerabilities: named
                .map(|id| (id.clone(), vulnerability_address(id)))
                .collect(),
            more: mistake.vulnerabilities.len().saturating_sub(NAMED),
        }
    }
}

const HEAD: [&str; 10] = [
    "level",
    "rule",
    "package",
    "version",
    "location",
    "text",
    "message",
    "write",
    "decide",
    "vulnerabilities",
];

fn table(view: &MistakesView) -> Table {
    let row = |it: &MistakeView| {
        let given = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![
            it.level.label().to_owned(),
            it.rule.to_owned(),
            it.package.clone(),
            given(&it.version),
            given(&it.location),
            it.text.clone(),
            it.message.clone(),
            given(&it.write),
            given(&it.decide),
            it.vulnerabilities.join(" "),
        ]
    };
    Table::new(&HEAD, view.mistakes.iter().map(row).collect())
}

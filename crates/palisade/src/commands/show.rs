//! `palisade show`: what is known of a vulnerability or a package, in the terminal.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use palisade_model::{BranchName, Distribution, VerdictStatus, VulnerabilityId};
use palisade_tracker::Views;
use palisade_tracker::views::{
    FindingView, PackageQuery, PackageView, VulnerabilityAnswer, VulnerabilityView,
};
use serde::Serialize;

use super::{Format, block_on, not_found, now, open_existing_store};
use crate::terminal;
use crate::ui::{self, Cell};

/// Packages of one vulnerability whose reasons are told unless a branch is named.
const EXPLAINED: usize = 12;

/// Findings of a package that are told.
const FINDINGS: usize = 100;

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// A vulnerability's identifier, or a package's name
    #[arg(value_name = "CVE-… | PACKAGE")]
    what: String,

    /// Only on this branch
    #[arg(long, value_name = "DISTRIBUTION/BRANCH")]
    branch: Option<BranchName>,

    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// A vulnerability with the reasons in the packages that it touches.
#[derive(Serialize)]
struct Vulnerability {
    #[serde(flatten)]
    view: VulnerabilityView,
    findings: Vec<FindingView>,
}

pub(crate) fn run(database: &str, command: &Show) -> anyhow::Result<ExitCode> {
    block_on(async {
        let store = open_existing_store(database).await?;
        let views = Views::new(store.clone());
        if let Some(branch) = &command.branch {
            let branches = views.branch_names().await.context("read the branches")?;
            if !branches.contains(branch) {
                return Err(not_found(&views, branch, None).await);
            }
        }
        let open = show(&views, command).await?;
        store.close().await;
        Ok(ExitCode::from(u8::from(open)))
    })
}

/// Prints what is known, and tells whether anything is affected.
async fn show(views: &Views, command: &Show) -> anyhow::Result<bool> {
    if let Some(found) = vulnerability(views, command).await? {
        let places = &found.view.places;
        let affected = places
            .iter()
            .any(|place| place.status == VerdictStatus::Affected);
        print(command.format, &found, |output| {
            print_vulnerability(output, &found)
        })?;
        return Ok(affected);
    }
    let packages = packages(views, command).await?;
    anyhow::ensure!(
        !packages.is_empty(),
        "nothing is known of {:?}\nhint: import a feed or an inventory that has it, or run palisade sync",
        command.what
    );
    let affected = packages.iter().flat_map(|package| &package.versions);
    let affected = affected
        .filter(|version| {
            command
                .branch
                .as_ref()
                .is_none_or(|branch| version.branch == *branch)
        })
        .any(|version| version.affected > 0);
    print(command.format, &packages, |output| {
        packages
            .iter()
            .try_for_each(|package| print_package(output, package))
    })?;
    Ok(affected)
}

fn print<T: Serialize>(
    format: Format,
    value: &T,
    text: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    let mut output = ui::stdout();
    match format {
        Format::Text => text(&mut output).context("write what is known")?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut output, value).context("write what is known")?;
            output.write_all(b"\n").context("write what is known")?;
        }
    }
    output.flush().context("write what is known")
}

async fn vulnerability(views: &Views, command: &Show) -> anyhow::Result<Option<Vulnerability>> {
    let Ok(id) = command.what.parse::<VulnerabilityId>() else {
        return Ok(None);
    };
    let mut name = id.to_string();
    let mut view = loop {
        match views
            .vulnerability(&name, now())
            .await
            .context("read the vulnerability")?
        {
            VulnerabilityAnswer::Found(view) => break *view,
            VulnerabilityAnswer::Alias(other) => name = other,
            VulnerabilityAnswer::Several(names) => {
                anyhow::bail!(
                    "{id} stands for several: {}\nhint: name one of them",
                    names.join(", ")
                )
            }
            VulnerabilityAnswer::Unknown => return Ok(None),
        }
    };
    view.places.retain(|place| {
        command
            .branch
            .as_ref()
            .is_none_or(|branch| place.branch == *branch)
    });
    let mut packages: Vec<(Distribution, String)> = Vec::new();
    for place in &view.places {
        let package = (place.branch.distribution().clone(), place.package.clone());
        if !packages.contains(&package) {
            packages.push(package);
        }
    }
    if command.branch.is_none() {
        packages.truncate(EXPLAINED);
    }
    let mut findings = Vec::new();
    for (distribution, package) in &packages {
        let found = views.finding(distribution, package, &view.name).await;
        let found = found.context("judge the findings again")?;
        findings.extend(found.map(|mut finding| {
            finding.places.retain(|place| {
                command
                    .branch
                    .as_ref()
                    .is_none_or(|branch| place.branch == *branch)
            });
            finding
        }));
    }
    Ok(Some(Vulnerability { view, findings }))
}

async fn packages(views: &Views, command: &Show) -> anyhow::Result<Vec<PackageView>> {
    let distributions: BTreeSet<Distribution> = if let Some(branch) = &command.branch {
        BTreeSet::from([branch.distribution().clone()])
    } else {
        let branches = views.branches().await.context("read the branches")?;
        branches
            .into_iter()
            .map(|it| it.branch.distribution().clone())
            .collect()
    };
    let query = PackageQuery {
        branch: command.branch.clone(),
        limit: FINDINGS,
        ..PackageQuery::default()
    };
    let mut found = Vec::new();
    for distribution in distributions {
        let view = views.package(&distribution, &command.what, &query, now());
        found.extend(view.await.context("read the package")?);
    }
    Ok(found)
}

fn print_vulnerability(mut output: &mut dyn Write, found: &Vulnerability) -> io::Result<()> {
    let Vulnerability { view, findings } = found;
    let plain = ui::plain;
    writeln!(
        output,
        "{}  {}",
        view.name,
        plain(view.title.as_deref().unwrap_or_default())
    )?;
    writeln!(
        output,
        "  score: {}",
        terminal::score_words(view.score.as_ref())
    )?;
    if let Some(since) = &view.exploited_since {
        writeln!(output, "  known to be exploited since {since}")?;
    }
    if let Some(ssvc) = view.advisories.iter().find_map(|it| it.ssvc.as_ref()) {
        let word = |word: &Option<String>| plain(word.as_deref().unwrap_or("not told"));
        writeln!(
            output,
            "  SSVC: exploitation {}, automatable {}, technical impact {}",
            word(&ssvc.exploitation),
            word(&ssvc.automatable),
            word(&ssvc.technical_impact)
        )?;
    }
    if let Some(epss) = &view.epss {
        let over = if epss.is_old { ", which are over" } else { "" };
        writeln!(
            output,
            "  EPSS: {:.1} % within 30 days{over} (as of {})",
            epss.score * 100.0,
            epss.day
        )?;
    }
    if !view.aliases.is_empty() {
        writeln!(output, "  also known as {}", view.aliases.join(", "))?;
    }
    let feeds: BTreeSet<&str> = view.advisories.iter().map(|it| it.feed.as_str()).collect();
    let feeds: Vec<&str> = feeds.into_iter().collect();
    writeln!(output, "  told by {}", feeds.join(", "))?;
    writeln!(output)?;
    for finding in findings {
        for place in &finding.places {
            writeln!(
                output,
                "{} {} on {}: {} ({}){}",
                plain(&finding.package),
                plain(&place.version),
                place.branch,
                terminal::status_words(place.status),
                place.confidence.label(),
                terminal::fixed_words(place.fixed_in.as_deref())
            )?;
            terminal::write_evidence(&mut output, Some(&place.evidence))?;
        }
    }
    let told = findings
        .iter()
        .map(|finding| finding.places.len())
        .sum::<usize>();
    match view.places.len().checked_sub(told) {
        Some(more) if more > 0 => writeln!(output, "… and in {more} more places: name a --branch"),
        _ if view.places.is_empty() => writeln!(output, "It is in no package on a branch here."),
        _ => Ok(()),
    }
}

fn print_package(mut output: &mut dyn Write, package: &PackageView) -> io::Result<()> {
    let details = package.details.as_ref();
    let synopsis = details
        .and_then(|details| details.synopsis.as_deref())
        .unwrap_or_default();
    writeln!(
        output,
        "{} ({})  {}",
        ui::plain(&package.name),
        package.distribution,
        ui::plain(synopsis)
    )?;
    for version in &package.versions {
        let graft = version
            .graft
            .as_ref()
            .map(|it| format!(", users get {} by a graft", it.version));
        writeln!(
            output,
            "  {} {}: {} affected, {} under investigation{}",
            version.branch,
            ui::plain(&version.version),
            version.affected,
            version.under_investigation,
            graft.map(|graft| ui::plain(&graft)).unwrap_or_default()
        )?;
    }
    writeln!(output)?;
    let mut rows = Vec::new();
    for finding in &package.findings {
        for place in &finding.places {
            let exploited = if finding.exploited_since.is_some() {
                " (exploited)"
            } else {
                ""
            };
            rows.push(vec![
                terminal::score_cell(finding.score.as_ref()),
                Cell::of(&format!("{}{exploited}", finding.vulnerability)),
                Cell::of(&place.branch.to_string()),
                Cell::of(&place.version),
                Cell::of(&terminal::status_words(place.status)),
                Cell::of(place.confidence.label()),
                Cell::of(place.fixed_in.as_deref().unwrap_or("-")),
            ]);
        }
    }
    if !rows.is_empty() {
        let head = [
            "SCORE",
            "VULNERABILITY",
            "BRANCH",
            "VERSION",
            "STATE",
            "SURE",
            "FIXED IN",
        ];
        ui::write_table(&mut output, &head, &rows)?;
    }
    let open = usize::try_from(package.sections.open).unwrap_or(0);
    if open > package.findings.len() {
        writeln!(
            output,
            "… and {} more vulnerabilities",
            open - package.findings.len()
        )?;
    }
    writeln!(output)
}

//! A comparison for people at a terminal: what it does to security first.

use std::io::{self, Write};

use owo_colors::{OwoColorize as _, Style};
use palisade_tracker::views::{
    Cause, ComparisonView, Counts, FindingChangeView, LonePackageView, MitigationView,
    PackageChangeView, Remedy, SideView,
};

use crate::terminal;
use crate::ui::{self, Cell, plain};

/// Lines of a field that are told.
const LINES: usize = 6;

pub(in crate::commands) fn write(output: &mut impl Write, view: &ComparisonView) -> io::Result<()> {
    writeln!(output, "{} -> {}", side(&view.from), side(&view.to))?;
    net(output, view)?;
    let alarm = Style::new().red().bold();
    mitigations(output, "MITIGATIONS LOST", alarm, &view.lost, view.net.lost)?;
    let all = |counts: &Counts| counts.affected + counts.under_investigation;
    findings(
        output,
        "INTRODUCED",
        &view.introduced,
        all(&view.net.introduced),
    )?;
    findings(output, "FIXED", &view.fixed, all(&view.net.fixed))?;
    findings(
        output,
        "OPEN AS BEFORE, BUT OTHERWISE",
        &view.changed,
        view.net.changed,
    )?;
    mitigations(
        output,
        "MITIGATIONS THAT WENT, TO LOOK AT",
        Style::new().bold(),
        &view.unproven,
        view.net.unproven,
    )?;
    packages(output, view)
}

fn side(side: &SideView) -> String {
    let revision = plain(&side.revision.name);
    let day = terminal::day(side.revision.time);
    match &side.proposed {
        Some(file) => format!("{} with {}", side.branch, plain(file)),
        None => format!("{}@{revision} ({day})", side.branch),
    }
}

fn net(output: &mut impl Write, view: &ComparisonView) -> io::Result<()> {
    let net = &view.net;
    if let Some(loses) = net.loses() {
        writeln!(output, "  loses      {loses}")?;
    }
    writeln!(output, "  introduces {}", net.introduces())?;
    writeln!(output, "  fixes      {}", net.fixes())?;
    writeln!(
        output,
        "  leaves     {} of changed packages open",
        net.leaves()
    )
}

fn more(output: &mut impl Write, shown: usize, all: usize) -> io::Result<()> {
    if shown < all {
        writeln!(output, "  … and {} more (--limit)", all - shown)?;
    }
    Ok(())
}

fn mitigations(
    output: &mut impl Write,
    title: &str,
    style: Style,
    list: &[MitigationView],
    all: usize,
) -> io::Result<()> {
    if list.is_empty() {
        return Ok(());
    }
    writeln!(output, "\n{}", format!("{title}: {all}").style(style))?;
    for it in list {
        let score = it.score.as_ref();
        let score = score.map(|score| format!(" [{}]", terminal::score_words(Some(score))));
        writeln!(
            output,
            "  {} {}: {}{}",
            plain(&it.package),
            plain(&it.to_version),
            plain(&it.says),
            score.unwrap_or_default()
        )?;
    }
    more(output, list.len(), all)
}

fn findings(
    output: &mut impl Write,
    title: &str,
    list: &[FindingChangeView],
    all: usize,
) -> io::Result<()> {
    if list.is_empty() {
        return Ok(());
    }
    writeln!(output, "\n{}", format!("{title}: {all}").bold())?;
    let rows: Vec<Vec<Cell>> = list.iter().map(row).collect();
    let head = ["SCORE", "VULNERABILITY", "PACKAGE", "STATE", "BY", "HOW"];
    ui::write_table(output, &head, &rows)?;
    more(output, list.len(), all)
}

fn row(it: &FindingChangeView) -> Vec<Cell> {
    let exploited = if it.exploited_since.is_some() {
        " (exploited)"
    } else {
        ""
    };
    let now = it.to.as_ref().or(it.from.as_ref());
    let state = now.map_or_else(String::new, |it| terminal::status_words(it.status));
    let by = it.cause.map(Cause::words).or(it.remedy.map(Remedy::words));
    let version = it.to_version.as_ref().or(it.from_version.as_ref());
    let version = version.map_or("", String::as_str);
    vec![
        terminal::score_cell(it.score.as_ref()),
        Cell::of(&format!("{}{exploited}", it.vulnerability)),
        Cell::of(&format!("{} {version}", it.package)),
        Cell::of(&state),
        Cell::of(by.unwrap_or("-")),
        Cell::of(&it.says),
    ]
}

fn packages(output: &mut impl Write, view: &ComparisonView) -> io::Result<()> {
    let counts = &view.packages;
    writeln!(output, "\n{}", "PACKAGES".bold())?;
    writeln!(
        output,
        "  {} new and {} gone names, {} names in other versions",
        counts.new_names, counts.gone_names, counts.names_with_other_versions
    )?;
    writeln!(
        output,
        "  {} changed, {} of them at the same version; {} only moved",
        counts.changed, counts.changed_at_same_version, counts.moved
    )?;
    for it in &view.packages_changed {
        change(output, it)?;
    }
    more(output, view.packages_changed.len(), counts.changed)?;
    alone(output, "+", &view.packages_added, counts.added)?;
    alone(output, "-", &view.packages_removed, counts.removed)
}

fn change(output: &mut impl Write, it: &PackageChangeView) -> io::Result<()> {
    let versions = if it.from_version == it.to_version {
        plain(&it.to_version)
    } else {
        format!("{} -> {}", plain(&it.from_version), plain(&it.to_version))
    };
    let place = it
        .repository
        .as_deref()
        .map(|it| format!(" ({})", plain(it)));
    writeln!(
        output,
        "~ {} {versions}{}",
        plain(&it.name),
        place.unwrap_or_default()
    )?;
    for field in it.differences.iter().filter(|it| it.field != "version") {
        for (mark, lines) in [("-", &field.removed), ("+", &field.added)] {
            for line in lines.iter().take(LINES) {
                writeln!(output, "    {} {mark} {}", field.field, plain(line))?;
            }
            if lines.len() > LINES {
                let left = lines.len() - LINES;
                writeln!(output, "    {} {mark} … {left} more", field.field)?;
            }
        }
    }
    if let Some(reach) = &it.reach {
        writeln!(output, "    {}", reach.words())?;
    }
    Ok(())
}

fn alone(
    output: &mut impl Write,
    mark: &str,
    list: &[LonePackageView],
    all: usize,
) -> io::Result<()> {
    for it in list {
        let place = it
            .repository
            .as_deref()
            .map(|it| format!(" ({})", plain(it)));
        let (name, version) = (plain(&it.name), plain(&it.version));
        writeln!(
            output,
            "{mark} {name} {version}{}",
            place.unwrap_or_default()
        )?;
    }
    more(output, list.len(), all)
}

//! What a patch to recipes does to the findings of a branch: its packages are edited as the patch says
//! and compared with what they are. Nothing is stored.

use anyhow::Context;
use palisade_review::patch::{Effect, PackageReport, PatchReport, RecipeChange};
use palisade_tracker::Views;
use palisade_tracker::views::{
    ComparisonAnswer, ComparisonView, GraftEdit, PackageEdit, StateRef, markdown,
};

use crate::commands::{block_on, open_existing_store};

/// Findings and packages of each list that are told.
const LIMIT: usize = 100;

/// Compares the branch with what the patch makes of it; the comparison comes along for a terminal.
pub(super) fn effect(
    database: &str,
    branch: &StateRef,
    report: &PatchReport,
    name: &str,
) -> anyhow::Result<(Effect, Option<Box<ComparisonView>>)> {
    let edits = edits(&report.packages);
    let asked = block_on(async {
        let store = open_existing_store(database).await?;
        let views = Views::new(store.clone());
        let answer = views.compare_edited(branch, &edits, name, LIMIT).await;
        store.close().await;
        answer.context("compare what the patch makes of the branch")
    });
    let (answer, unknown) = asked?;
    let mut effect = Effect {
        branch: branch.to_string(),
        is_worse: false,
        unknown,
        not_compared: None,
        comparison: None,
        markdown: None,
    };
    match answer {
        ComparisonAnswer::Unknown(why) => {
            effect.not_compared = Some(why.reason);
            Ok((effect, None))
        }
        ComparisonAnswer::Found(view) => {
            effect.is_worse = view.is_worse(None);
            effect.comparison = Some(serde_json::to_value(&view)?);
            effect.markdown = Some(markdown(&view));
            Ok((effect, Some(view)))
        }
    }
}

/// The packages that the patch changes, as far as a tracker cares. A definition that is new and named
/// as a package that gets a replacement is what it is replaced by.
fn edits(packages: &[PackageReport]) -> Vec<PackageEdit> {
    let is_new = |package: &PackageReport| sides(package, "name").any(|it| it.old.is_none());
    let (new, there): (Vec<&PackageReport>, Vec<&PackageReport>) =
        packages.iter().partition(|package| is_new(package));
    let mut edits: Vec<PackageEdit> = there.iter().map(|package| edit(package, &new)).collect();
    // One that is new and replaces nothing may be in the branch under its name all the same.
    let lone = new
        .iter()
        .filter(|package| !edits.iter().any(|edit| edit.name == package.name));
    let lone: Vec<PackageEdit> = lone.map(|package| edit(package, &[])).collect();
    edits.extend(lone);
    edits
}

fn edit(package: &PackageReport, new: &[&PackageReport]) -> PackageEdit {
    let patches = |side: fn(&RecipeChange) -> &Option<String>| {
        sides(package, "patch")
            .filter_map(|it| side(it).clone())
            .collect()
    };
    let graft = sides(package, "replacement").next().map(|change| {
        let given = new.iter().find(|it| it.name == package.name);
        match (&change.new, given) {
            (None, _) => GraftEdit::Removed,
            (Some(_), None) => GraftEdit::Given {
                version: None,
                patches: Vec::new(),
            },
            (Some(_), Some(given)) => GraftEdit::Given {
                version: given.new_version.clone(),
                patches: sides(given, "patch")
                    .filter_map(|it| it.new.clone())
                    .collect(),
            },
        }
    });
    PackageEdit {
        name: package.name.clone(),
        from_version: package.old_version.clone(),
        removed: sides(package, "name").any(|it| it.new.is_none()),
        to_version: package.new_version.clone(),
        patches_added: patches(|it| &it.new),
        patches_removed: patches(|it| &it.old),
        graft,
    }
}

/// What is told of one kind of difference.
fn sides<'p>(package: &'p PackageReport, what: &'p str) -> impl Iterator<Item = &'p RecipeChange> {
    package.changes.iter().filter(move |it| it.what == what)
}

//! How many packages get a graft that is new, or another than before.

use palisade_model::Inventory;

use super::super::dependents::graph::{Graph, Node};
use super::types::{ComparisonView, PackageChangeView};

/// Whether a change gives a package a graft, or another one.
fn gives_graft(change: &PackageChangeView) -> bool {
    let mut fields = change.differences.iter();
    fields.any(|it| {
        let is_new = it.field == "graft" && !it.added.is_empty();
        is_new || it.field.starts_with("graft ")
    })
}

/// Whether anything that is shown asks for it.
pub(super) fn is_asked(view: &ComparisonView) -> bool {
    view.packages_changed.iter().any(gives_graft)
}

/// Tells of each change of a graft how many packages get it, by the graph of the second state.
pub(super) fn tell(view: &mut ComparisonView, graph: &Graph) {
    for change in &mut view.packages_changed {
        if gives_graft(change) {
            let (name, version) = (&change.name, &change.to_version);
            let of: Vec<Node> = graph.find(|it| *it.name == **name && *it.version == **version);
            change.reach = Some(graph.reach(&of));
        }
    }
}

/// The graph of an inventory that is not stored, if it has a graft at all.
pub(super) fn of_proposal(inventory: &Inventory) -> Option<Graph> {
    let mut packages = inventory.packages.iter();
    let has_graft = packages.any(|package| package.replacement.is_some());
    has_graft.then(|| Graph::of_packages(&inventory.packages))
}

//! Workflows of a forge: an action that comes from another owner under the name it had.

use bstr::ByteSlice;

use super::place::Role;
use super::view::{Found, Sheet, View};

pub(crate) fn detect(view: &View<'_>, sheet: &mut Sheet<'_>) {
    if view.place.role != Role::Ci || view.old.is_none() {
        return;
    }
    let before: Vec<Action<'_>> = view
        .removed_lines()
        .into_iter()
        .filter_map(Action::of)
        .collect();
    for (number, line) in view.new_lines() {
        let Some(action) = Action::of(line) else {
            continue;
        };
        let moved = before
            .iter()
            .find(|other| other.name == action.name && other.owner != action.owner);
        if let Some(other) = moved {
            let detail = format!("{} before", other.owner.to_str_lossy());
            sheet.raise(
                "ci-action-from-elsewhere",
                view.path,
                Found::at(number, line).detail(detail),
            );
        }
    }
}

/// `uses: OWNER/NAME@REF`, where the name may go on with a path.
struct Action<'a> {
    owner: &'a [u8],
    name: &'a [u8],
}

impl<'a> Action<'a> {
    fn of(line: &'a [u8]) -> Option<Self> {
        let line = line.trim_start_with(|c| matches!(c, ' ' | '\t' | '-'));
        let used = line
            .strip_prefix(b"uses:")?
            .trim_with(|c| matches!(c, ' ' | '"' | '\''));
        let (path, _) = used.split_once_str("@")?;
        let (owner, name) = path.split_once_str("/")?;
        Some(Self { owner, name })
    }
}

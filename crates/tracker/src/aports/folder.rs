//! A tree that lies in a folder, without a history: it is read as it is. Links are not followed.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::pack::{DEPTH, Pack, Wanted, is_plain};

/// Copies what is wanted of a folder, in the order of names.
pub(super) fn walk(root: &Path, only: Option<&str>, pack: &mut Pack) -> Result<(), String> {
    match only {
        // A repository's own folder may be given, too.
        Some(only) if root.join(only).is_dir() => below(&root.join(only), only, 1, pack),
        _ => below(root, "", 0, pack),
    }
}

fn below(folder: &Path, path: &str, depth: usize, pack: &mut Pack) -> Result<(), String> {
    let unread = |error: std::io::Error| format!("{}: {error}", shown(path));
    let mut entries: Vec<(String, PathBuf)> = Vec::new();
    for entry in fs_err::read_dir(folder).map_err(unread)? {
        pack.look()?;
        let entry = entry.map_err(unread)?;
        match entry.file_name().into_string() {
            Ok(name) if is_plain(&name) => entries.push((name, entry.path())),
            Ok(name) => pack.tell(
                &shown(path),
                &format!("the name {name:?} is none of a file"),
            ),
            Err(name) => pack.tell(
                &shown(path),
                &format!("the name {} is no text", name.display()),
            ),
        }
    }
    entries.sort();
    for (name, place) in entries {
        let inside = join(path, &name);
        let kind = match fs_err::symlink_metadata(&place) {
            Ok(metadata) => metadata.file_type(),
            Err(error) => {
                pack.tell(&inside, &error.kind().to_string());
                continue;
            }
        };
        if kind.is_dir() && name == ".git" {
            continue;
        }
        if kind.is_dir() && depth == DEPTH {
            pack.tell(&inside, "folders lie too deep within one another here");
        } else if kind.is_dir() {
            below(&place, &inside, depth + 1, pack)?;
        } else if let Wanted::UpTo(limit) = Pack::wanted(&name) {
            if kind.is_symlink() {
                pack.add_link(&inside)?;
            } else if kind.is_file() {
                file(&place, &inside, limit, pack)?;
            }
        }
    }
    Ok(())
}

fn file(place: &Path, inside: &str, limit: u64, pack: &mut Pack) -> Result<(), String> {
    let mut bytes = Vec::new();
    let read = fs_err::File::open(place)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes).map(drop));
    match read {
        Ok(()) => pack.add(inside, &bytes),
        Err(error) => {
            pack.tell(inside, &error.kind().to_string());
            Ok(())
        }
    }
}

/// A path within the tree.
pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}/{name}")
    }
}

/// A folder's path in messages.
pub(super) fn shown(path: &str) -> String {
    if path.is_empty() {
        "its top folder".to_owned()
    } else {
        path.to_owned()
    }
}

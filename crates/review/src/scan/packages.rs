//! What installing runs: hooks of package managers, and programs that other programs start by
//! themselves when a directory is opened.

use std::collections::BTreeMap;

use bstr::ByteSlice;

use super::view::{Found, Sheet, View};
use crate::signal::Severity;

/// Scripts that npm runs for whoever installs the package.
const NPM_INSTALL: &[&str] = &["preinstall", "install", "postinstall"];

/// Scripts that npm runs for whoever installs it from git, packs or removes it.
const NPM_OTHER: &[&str] = &[
    "prepare",
    "prepublish",
    "preprepare",
    "postprepare",
    "preuninstall",
    "uninstall",
    "postuninstall",
    "prepack",
    "dependencies",
];

/// Scripts that composer runs by itself.
const COMPOSER: &[&str] = &[
    "pre-install-cmd",
    "post-install-cmd",
    "pre-update-cmd",
    "post-update-cmd",
    "post-autoload-dump",
    "pre-autoload-dump",
    "post-root-package-install",
    "post-create-project-cmd",
    "post-package-install",
    "pre-package-install",
];

pub(crate) fn detect(view: &View<'_>, sheet: &mut Sheet<'_>) {
    let name = view.name();
    if view.bytes() == view.old_bytes() {
        return;
    }
    match name.as_slice() {
        b"package.json" => npm(view, sheet),
        b"composer.json" => scripts(view, COMPOSER, Severity::Warning, sheet),
        _ => added(view, &name, sheet),
    }
}

fn npm(view: &View<'_>, sheet: &mut Sheet<'_>) {
    scripts(view, NPM_INSTALL, Severity::Warning, sheet);
    scripts(view, NPM_OTHER, Severity::Note, sheet);
}

fn read_scripts(bytes: &[u8]) -> BTreeMap<String, String> {
    let Ok(document) = serde_json::from_slice::<serde_json::Value>(bytes) else {
        return BTreeMap::new();
    };
    document
        .get("scripts")
        .and_then(serde_json::Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            (
                name.clone(),
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned),
            )
        })
        .collect()
}

fn scripts(view: &View<'_>, watched: &[&str], severity: Severity, sheet: &mut Sheet<'_>) {
    let old = read_scripts(view.old_bytes());
    for (name, command) in read_scripts(view.bytes()) {
        if !watched.contains(&name.as_str()) || old.get(&name) == Some(&command) {
            continue;
        }
        let line = view.text.as_ref().and_then(|text| {
            text.bytes
                .find(format!("\"{name}\""))
                .map(|at| text.number_at(at))
        });
        // What every package with a native part says.
        let everyday = [
            "node-gyp rebuild",
            "node-gyp-build",
            "husky",
            "husky install",
            "opencollective-postinstall",
        ]
        .iter()
        .any(|known| {
            command.trim_ascii() == *known || command.trim_ascii() == format!("{known} || exit 0")
        });
        let severity = if everyday || view.place.in_tests || view.place.vendored {
            Severity::Note
        } else {
            severity
        };
        let mut found = Found::whole(command.as_bytes())
            .severity(severity)
            .detail(name);
        found.line = line;
        sheet.raise("install-hook-added", view.path, found);
    }
}

/// Files that are hooks by their name alone.
fn added(view: &View<'_>, name: &[u8], sheet: &mut Sheet<'_>) {
    if view.old.is_some() || view.place.in_tests {
        return;
    }
    let ends = |end: &str| name.ends_with(end.as_bytes());
    let directory = view
        .path
        .rfind_byte(b'/')
        .map_or(&b""[..], |at| &view.path[..at]);
    let debian = directory == b"debian" || directory.ends_with(b"/debian");
    let maintainer = ["preinst", "postinst", "prerm", "postrm"]
        .iter()
        .any(|hook| name == hook.as_bytes() || debian && ends(hook));
    let apk = [
        ".pre-install",
        ".post-install",
        ".pre-upgrade",
        ".post-upgrade",
        ".pre-deinstall",
        ".post-deinstall",
        ".trigger",
    ]
    .iter()
    .any(|end| ends(end));
    let pth = ends(".pth")
        && view
            .bytes()
            .lines()
            .any(|line| line.starts_with(b"import ") || line.starts_with(b"import\t"));
    let (severity, what) = if pth {
        (Severity::Warning, "Python runs it at every start")
    } else if matches!(name, b"sitecustomize.py" | b"usercustomize.py") {
        (Severity::Warning, "Python imports it at every start")
    } else if maintainer || apk {
        (Severity::Warning, "a package manager runs it")
    } else if ends(".install") && view.bytes().contains_str("post_install")
        || ends(".install") && view.bytes().contains_str("pre_install")
    {
        (Severity::Warning, "pacman runs it")
    } else if name == b"build.rs" && !view.place.vendored {
        (Severity::Note, "cargo runs it before it compiles")
    } else if matches!(name, b"extconf.rb" | b"mkrf_conf.rb") {
        (Severity::Note, "gem runs it when the package is installed")
    } else if name == b"setup.py" {
        (Severity::Note, "pip runs it when the package is built")
    } else {
        return;
    };
    let found = Found::whole(view.bytes().lines().next().unwrap_or_default())
        .severity(severity)
        .detail(what);
    sheet.raise("install-hook-added", view.path, found);
}

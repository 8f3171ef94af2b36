//! Which imports are killed, of what, and upon what.

use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::generated;
use crate::import::Import;

/// An import to be killed.
pub(crate) struct Case {
    pub(crate) kind: &'static str,
    /// The document's file name.
    pub(crate) document: String,
    /// What is imported first, so that the import has findings to derive.
    pub(crate) before: Vec<Import>,
    pub(crate) import: Import,
}

/// A kind of import with the real document that it reads where there is one.
struct Source {
    kind: &'static str,
    real: &'static str,
    made_up: fn() -> Vec<u8>,
    /// What the document does not say of itself.
    unsaid: &'static [&'static str],
}

const SOURCES: [Source; 27] = [
    Source {
        kind: "nvd",
        real: "alpine/nvd/nvd2000.json.xz",
        made_up: || generated::nvd().into(),
        unsaid: &[],
    },
    Source {
        kind: "cve5",
        real: "alpine/nvd/vulnrichment-for-alpine-secfixes-20241024.tar.xz",
        made_up: || generated::cve5().into(),
        unsaid: &[],
    },
    Source {
        kind: "osv",
        real: "vuln/osv-alpine-2025-02.jsonl.zst",
        made_up: || generated::osv().into(),
        unsaid: &[],
    },
    Source {
        kind: "secdb",
        real: "alpine/secdb/secdb-3.17-main.json",
        made_up: || generated::secdb().into(),
        unsaid: &[],
    },
    Source {
        kind: "rejections",
        // The real sample has four entries.
        real: "",
        made_up: || generated::rejections().into(),
        unsaid: &["--branch", "alpine/v3.17", "--repository", "main"],
    },
    Source {
        kind: "debian_tracker",
        // The real one is Debian's to give; none is kept beside the project.
        real: "vuln/debian-tracker.json",
        made_up: || generated::debian_tracker().into(),
        unsaid: &[],
    },
    Source {
        kind: "debsecan",
        real: "vuln/debsecan-bookworm",
        made_up: || generated::debsecan().into(),
        unsaid: &["--branch", "debian/12"],
    },
    Source {
        kind: "wolfi",
        real: "vuln/wolfi-advisories-2026-01.jsonl.zst",
        made_up: || generated::wolfi().into(),
        unsaid: &[],
    },
    Source {
        kind: "avg",
        real: "vuln/arch-avg-2025-02.jsonl.zst",
        made_up: || generated::avg().into(),
        unsaid: &[],
    },
    Source {
        kind: "rustsec",
        real: "vuln/rustsec-advisory-db-2026-08.tar.zst",
        made_up: || generated::rustsec().into(),
        unsaid: &[],
    },
    Source {
        kind: "csaf",
        real: "vuln/csaf.json",
        made_up: || generated::csaf().into(),
        unsaid: &[],
    },
    Source {
        kind: "openvex",
        real: "vuln/openvex.json",
        made_up: || generated::openvex().into(),
        unsaid: &[],
    },
    Source {
        kind: "kev",
        real: "vuln/kev-2025-08.json.zst",
        made_up: || generated::kev().into(),
        unsaid: &[],
    },
    Source {
        kind: "epss",
        real: "vuln/epss-2021-08-31.json.zst",
        made_up: || generated::epss().into(),
        unsaid: &[],
    },
    Source {
        kind: "apkindex",
        real: "alpine/apkindex/APKINDEX-v3.17-main-aarch64-20230527.tar.gz",
        made_up: || generated::apkindex().into(),
        unsaid: &[
            "--branch",
            "alpine/v3.17",
            "--repository",
            "main",
            "--time",
            "2023-05-27T00:00:00Z",
        ],
    },
    Source {
        kind: "apk_installed",
        real: "alpine/installed/v3.23.6-x86_64-vm/lib/apk/db/installed",
        made_up: || generated::apkindex().into(),
        unsaid: &["--branch", "alpine/v3.23", "--time", "2026-05-01T00:00:00Z"],
    },
    Source {
        kind: "aports",
        real: "alpine/aports-secfixes/apkbuilds-with-secfixes-edge-20260822.tar.xz",
        made_up: || generated::aports().into(),
        unsaid: &["--branch", "alpine/edge", "--time", "2026-08-22T00:00:00Z"],
    },
    Source {
        kind: "adb",
        real: "alpine/adb-v3/Packages-v3.17-main-aarch64.unsigned.adb",
        // Not of text: there is none made up.
        made_up: Vec::new,
        unsaid: &["--branch", "alpine/v3.17", "--repository", "main"],
    },
    Source {
        kind: "guix_inventory",
        real: "guix/packages-eb508e32d2d3.jsonl.zst",
        made_up: || generated::guix_inventory().into(),
        unsaid: &["--branch", "guix/master", "--time", "2024-07-14T00:00:00Z"],
    },
    Source {
        kind: "dpkg",
        // A system's own list: no real one is kept beside the project.
        real: "/var/lib/dpkg/status",
        made_up: || generated::dpkg().into(),
        unsaid: &["--branch", "debian/12", "--time", "2024-07-14T00:00:00Z"],
    },
    Source {
        kind: "pacman",
        // No real one is kept beside the project.
        real: "made-up",
        made_up: || generated::pacman().into(),
        unsaid: &[
            "--branch",
            "archlinux/rolling",
            "--time",
            "2024-07-14T00:00:00Z",
        ],
    },
    Source {
        kind: "guix_packages",
        // No real one is kept beside the project.
        real: "made-up",
        made_up: || generated::guix_packages().into(),
        unsaid: &["--branch", "guix/master", "--time", "2024-07-14T00:00:00Z"],
    },
    Source {
        kind: "guix_data_service",
        // No real one is kept beside the project.
        real: "made-up",
        made_up: || generated::guix_data_service().into(),
        unsaid: &["--time", "2024-07-14T00:00:00Z"],
    },
    Source {
        kind: "nix_packages",
        // No real one is kept beside the project.
        real: "made-up",
        made_up: || generated::nix_packages().into(),
        unsaid: &[
            "--branch",
            "nixpkgs/unstable",
            "--time",
            "2024-07-14T00:00:00Z",
        ],
    },
    Source {
        kind: "cyclonedx",
        // No real one is kept beside the project.
        real: "made-up",
        made_up: || generated::cyclonedx().into(),
        unsaid: &["--branch", "alpine/v3.17", "--time", "2024-07-14T00:00:00Z"],
    },
    Source {
        kind: "spdx",
        // No real one is kept beside the project.
        real: "made-up",
        made_up: || generated::spdx().into(),
        unsaid: &["--branch", "alpine/v3.17", "--time", "2024-07-14T00:00:00Z"],
    },
    Source {
        kind: "oci",
        // No real one is kept beside the project.
        real: "made-up",
        made_up: generated::oci,
        unsaid: &["--branch", "alpine/v3.17", "--time", "2024-07-14T00:00:00Z"],
    },
];

/// All imports, with the documents that they need; made-up ones are written into `folder`.
pub(crate) fn all(data: &Path, folder: &Path) -> anyhow::Result<Vec<Case>> {
    let mut imports: Vec<(&'static str, PathBuf, Import)> = Vec::new();
    for source in &SOURCES {
        let Some(path) = document(source, data, folder)? else {
            continue;
        };
        let mut import = vec![source.kind.to_owned(), path.display().to_string()];
        import.extend(source.unsaid.iter().map(|&word| word.to_owned()));
        imports.push((source.kind, path, import));
    }
    let of = |kinds: &[&str]| -> Vec<Import> {
        let wanted = imports.iter().filter(|(kind, _, _)| kinds.contains(kind));
        wanted.map(|(_, _, import)| import.clone()).collect()
    };
    let feeds = ["nvd", "cve5", "osv", "secdb", "rejections", "kev", "epss"];
    let cases = imports.iter().map(|(kind, path, import)| Case {
        kind,
        document: path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        before: if feeds.contains(kind) {
            of(&["apkindex", "dpkg"])
        } else {
            of(&["nvd", "secdb", "osv"])
        },
        import: import.clone(),
    });
    Ok(cases.collect())
}

/// The real document, or a made-up one; none where there is neither.
fn document(source: &Source, data: &Path, folder: &Path) -> anyhow::Result<Option<PathBuf>> {
    let real = data.join(source.real);
    if real.is_file() {
        return Ok(Some(fs::canonicalize(real)?));
    }
    let made_up = (source.made_up)();
    if made_up.is_empty() {
        return Ok(None);
    }
    let path = folder.join(format!("made-up-{}", source.kind));
    fs::write(&path, made_up)?;
    Ok(Some(path))
}

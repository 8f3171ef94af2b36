//! Alpine's tree of packages, aports: what the APKBUILDs of a checkout say, before it is built.
//!
//! The document is a tar archive of a checkout or of a part of it (`git archive HEAD main`), or a
//! single APKBUILD. Each package is the source package of all that is built from it. Patches that
//! lie beside an APKBUILD and stand in its `source` are looked through for the vulnerabilities
//! that they name. What `git archive` writes at an archive's beginning, the commit and its time,
//! becomes the revision.

mod git_head;
mod patches;

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use palisade_model::{Inventory, InventoryHead, Package, Patch, SourceKind, SourceOrigin};
use serde_json::Value;

use crate::apkbuild::{self, Apkbuild, PathInAports, Source, Untold};
use crate::container::{decompress, for_each_document, read_error, read_whole};
use crate::{Place, ReadError, Reject, limits};

use git_head::GitHead;
use patches::Patches;

/// Reads an inventory from an archive of aports, or from one APKBUILD.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    rejects: &mut dyn FnMut(Reject),
) -> Result<Inventory, ReadError> {
    let mut archive = decompress(document, reader)?;
    let mut start = Vec::new();
    (&mut archive)
        .take(git_head::BYTES)
        .read_to_end(&mut start)
        .map_err(|error| read_error(document, error))?;
    let git = GitHead::of(&start);
    let (mut tree, mut passed_over) = (Tree::default(), Vec::new());
    for_each_document(
        document,
        Cursor::new(start).chain(archive),
        &|member| is_apkbuild(member) || patches::is_patch(member),
        &mut |name, reader| {
            if patches::is_patch(name) {
                tree.patches.add(name, reader)
            } else {
                tree.add(name, reader)
            }
        },
        &mut |reject| passed_over.push(reject),
    )?;
    // Packages share files by links, which no APKBUILD is.
    passed_over.retain(|reject| is_apkbuild(&reject.document));
    tree.told.drain(..).chain(passed_over).for_each(rejects);
    if tree.packages.is_empty() {
        return Err(ReadError::Malformed {
            document: document.to_owned(),
            reason: "it has no APKBUILD of a package".to_owned(),
        });
    }
    Ok(Inventory {
        head: InventoryHead {
            distribution: Some("alpine".to_owned()),
            repository: tree.repository(),
            revision: git.commit,
            time: git.time,
            ..InventoryHead::default()
        },
        packages: tree.packages(),
    })
}

fn is_apkbuild(member: &str) -> bool {
    member.rsplit('/').next() == Some("APKBUILD")
}

/// What was read of a checkout.
#[derive(Default)]
struct Tree {
    packages: Vec<Draft>,
    patches: Patches,
    told: Vec<Reject>,
}

/// A package whose patches were not looked at yet: they may stand behind it in the archive.
struct Draft {
    package: Package,
    repository: Option<String>,
    /// The path of its folder.
    folder: String,
}

impl Tree {
    fn add(&mut self, name: &str, reader: &mut dyn Read) -> Result<(), ReadError> {
        if self.packages.len() == limits::PACKAGES {
            return Err(ReadError::Limit {
                document: name.to_owned(),
                what: "the number of packages",
                limit: limits::PACKAGES as u64,
            });
        }
        let place = PathInAports::of(name);
        let bytes = match read_whole(name, reader, apkbuild::BYTES) {
            Ok(bytes) => bytes,
            Err(error) => {
                let reason = apkbuild::of_it_alone(&error).ok_or(error)?;
                self.pass_over(name, place.package.map(str::to_owned), reason);
                return Ok(());
            }
        };
        let apkbuild = Apkbuild::parse(&String::from_utf8_lossy(&bytes));
        let id = apkbuild
            .name
            .as_deref()
            .or(place.package)
            .map(str::to_owned);
        for untold in &apkbuild.recipe.untold {
            self.reject(name, untold, id.clone());
        }
        let (Some(package_name), Some(version)) = (&apkbuild.name, apkbuild.full_version()) else {
            let missing = if apkbuild.name.is_none() {
                "name"
            } else {
                "version"
            };
            let reason = format!("it has no {missing} that can be told without running it");
            self.pass_over(name, id, reason);
            return Ok(());
        };
        let path = [
            place.repository,
            Some(place.package.unwrap_or(package_name)),
            Some("APKBUILD"),
        ];
        let path: Vec<&str> = path.into_iter().flatten().collect();
        let package = Package {
            location: Some(path.join("/")),
            ..package(package_name, version, &apkbuild)
        };
        self.packages.push(Draft {
            package,
            repository: place.repository.map(str::to_owned),
            folder: name.strip_suffix("APKBUILD").unwrap_or_default().to_owned(),
        });
        Ok(())
    }

    fn pass_over(&mut self, document: &str, id: Option<String>, reason: String) {
        self.told.push(Reject {
            document: document.to_owned(),
            place: Place::Whole,
            id,
            reason,
            mended: false,
        });
    }

    fn reject(&mut self, document: &str, untold: &Untold, id: Option<String>) {
        let place = match untold.line {
            0 => Place::Whole,
            line => Place::Line(line),
        };
        let reason = match untold.variable {
            "" => untold.reason.to_owned(),
            variable => format!("{variable} is not certain: {}", untold.reason),
        };
        self.told.push(Reject {
            document: document.to_owned(),
            place,
            id,
            reason,
            mended: true,
        });
    }

    /// The repository that all packages are of.
    fn repository(&self) -> Option<String> {
        let first = self.packages.first()?.repository.clone()?;
        let same = |draft: &Draft| draft.repository.as_ref() == Some(&first);
        self.packages.iter().all(same).then_some(first)
    }

    /// The packages, each with what its patches name.
    fn packages(self) -> Vec<Package> {
        let patches = self.patches;
        let finished = self.packages.into_iter().map(|mut draft| {
            for patch in &mut draft.package.patches {
                patch.vulnerabilities = patches.named(&draft.folder, &patch.name);
            }
            draft.package
        });
        finished.collect()
    }
}

fn package(name: &str, version: String, apkbuild: &Apkbuild) -> Package {
    let recipe = &apkbuild.recipe;
    let (patches, sources) = recipe
        .sources
        .iter()
        .partition::<Vec<&Source>, _>(|it| it.is_patch());
    let mut properties = BTreeMap::new();
    for (property, words) in [
        ("architectures", &recipe.architectures),
        ("subpackages", &recipe.subpackages),
    ] {
        if !words.is_empty() {
            properties.insert(property.to_owned(), Value::from(words.clone()).to_string());
        }
    }
    Package {
        name: name.to_owned(),
        source_name: name.to_owned(),
        source_version: version.clone(),
        version,
        maintainer: recipe.maintainer.clone(),
        homepage: recipe.url.clone(),
        synopsis: recipe.description.clone(),
        licenses: recipe.license.iter().cloned().collect(),
        sources: sources.into_iter().map(origin).collect(),
        patches: patches.into_iter().map(patch).collect(),
        properties,
        ..Package::default()
    }
}

fn origin(source: &Source) -> SourceOrigin {
    SourceOrigin {
        kind: match source.url {
            Some(_) => SourceKind::Url,
            None => SourceKind::None,
        },
        urls: source.url.iter().cloned().collect(),
        file_name: Some(source.name.clone()),
        hash: source.hash.clone(),
        ..SourceOrigin::default()
    }
}

fn patch(source: &Source) -> Patch {
    Patch {
        name: source.name.clone(),
        hash: source.hash.clone(),
        vulnerabilities: Vec::new(),
    }
}

//! Inventories: which formats there are, and how each becomes [`palisade_model::Inventory`].

use std::io::Read;
use std::str::FromStr;

use palisade_model::Inventory;

use crate::{
    ReadError, Reject, adb, apk_installed, apk_signature, apkindex, aports, cyclonedx, dpkg,
    guix_data_service, guix_inventory, guix_packages, nix_packages, oci, pacman, spdx,
};

/// A format of inventories; its name is its module's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InventoryKind {
    /// Alpine's package index, version 3; a package, or an installed database, of that version.
    Adb,
    /// Alpine's package index, version 2.
    Apkindex,
    /// The database of what apk installed, or a root file system with one.
    ApkInstalled,
    /// A checkout of Alpine's aports.
    Aports,
    /// Palisade's own format for Guix, JSON Lines.
    GuixInventory,
    /// Debian: dpkg's status file, `Packages` and `Sources`, told apart by their fields.
    Dpkg,
    /// pacman's databases of repositories and of what is installed.
    Pacman,
    /// Guix's published `packages.json`.
    GuixPackages,
    /// Lists of packages from a Guix Data Service.
    GuixDataService,
    /// Nixpkgs' `packages.json` of a channel.
    NixPackages,
    /// Bills of materials in CycloneDX.
    Cyclonedx,
    /// Bills of materials in SPDX.
    Spdx,
    /// Images of containers in an archive.
    Oci,
}

/// What an importer asks of a reader.
#[derive(Debug, Default)]
pub struct InventoryContext<'a> {
    /// Keys with which a signature is checked; with none given, none is.
    pub keys: &'a [apk_signature::PublicKey],
    /// Whether an inventory without a good signature of one of the keys is refused.
    pub require_signature: bool,
}

impl InventoryKind {
    /// All kinds.
    pub const ALL: [Self; 13] = [
        Self::Adb,
        Self::Apkindex,
        Self::ApkInstalled,
        Self::Aports,
        Self::GuixInventory,
        Self::Dpkg,
        Self::Pacman,
        Self::GuixPackages,
        Self::GuixDataService,
        Self::NixPackages,
        Self::Cyclonedx,
        Self::Spdx,
        Self::Oci,
    ];

    /// The kind's name, which is its module's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Adb => "adb",
            Self::Apkindex => "apkindex",
            Self::ApkInstalled => "apk_installed",
            Self::Aports => "aports",
            Self::GuixInventory => "guix_inventory",
            Self::Dpkg => "dpkg",
            Self::Pacman => "pacman",
            Self::GuixPackages => "guix_packages",
            Self::GuixDataService => "guix_data_service",
            Self::NixPackages => "nix_packages",
            Self::Cyclonedx => "cyclonedx",
            Self::Spdx => "spdx",
            Self::Oci => "oci",
        }
    }

    /// Reads an inventory; records that are passed over go to `rejects`.
    ///
    /// The bytes are the file's own: a signature covers the compressed form.
    ///
    /// # Errors
    /// When the inventory cannot be read to its end, is not of this kind, or lacks a signature
    /// that the context requires.
    pub fn read(
        self,
        document: &str,
        reader: &mut dyn Read,
        context: &InventoryContext<'_>,
        rejects: &mut dyn FnMut(Reject),
    ) -> Result<Inventory, ReadError> {
        match self {
            Self::Adb => adb::read(document, reader, context, rejects),
            Self::Apkindex => apkindex::read(document, reader, context, rejects),
            Self::ApkInstalled => apk_installed::read(document, reader, rejects),
            Self::Aports => aports::read(document, reader, rejects),
            Self::GuixInventory => guix_inventory::read(document, reader, rejects),
            Self::Dpkg => dpkg::read(document, reader, rejects),
            Self::Pacman => pacman::read(document, reader, rejects),
            Self::GuixPackages => guix_packages::read(document, reader, rejects),
            Self::GuixDataService => guix_data_service::read(document, reader, rejects),
            Self::NixPackages => nix_packages::read(document, reader, rejects),
            Self::Cyclonedx => cyclonedx::read(document, reader, rejects),
            Self::Spdx => spdx::read(document, reader, rejects),
            Self::Oci => oci::read(document, reader, rejects),
        }
    }
}

impl FromStr for InventoryKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let name = match text {
            "apk-index" | "apk_index" => "apkindex",
            "apk-installed" => "apk_installed",
            "guix" | "guix-inventory" => "guix_inventory",
            "dpkg_status" | "dpkg-status" | "debian_packages" | "debian-packages"
            | "debian_sources" | "debian-sources" => "dpkg",
            "guix-packages" => "guix_packages",
            "guix-data-service" => "guix_data_service",
            "nix" | "nix-packages" => "nix_packages",
            "docker" | "image" => "oci",
            other => other,
        };
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or(())
    }
}

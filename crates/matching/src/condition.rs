//! What must be there beside a product for it to be affected: platforms and companions.

use palisade_model::{Affected, Companion, CpePart, Product};

/// How an entry's further conditions stand for a package of a Linux or Hurd distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    /// There is none.
    Holds,
    /// It names systems, and ours is among them.
    AtHome,
    /// Nobody can tell from here: it needs this beside it.
    Needs(String),
    /// It cannot hold: the entry speaks of other systems only.
    Foreign(String),
}

/// Operating systems, as CPE products or platform words, on which no package of ours runs.
const FOREIGN: &[&str] = &[
    "windows",
    "mac_os",
    "mac_os_x",
    "macos",
    "os_x",
    "iphone_os",
    "ipados",
    "ios",
    "ipad_os",
    "tvos",
    "watchos",
    "visionos",
    "android",
    "chrome_os",
    "fire_os",
    "solaris",
    "sunos",
    "opensolaris",
    "aix",
    "hp-ux",
    "irix",
    "tru64",
    "openvms",
    "vms",
    "netware",
    "os_2",
    "os2",
    "os/2",
    "z/os",
    "z_os",
    "zos",
    "os/400",
    "i",
    "i5os",
    "qnx",
    "vxworks",
    "nonstop",
    "symbian",
    "blackberry_os",
    "freebsd",
    "openbsd",
    "netbsd",
    "dragonflybsd",
    "beos",
    "haiku",
    "esx",
    "esxi",
    "junos",
    "nx-os",
    "ios_xe",
    "ios_xr",
    "unixware",
    "openserver",
    "osf_1",
    "ultrix",
    "harmonyos",
    "mobian",
    "tizen",
];

/// The condition of an entry.
pub(crate) fn condition(affected: &Affected) -> Condition {
    if let Product::Named { platforms, .. } = &affected.product
        && !platforms.is_empty()
        && platforms
            .iter()
            .all(|platform| is_foreign_platform(platform))
    {
        return Condition::Foreign(platforms.join(", "));
    }
    let mut needs = Vec::new();
    let mut best = Condition::Holds;
    for group in &affected.requires {
        match of_group(group) {
            Condition::Holds => {}
            Condition::AtHome => best = Condition::AtHome,
            Condition::Needs(words) => needs.push(words),
            foreign @ Condition::Foreign(_) => return foreign,
        }
    }
    if needs.is_empty() {
        best
    } else {
        Condition::Needs(needs.join(" and "))
    }
}

/// At least one of a group must be there.
fn of_group(group: &[Companion]) -> Condition {
    if group.is_empty() {
        return Condition::Holds;
    }
    if group.iter().any(is_at_home) {
        return Condition::AtHome;
    }
    let words = group_words(group);
    if group.iter().all(is_foreign) {
        Condition::Foreign(words)
    } else {
        Condition::Needs(words)
    }
}

fn is_at_home(companion: &Companion) -> bool {
    companion.cpe.part == CpePart::OperatingSystem
        && matches!(
            companion.cpe.product.as_str(),
            "linux" | "linux_kernel" | "gnu_linux" | "unix"
        )
}

fn is_foreign(companion: &Companion) -> bool {
    let product = companion.cpe.product.as_str();
    companion.cpe.part == CpePart::OperatingSystem
        && (FOREIGN.contains(&product) || product.starts_with("windows"))
}

fn is_foreign_platform(platform: &str) -> bool {
    let platform = platform.trim().to_ascii_lowercase().replace(' ', "_");
    FOREIGN.contains(&platform.as_str()) || platform.starts_with("windows")
}

fn group_words(group: &[Companion]) -> String {
    const SHOWN: usize = 3;
    let names = group.iter().map(|companion| {
        format!(
            "{} {}",
            companion.cpe.vendor,
            companion.cpe.product.replace('_', " ")
        )
    });
    let mut names: Vec<String> = names.collect();
    names.dedup();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let listed = names.join(" or ");
    if more == 0 {
        listed
    } else {
        format!("{listed} or {more} more")
    }
}

#[cfg(test)]
mod tests {
    use palisade_model::{Cpe, Span};

    use super::*;

    fn companion(part: CpePart, vendor: &str, product: &str) -> Companion {
        let cpe = Cpe {
            part,
            vendor: vendor.into(),
            product: product.into(),
            edition: None,
            target_sw: None,
        };
        Companion {
            cpe,
            span: Span::All,
        }
    }

    #[test]
    fn only_windows_is_foreign_and_linux_beside_it_is_not() {
        let windows = companion(CpePart::OperatingSystem, "microsoft", "windows_10");
        let linux = companion(CpePart::OperatingSystem, "linux", "linux_kernel");
        assert!(matches!(
            of_group(std::slice::from_ref(&windows)),
            Condition::Foreign(_)
        ));
        assert_eq!(of_group(&[windows, linux]), Condition::AtHome);
    }

    #[test]
    fn a_companion_application_is_a_need() {
        let openssl = companion(CpePart::Application, "openssl", "openssl");
        assert_eq!(
            of_group(&[openssl]),
            Condition::Needs("openssl openssl".into())
        );
    }
}

//! Keys of machines that sign for people.
//!
//! Such a signature tells that the machine saw something, not that a person stands behind it. Each
//! entry says where the key was seen.

use crate::SignerKind;

/// A key of a machine.
struct Service {
    /// The fingerprint, or where only that is published, the end of it.
    fingerprint: &'static str,
    #[expect(dead_code, reason = "kept for those who read the table")]
    seen: &'static str,
}

/// The machines known.
const SERVICES: [Service; 3] = [
    Service {
        fingerprint: "968479A1AFF927E37D1A566BB5690EEEBB952194",
        seen: "GitHub, for what is done on its pages, since 2024-01: 191 of 300 commits of c-ares",
    },
    Service {
        fingerprint: "5DE3E0509C47EA3CF04A42D34AEE18F83AFDEB23",
        seen: "GitHub, for what is done on its pages, until 2024-01",
    },
    Service {
        fingerprint: "374D8CE4DB96E9CBD4C0972A606D084E4683C079",
        seen: "Debian tag2upload service (key 1): openssh 1:10.0p1-7+deb13u4",
    },
];

/// Whether a key of OpenPGP is a machine's, by its fingerprint or its id.
pub(crate) fn kind_of_openpgp(fingerprint: &str) -> SignerKind {
    let known = SERVICES.iter().any(|it| {
        fingerprint.len() >= 16
            && it
                .fingerprint
                .to_ascii_lowercase()
                .ends_with(&fingerprint.to_ascii_lowercase())
    });
    if known {
        SignerKind::Service
    } else {
        SignerKind::Key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_known_by_its_fingerprint_or_its_id() {
        assert_eq!(kind_of_openpgp("B5690EEEBB952194"), SignerKind::Service);
        assert_eq!(kind_of_openpgp("BB952194"), SignerKind::Key);
        let service = "374d8ce4db96e9cbd4c0972a606d084e4683c079";
        assert_eq!(kind_of_openpgp(service), SignerKind::Service);
        assert_eq!(kind_of_openpgp("3CA5CE5D5A5B5C5D"), SignerKind::Key);
    }
}

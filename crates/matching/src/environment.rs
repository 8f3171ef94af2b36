//! What a CPE name is bound to: another kind of thing, other software, another system.

use palisade_model::{Cpe, CpePart};

use crate::names::Language;
use crate::refusal::Refusal;
use crate::subject::Subject;

/// What makes a CPE name one of something that is no package of ours, whoever bears the name.
pub(crate) fn foreign(subject: &Subject, cpe: &Cpe) -> Option<Refusal> {
    if cpe.part == CpePart::Hardware {
        Some(Refusal::Hardware)
    } else if Target::of(subject, cpe) == Target::Foreign {
        Some(Refusal::Target)
    } else {
        foreign_edition(cpe).then_some(Refusal::Edition)
    }
}

/// How the software environment of a CPE name stands to a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// It names none, or one in which the subject works.
    Own,
    /// It names another language, or other software.
    Other,
    /// It names another system, or software of which the product is an extension.
    Foreign,
}

impl Target {
    pub(crate) fn of(subject: &Subject, cpe: &Cpe) -> Self {
        const OWN: &[&str] = &[
            "linux",
            "linux_kernel",
            "unix",
            "gnu",
            "-",
            "x11",
            "gnome",
            "kde",
        ];
        // Systems, and software with extensions of all kinds.
        const FOREIGN: &[&str] = &[
            "android",
            "chrome",
            "confluence",
            "drupal",
            "firefox",
            "iphone_os",
            "ipad_os",
            "ipados",
            "jenkins",
            "jira",
            "joomla",
            "joomla\\!",
            "joomla!",
            "laravel",
            "mac",
            "mac_os",
            "mac_os_x",
            "macos",
            "magento",
            "mediawiki",
            "moodle",
            "phpbb",
            "prestashop",
            "seafile",
            "typo3",
            "vbulletin",
            "visual_studio_code",
            "windows",
            "wordpress",
            "xenforo",
        ];
        let Some(target) = cpe.target_sw.as_deref() else {
            return Self::Own;
        };
        if OWN.contains(&target) {
            return Self::Own;
        }
        if FOREIGN.contains(&target) || target.starts_with("windows") {
            return Self::Foreign;
        }
        let language = Language::of_target_software(target);
        if language.is_some()
            && (subject.language == language || subject.build_language == language)
        {
            Self::Own
        } else {
            Self::Other
        }
    }
}

/// Whether the CPE name is that of the edition for another system (`http_server:*:*:win32`): before
/// there was a field for it, NVD wrote there what `target_sw` says now.
fn foreign_edition(cpe: &Cpe) -> bool {
    const SYSTEMS: &[&str] = &[
        "win",
        "win16",
        "win32",
        "win64",
        "winnt",
        "mac",
        "macintosh",
        "macos",
        "mac_os",
        "solaris",
        "sunos",
        "aix",
        "hp-ux",
        "hp_ux",
        "hpux",
        "irix",
        "netware",
        "os2",
        "os_2",
        "android",
        "iphone_os",
        "openvms",
        "vms",
    ];
    cpe.edition.as_deref().is_some_and(|edition| {
        SYSTEMS.contains(&edition)
            || edition.starts_with("windows")
            || edition.starts_with("mac_os")
    })
}

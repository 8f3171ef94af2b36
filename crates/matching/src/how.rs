//! Why a subject is taken for a product, and the reason in words.

use palisade_model::{Confidence, IdentityStatement};

/// That a subject is a product, how sure, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// How sure.
    pub confidence: Confidence,
    /// Why.
    pub how: How,
}

/// Why a subject is taken for a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// The record names the distribution's own source package.
    OwnPackage,
    /// The record names the distribution's own source package on later branches, and where it
    /// says nothing of a branch, the package is not affected there.
    OnOtherBranch {
        /// The branch that it names.
        named: String,
        /// The branch that it does not.
        here: String,
    },
    /// The packager's hint names the product.
    PackagerHint,
    /// The table of curated aliases says so.
    Curated {
        /// The product, `vendor:product`.
        product: String,
    },
    /// Somebody stated it.
    Stated {
        /// The product, as the statement names it.
        product: String,
        /// Who stated it, when and why, in words.
        source: String,
    },
    /// The source was downloaded from the ecosystem as that package.
    EcosystemSource {
        /// The package in the ecosystem.
        package: String,
    },
    /// The package's name has the prefix that the distribution gives to that ecosystem's packages.
    EcosystemPrefix {
        /// The package in the ecosystem.
        package: String,
    },
    /// The source comes from the repository that the record names.
    Repository(String),
    /// The product is partly made of the package's code; its versions are not those of the package.
    SharedCode {
        /// The product, `vendor:product`.
        product: String,
    },
    /// Another distributor's list has a package of that name; its versions say nothing of others.
    Distributor {
        /// The package there.
        package: String,
    },
    /// The names agree, and an address of the package vouches for the vendor.
    NameAndVendor {
        /// The product, `vendor:product`.
        product: String,
        /// What vouches for it.
        voucher: String,
    },
    /// The names agree, and the name is not one that many projects share.
    DistinctiveName {
        /// The product, `vendor:product`.
        product: String,
    },
    /// The names agree and nothing else speaks for it.
    NameOnly {
        /// The product, `vendor:product`.
        product: String,
    },
}

impl How {
    pub(crate) fn stated(statement: &IdentityStatement) -> Self {
        Self::Stated {
            product: statement.product.to_string(),
            source: statement.source_words(),
        }
    }

    /// The reason in words, for a package of a given name.
    pub fn words(&self, package: &str) -> String {
        match self {
            Self::OwnPackage => format!("the record names the distribution's package {package}"),
            Self::OnOtherBranch { named, here } => format!(
                "the record names the distribution's package {package} on {named}, and nothing on {here}"
            ),
            Self::Distributor { package: named } if named != package => format!(
                "another distributor's package {named} is the project of {package}; its versions say nothing of this one"
            ),
            Self::Distributor { package: named } => format!(
                "another distributor's package {named} has the name of {package}; its versions say nothing of this one"
            ),
            Self::SharedCode { product } => format!(
                "{product} is partly made of the code of {package}; its versions say nothing of this one"
            ),
            Self::PackagerHint => format!("the packager of {package} names this product"),
            Self::Curated { product } => format!("{package} is known to be {product}"),
            Self::Stated { product, source } => format!("{package} is {product}, {source}"),
            Self::EcosystemSource { package: named } => {
                format!("the source of {package} is {named}")
            }
            Self::EcosystemPrefix { package: named } => {
                format!("the name {package} is how the distribution calls {named}")
            }
            Self::Repository(repository) => {
                format!("the source of {package} comes from {repository}, which the record names")
            }
            Self::NameAndVendor { product, voucher } => format!(
                "{package} has the name of {product}, and its addresses vouch for the vendor ({voucher})"
            ),
            Self::DistinctiveName { product } => format!(
                "{package} has the name of {product}, a name that no other project is known by"
            ),
            Self::NameOnly { product } => {
                format!(
                    "{package} has the name of {product}; nothing else tells that they are the same"
                )
            }
        }
    }
}

impl Identity {
    pub(crate) fn is_sure(&self) -> bool {
        self.confidence == Confidence::Certain
    }

    pub(crate) fn new(confidence: Confidence, how: How) -> Self {
        Self { confidence, how }
    }
}

//! The schema's history: one list of steps, each with a text for either database.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use crate::store::Backend;

/// A step of the schema's history.
struct Step {
    version: i64,
    description: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

/// All steps, in order. A step that was released is never changed; a new one is added.
const STEPS: &[Step] = &[
    Step {
        version: 1,
        description: "foundation",
        sqlite: include_str!("../migrations/sqlite/0001_foundation.sql"),
        postgres: include_str!("../migrations/postgres/0001_foundation.sql"),
    },
    Step {
        version: 2,
        description: "sources",
        sqlite: include_str!("../migrations/sqlite/0002_sources.sql"),
        postgres: include_str!("../migrations/postgres/0002_sources.sql"),
    },
    Step {
        version: 3,
        description: "identities",
        sqlite: include_str!("../migrations/sqlite/0003_identities.sql"),
        postgres: include_str!("../migrations/postgres/0003_identities.sql"),
    },
    Step {
        version: 4,
        description: "leases",
        sqlite: include_str!("../migrations/sqlite/0004_leases.sql"),
        postgres: include_str!("../migrations/postgres/0004_leases.sql"),
    },
    Step {
        version: 5,
        description: "imports",
        sqlite: include_str!("../migrations/sqlite/0005_imports.sql"),
        postgres: include_str!("../migrations/postgres/0005_imports.sql"),
    },
    Step {
        version: 6,
        description: "pages",
        sqlite: include_str!("../migrations/sqlite/0006_pages.sql"),
        postgres: include_str!("../migrations/postgres/0006_pages.sql"),
    },
    Step {
        version: 7,
        description: "comparison",
        sqlite: include_str!("../migrations/sqlite/0007_comparison.sql"),
        postgres: include_str!("../migrations/postgres/0007_comparison.sql"),
    },
    Step {
        version: 8,
        description: "grafts",
        sqlite: include_str!("../migrations/sqlite/0008_grafts.sql"),
        postgres: include_str!("../migrations/postgres/0008_grafts.sql"),
    },
    Step {
        version: 9,
        description: "reviews",
        sqlite: include_str!("../migrations/sqlite/0009_reviews.sql"),
        postgres: include_str!("../migrations/postgres/0009_reviews.sql"),
    },
];

/// The last step.
pub(crate) fn newest() -> i64 {
    STEPS.last().map_or(0, |step| step.version)
}

/// What brings a database's schema up to date.
pub(crate) fn migrator(backend: Backend) -> Migrator {
    let migration = |step: &Step| {
        let text = match backend {
            Backend::Sqlite => step.sqlite,
            Backend::Postgres => step.postgres,
        };
        Migration::new(
            step.version,
            step.description.into(),
            MigrationType::Simple,
            text.into_sql_str(),
            false,
        )
    };
    Migrator::with_migrations(STEPS.iter().map(migration).collect())
}

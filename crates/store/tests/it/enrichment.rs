//! EPSS scores and settings.

use palisade_store::EpssRow;

use crate::database::{Database, on_each};

fn row(name: &str, score: f64) -> EpssRow {
    EpssRow {
        name: name.to_owned(),
        score,
        percentile: Some(0.5),
    }
}

fn write(database: &Database, day: &str, rows: &[EpssRow]) -> u64 {
    database.write(async |session| session.write_epss(day, rows).await)
}

fn stored(database: &Database) -> Vec<String> {
    database.content().tables["epss"].clone()
}

#[test]
fn the_newest_day_counts_in_whatever_order_days_come() {
    let days = [
        ("2024-01-01", 0.1),
        ("2024-01-02", 0.9),
        ("2024-01-03", 0.1),
    ];
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        on_each(|database| {
            for (day, score) in order.map(|at| days[at]) {
                write(database, day, &[row("CVE-2024-0001", score)]);
            }
            assert_eq!(
                stored(database),
                ["\"CVE-2024-0001\" | 0.1 | 0.5 | \"2024-01-03\""],
                "{order:?}"
            );
        });
    }
}

#[test]
fn the_day_of_the_scores_is_the_newest_of_any() {
    on_each(|database| {
        let day = || database.read(async |session| session.epss_day().await);
        assert_eq!(day(), None);
        write(database, "2024-01-02", &[row("CVE-2024-0001", 0.1)]);
        write(database, "2024-01-01", &[row("CVE-2024-0002", 0.1)]);
        assert_eq!(day().as_deref(), Some("2024-01-02"));
    });
}

#[test]
fn the_same_scores_again_write_nothing() {
    on_each(|database| {
        let rows = [row("CVE-2024-0001", 0.1), row("CVE-2024-0002", 1e-5)];
        assert_eq!(write(database, "2024-01-01", &rows), 2);
        assert_eq!(write(database, "2024-01-01", &rows), 0);
        assert_eq!(
            write(database, "2023-12-31", &[row("CVE-2024-0001", 0.7)]),
            0
        );
        assert_eq!(stored(database).len(), 2);
    });
}

#[test]
fn of_a_name_that_stands_twice_the_later_score_counts() {
    on_each(|database| {
        let rows = [row("CVE-2024-0001", 0.1), row("CVE-2024-0001", 0.2)];
        write(database, "2024-01-01", &rows);
        assert_eq!(
            stored(database),
            ["\"CVE-2024-0001\" | 0.2 | 0.5 | \"2024-01-01\""]
        );
        assert_eq!(write(database, "2024-01-01", &rows), 0);
    });
}

#[test]
fn a_missing_percentile_stays_missing() {
    on_each(|database| {
        let rows = [EpssRow {
            name: "CVE-2024-0001".to_owned(),
            score: 1.0,
            percentile: None,
        }];
        write(database, "2024-01-01", &rows);
        assert_eq!(
            stored(database),
            ["\"CVE-2024-0001\" | 1 | - | \"2024-01-01\""]
        );
    });
}

#[test]
fn settings_are_kept() {
    on_each(|database| {
        let get = || database.read(async |session| session.setting("rules").await);
        assert_eq!(get(), None);
        for value in ["1", "2"] {
            database.write(async |session| session.set_setting("rules", value).await);
        }
        assert_eq!(get().as_deref(), Some("2"));
    });
}

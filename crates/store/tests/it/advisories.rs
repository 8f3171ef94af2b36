//! Writing, replacing and removing records of feeds.

use palisade_store::AdvisoryWriter;

use crate::database::on_each;
use crate::makers::{NOW, advisory, advisory_with, import, withdraw};

#[test]
fn a_record_is_stored_whole_and_found_again() {
    on_each(|database| {
        let stored = advisory_with("GHSA-1", &["CVE-2024-0001"]);
        database.write(async |session| import(session, "osv", std::slice::from_ref(&stored)).await);
        let rows = database.read(async |session| session.standing_advisories(&[1]).await);
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (rows[0].feed_kind.as_str(), rows[0].name.as_str()),
            ("osv", "GHSA-1")
        );
        let mut read = Vec::new();
        database.read(async |session| {
            let spans = [rows[0].raw, rows[0].facts];
            session
                .read_spans(&spans, |index, bytes| read.push((index, bytes.to_vec())))
                .await
        });
        read.sort();
        assert_eq!(read, [(0, b"a record".to_vec()), (1, stored.facts)]);
    });
}

#[test]
fn replacing_a_record_keeps_its_row_and_drops_what_it_said() {
    on_each(|database| {
        database.write(async |session| {
            import(
                session,
                "osv",
                &[advisory_with("GHSA-1", &["CVE-2024-0001", "X-1"])],
            )
            .await
        });
        database.write(async |session| {
            import(
                session,
                "osv",
                &[advisory_with("GHSA-1", &["CVE-2024-0002"])],
            )
            .await
        });
        assert_eq!(database.numbers("SELECT id FROM advisory"), [[Some(1)]]);
        let content = database.content();
        assert_eq!(
            content.tables["advisory_alias"],
            ["\"osv\" | \"\" | \"GHSA-1\" | \"GHSA-1\""]
        );
        assert_eq!(
            content.tables["advisory_vulnerability"],
            ["\"CVE-2024-0002\" | \"osv\" | \"\" | \"GHSA-1\""]
        );
        assert_eq!(content.tables["vulnerability"].len(), 1);
        assert_eq!(content.tables["advisory_key"].len(), 1);
    });
}

#[test]
fn what_is_written_again_is_what_was_written_at_once() {
    on_each(|database| {
        let (old, new) = (
            advisory("GHSA-1"),
            advisory_with("GHSA-1", &["CVE-2024-0001"]),
        );
        for advisory in [old.clone(), new.clone(), old, new.clone()] {
            database.write(async |session| import(session, "osv", &[advisory]).await);
        }
        let changed_often = database.content();
        database.write(async |session| withdraw(session, "osv", &["GHSA-1"]).await);
        database.write(async |session| import(session, "osv", &[new]).await);
        assert_eq!(
            changed_often.differences(&database.content(), 9),
            Vec::<String>::new()
        );
    });
}

#[test]
fn a_removed_record_leaves_nothing_but_its_feed() {
    on_each(|database| {
        database.write(async |session| import(session, "osv", &[]).await);
        let before = database.content();
        database.write(async |session| {
            let advisories = [
                advisory_with("GHSA-1", &["CVE-2024-0001"]),
                advisory("GHSA-2"),
            ];
            import(session, "osv", &advisories).await
        });
        assert_ne!(database.content(), before);
        database.write(async |session| withdraw(session, "osv", &["GHSA-1", "GHSA-2"]).await);
        assert_eq!(database.content(), before);
    });
}

#[test]
fn a_record_may_be_replaced_in_the_session_that_wrote_it() {
    on_each(|database| {
        database.write(async |session| {
            let feed = session.feed("osv", "").await?;
            let mut writer = AdvisoryWriter::new(session).await?;
            let first = (
                advisory_with("GHSA-1", &["CVE-2024-0001"]),
                b"one".as_slice(),
                None,
            );
            let ids = writer.write(session, feed, &[first]).await?;
            writer.remove(session, &ids).await?;
            let second = (advisory("GHSA-1"), b"two".as_slice(), Some(ids[0]));
            writer.write(session, feed, &[second]).await?;
            writer.finish(session).await
        });
        let content = database.content();
        assert_eq!(content.tables["vulnerability"].len(), 1);
        assert_eq!(
            content.tables["advisory_vulnerability"],
            ["\"GHSA-1\" | \"osv\" | \"\" | \"GHSA-1\""]
        );
    });
}

#[test]
fn records_of_one_scope_are_not_those_of_another() {
    on_each(|database| {
        database.write(async |session| {
            let one = session.feed("secdb", "alpine/v3.17/main").await?;
            let other = session.feed("secdb", "alpine/v3.18/main").await?;
            let mut writer = AdvisoryWriter::new(session).await?;
            for feed in [one, other] {
                let record = (advisory("CVE-2024-0001"), b"x".as_slice(), None);
                writer.write(session, feed, &[record]).await?;
            }
            session.stamp_feed(one, Some(5), NOW).await?;
            session.stamp_feed(one, None, NOW).await?;
            writer.finish(session).await
        });
        assert_eq!(
            database.numbers("SELECT count(*) FROM advisory"),
            [[Some(2)]]
        );
        assert_eq!(
            database.numbers("SELECT count(*) FROM vulnerability"),
            [[Some(1)]]
        );
        // A document that does not say of when it is does not take back what another said.
        assert_eq!(
            database.numbers("SELECT as_of FROM feed ORDER BY id"),
            [[Some(5)], [None]]
        );
    });
}

#[test]
fn more_records_than_are_held_back_are_all_written() {
    on_each(|database| {
        let names = (0..20_000).map(|number| format!("CVE-2024-{number:05}"));
        let advisories: Vec<_> = names.map(|name| advisory(&name)).collect();
        database.write(async |session| import(session, "nvd", &advisories).await);
        for count in [
            "SELECT count(*) FROM advisory",
            "SELECT count(*) FROM advisory_key",
            "SELECT count(*) FROM vulnerability",
            "SELECT count(*) FROM advisory_vulnerability",
        ] {
            assert_eq!(database.numbers(count), [[Some(20_000)]], "{count}");
        }
    });
}

#[test]
fn text_of_any_kind_comes_back_as_it_was() {
    on_each(|database| {
        let titles = [
            "tab\there",
            "line\nbreak\r",
            "back\\slash \\N \\.",
            "quote ' \"",
            "ü 漢 🦀",
            "",
        ];
        let advisories: Vec<_> = titles
            .iter()
            .enumerate()
            .map(|(number, title)| {
                let mut made = advisory(&format!("CVE-2024-000{number}"));
                made.title = Some((*title).to_owned());
                made
            })
            .collect();
        database.write(async |session| import(session, "nvd", &advisories).await);
        let lines = &database.content().tables["advisory"];
        for title in titles {
            assert!(
                lines
                    .iter()
                    .any(|line| line.contains(&format!("| {title:?} |"))),
                "{title:?}"
            );
        }
    });
}

#[test]
fn a_nul_in_a_name_does_not_stop_an_import() {
    on_each(|database| {
        let mut odd = advisory("CVE-2024-0001");
        odd.title = Some("a\0b".to_owned());
        odd.name = "c\0d".to_owned();
        odd.aliases = vec!["e\0f".to_owned()];
        database.write(async |session| import(session, "nvd", std::slice::from_ref(&odd)).await);
        let before = database.dump();
        database.write(async |session| {
            // What was stored is found again under the name it came with.
            let feed = session.feed("nvd", "").await?;
            let state = session.feed_state(feed).await?;
            assert_eq!(state.by_name.len(), 1);
            session.branch("de\0bian", "1\0").await?;
            session.branch("de\0bian", "1\0").await
        });
        assert_eq!(database.numbers("SELECT count(*) FROM branch"), [[Some(1)]]);
        assert_eq!(database.dump().len(), before.len() + 1);
    });
}

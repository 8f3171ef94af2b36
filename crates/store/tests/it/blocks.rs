//! Small records in compressed blocks: what was written comes back, and damage is noticed.

use palisade_store::{BlockSpan, NewSourcePackage, SourcePackageId, StoreError};

use crate::database::{Database, on_each};
use crate::makers::{digest, new_source};

fn write(database: &Database, records: &[Vec<u8>]) -> Vec<BlockSpan> {
    let packages: Vec<NewSourcePackage> = records
        .iter()
        .enumerate()
        .map(|(number, facts)| NewSourcePackage {
            facts: facts.clone(),
            digest: digest(&format!("{number}")),
            ..new_source("x")
        })
        .collect();
    let (all, _): (Vec<SourcePackageId>, _) =
        database.write(async |session| session.write_source_packages("guix", &packages).await);
    let mut rows = database.read(async |session| session.source_facts(&all).await);
    rows.sort_by_key(|(id, _, _)| *id);
    rows.into_iter().map(|(_, _, span)| span).collect()
}

fn read(database: &Database, spans: &[BlockSpan]) -> Result<Vec<Vec<u8>>, StoreError> {
    database.wait(async {
        let mut session = database.store.read().await?;
        let mut found = vec![Vec::new(); spans.len()];
        session
            .read_spans(spans, |index, bytes| found[index] = bytes.to_vec())
            .await?;
        Ok(found)
    })
}

#[test]
fn records_of_any_size_come_back() {
    on_each(|database| {
        // Nothing, small ones, one larger than a block, and enough for a second statement.
        let mut records = vec![Vec::new(), b"a".to_vec(), vec![7; 1 << 20], Vec::new()];
        records.extend((0..40_u8).map(|byte| vec![byte; 100_000]));
        let spans = write(database, &records);
        assert!(read(database, &spans).unwrap() == records);
        // One alone, and the same one twice.
        assert_eq!(read(database, &[spans[1], spans[1]]).unwrap(), [b"a", b"a"]);
    });
}

#[test]
fn a_damaged_block_is_an_error_not_a_panic() {
    on_each(|database| {
        let spans = write(database, &[b"some record".to_vec()]);
        let damage = |statement: &'static str| {
            database.execute(statement);
            let error = read(database, &spans).unwrap_err();
            assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
        };
        damage("UPDATE block SET bytes = substr(bytes, 1, length(bytes) - 3)");
        damage("UPDATE block SET bytes = substr(bytes, 5)");
        damage("UPDATE block SET bytes = substr(bytes, 1, 0)");
        damage("DELETE FROM block");
    });
}

#[test]
fn a_place_outside_a_block_is_an_error() {
    on_each(|database| {
        let good = write(database, &[b"some record".to_vec()])[0];
        for (offset, length) in [(0, 12), (11, 1), (-1, 2), (0, -1), (i64::MAX, i64::MAX)] {
            let error = read(
                database,
                &[BlockSpan {
                    offset,
                    length,
                    ..good
                }],
            )
            .unwrap_err();
            assert!(
                matches!(error, StoreError::Damaged { .. }),
                "{offset} {length}: {error:?}"
            );
        }
        assert_eq!(
            read(
                database,
                &[BlockSpan {
                    offset: 11,
                    length: 0,
                    ..good
                }]
            )
            .unwrap(),
            [b""]
        );
    });
}

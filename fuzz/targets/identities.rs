//! The reader of tables of identities: what it takes is written as it was read, in either form, and
//! matching can live with it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_formats::identities::{self, Form, IdentityRow, Told};
use palisade_matching::{Identities, Subject};
use palisade_model::{Distribution, IdentityStatement, Package, Timestamp};

fuzz_target!(|bytes: &[u8]| {
    let Some(statements) = read(bytes) else {
        return;
    };
    for form in [Form::Tsv, Form::Jsonl] {
        let mut table = Vec::new();
        identities::write_head(&mut table, form).expect("memory can be written");
        for statement in &statements {
            let row = IdentityRow::of(statement);
            identities::write(&mut table, form, &row).expect("memory can be written");
        }
        if !table.is_empty() {
            assert_eq!(read(&table).as_ref(), Some(&statements));
        }
    }
    let table = Identities::of(statements.iter().cloned());
    for statement in statements {
        let package = Package {
            name: statement.package.clone(),
            source_name: statement.package,
            ..Package::default()
        };
        let subject = Subject::of(&package, &Distribution::guix()).with(&table);
        assert!(subject.keys().is_sorted());
    }
});

fn read(bytes: &[u8]) -> Option<Vec<IdentityStatement>> {
    let mut statements = Vec::new();
    let on_row = &mut |told| {
        if let Told::Statement { statement, .. } = told {
            statements.push(statement);
        }
    };
    let read = identities::read(
        "fuzz",
        &mut &*bytes,
        Timestamp::UNIX_EPOCH,
        on_row,
        &mut |reject| assert!(!reject.reason.is_empty()),
    );
    match read {
        Ok(()) => Some(statements),
        Err(error) => {
            palisade_fuzz::told(Some(error));
            None
        }
    }
}

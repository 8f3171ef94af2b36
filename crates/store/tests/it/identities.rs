//! Statements of identity are added and taken back, never changed.

use palisade_model::{Distribution, IdentityStatement, Sense, Timestamp};
use palisade_store::{SourcePackageId, Withdrawal};

use crate::database::on_each;
use crate::makers::new_source;

fn statement(second: i64, package: &str, sense: Sense) -> IdentityStatement {
    IdentityStatement {
        time: Timestamp::from_second(second).unwrap(),
        distribution: Some(Distribution::debian()).filter(|_| second % 2 == 0),
        package: package.to_owned(),
        product: "luna:moon".parse().unwrap(),
        sense,
        reason: "it was looked up".to_owned(),
        by: "Ada".to_owned(),
    }
}

fn withdrawal() -> Withdrawal {
    Withdrawal {
        time: Timestamp::from_second(9).unwrap(),
        reason: "it was wrong".to_owned(),
        by: "Grace".to_owned(),
    }
}

#[test]
fn a_statement_is_read_as_it_was_made_and_stays_when_it_is_withdrawn() {
    on_each(|database| {
        let made = [
            statement(1, "moon", Sense::Is),
            statement(2, "sun", Sense::IsNot),
        ];
        for statement in &made {
            let statement = statement.clone();
            database.write(async move |session| session.add_identity_statement(&statement).await);
        }
        database.write(async |session| session.withdraw_identity_statement(1, &withdrawal()).await);
        let stored = database.read(async |session| session.identity_statements().await);
        let statements: Vec<_> = stored.iter().map(|row| row.statement.clone()).collect();
        assert_eq!(statements, made);
        let withdrawn: Vec<_> = stored.iter().map(|row| row.withdrawn.clone()).collect();
        assert_eq!(withdrawn, [Some(withdrawal()), None]);
    });
}

#[test]
fn a_statement_that_cannot_be_read_is_named() {
    on_each(|database| {
        database.write(async |session| {
            let statement = statement(1, "moon", Sense::Is);
            session.add_identity_statement(&statement).await
        });
        database.execute("UPDATE identity_statement SET product = 'luna'");
        let error = database.wait(async {
            let mut session = database.store.read().await.unwrap();
            session.identity_statements().await.unwrap_err()
        });
        let told = error.to_string();
        let named = "read what is stored: statement 1 of an identity: \"luna\" is no product";
        assert!(told.starts_with(named), "{told}");
    });
}

#[test]
fn a_statement_is_withdrawn_once() {
    on_each(|database| {
        database.write(async |session| {
            let id = session
                .add_identity_statement(&statement(1, "moon", Sense::Is))
                .await?;
            session.withdraw_identity_statement(id, &withdrawal()).await
        });
        let again = database.wait(async {
            let mut session = database.store.write().await.unwrap();
            session.withdraw_identity_statement(1, &withdrawal()).await
        });
        assert!(again.is_err());
    });
}

#[test]
fn packages_are_given_what_stands_of_their_names() {
    on_each(|database| {
        let found = database.write(async |session| {
            let sources = [new_source("moon"), new_source("sun"), new_source("star")];
            let (ids, _) = session.write_source_packages("debian", &sources).await?;
            for (second, package) in [(1, "moon"), (2, "sun"), (3, "sun"), (4, "comet")] {
                let statement = statement(second, package, Sense::Is);
                session.add_identity_statement(&statement).await?;
            }
            session
                .withdraw_identity_statement(2, &withdrawal())
                .await?;
            assert_eq!(
                session.sources_called(["sun", "comet"].into_iter()).await?,
                [ids[1]]
            );
            session.identities_of(&ids[1..]).await
        });
        assert_eq!(found, [statement(3, "sun", Sense::Is)]);
        let none: [SourcePackageId; 0] = [];
        let found = database.read(async move |session| session.identities_of(&none).await);
        assert_eq!(found, []);
    });
}

//! A branch of aports is followed commit by commit, from a folder and from an address.

use palisade_tracker::sync::{
    AportsBranch, Beginning, GitBranch, GitRepository, Pace, Source, SourceKind,
};

use crate::aports_trees::{Aports, apkbuild};
use crate::git_server::serve;
use crate::sync::World;

fn source(aports: &Aports, repository: GitRepository) -> Source {
    World::source(SourceKind::Aports(AportsBranch {
        branch: GitBranch {
            repository,
            git_branch: "master".to_owned(),
            branch: "alpine/v3.99".parse().unwrap(),
            from: Some(Beginning::Commit(aports.commits[0].clone())),
            pace: Pace::OneOf(1),
            attempts: 3,
        },
        only: None,
    }))
}

#[tokio::test]
async fn each_commit_is_a_revision() {
    let mut aports = Aports::with_history();
    let world = World::new().await;
    let source = source(&aports, GitRepository::Folder(aports.path()));
    assert_eq!(
        world.sync(&source).await,
        [
            "master secfixes: +1 ~0 -0",
            "master: +4 ~0 -0",
            "master secfixes: +1 ~0 -0",
            "master: +0 ~2 -0",
            "master secfixes: +0 ~0 -1",
            "master: +0 ~0 -1",
        ]
    );
    assert_eq!(world.sync(&source).await, ["master: unchanged"]);
    aports.write("main/new/APKBUILD", &apkbuild("new", "1-r0", &[], ""));
    aports.commit();
    assert_eq!(world.sync(&source).await, ["master: +1 ~0 -0"]);
}

#[tokio::test]
async fn a_commit_without_packages_is_passed_by_and_tried_again() {
    let mut aports = Aports::with_history();
    fs_err::remove_dir_all(aports.path().join("main")).unwrap();
    fs_err::remove_dir_all(aports.path().join("community")).unwrap();
    aports.commit();
    aports.write("main/new/APKBUILD", &apkbuild("new", "1-r0", &[], ""));
    aports.commit();
    let world = World::new().await;
    let source = source(&aports, GitRepository::Folder(aports.path()));
    let told = world.sync(&source).await;
    let failed = format!("master/{}: failed: source: ", aports.commits[3]);
    let failed = told.iter().find(|line| line.starts_with(&failed)).unwrap();
    assert!(
        failed.contains("there is no APKBUILD in it (try 1 of 3"),
        "{failed}"
    );
    assert_eq!(told.last().unwrap(), "master: +1 ~0 -3");
}

#[tokio::test]
async fn a_repository_in_the_own_network_is_only_fetched_where_that_is_allowed() {
    let aports = Aports::with_history();
    let world = World::new().await;
    let address = serve(aports.path()).await;
    let address = GitRepository::Address(address.parse().unwrap());
    let mut source = source(&aports, address);
    source.private = false;
    let told = world.sync(&source).await;
    assert!(
        told[0].contains("private = true in the source allows it"),
        "{told:?}"
    );
    source.private = true;
    assert_eq!(world.sync(&source).await.len(), 6);
}

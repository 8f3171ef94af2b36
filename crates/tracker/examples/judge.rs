//! Measures judging: `judge DATABASE DISTRIBUTION/BRANCH…` prints what a full judgement of each
//! branch and one of 1,000 vulnerabilities take in milliseconds of the process's CPU time, loading
//! apart from judging.

use std::time::Duration;

use palisade_tracker::{Judged, Store, judge_branch, judge_vulnerabilities};

/// The same allocator as the `palisade` command's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What this process has spent of the processors so far, on all its threads.
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), nanoseconds)
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "its output is what it is for")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let store = Store::open(&arguments.next().ok_or("name a database")?).await?;
    let milliseconds = |duration: Duration| duration.as_secs_f64() * 1000.0;
    let print = |what: &str, judged: Judged| {
        println!(
            "{what}\t{}\t{}\t{:.0}\t{:.0}",
            judged.subjects,
            judged.findings,
            milliseconds(judged.loading),
            milliseconds(judged.judging),
        );
    };
    for branch in arguments {
        let (distribution, name) = branch.split_once('/').ok_or("write DISTRIBUTION/BRANCH")?;
        print(
            &branch,
            judge_branch(&store, distribution, name, cpu_time).await?,
        );
    }
    let ids = store.read().await?.some_vulnerabilities(167, 1000).await?;
    print(
        "changed",
        judge_vulnerabilities(&store, &ids, cpu_time).await?,
    );
    Ok(())
}

//! A throw-away PostgreSQL server for tests: started from the machine's own programs, reached
//! through a Unix socket only, gone when this program ends, in whatever way it ends.

use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};

use anyhow::Context;

use crate::programs::{output, search_path, status, succeeds};

/// The variable in which tests and benches find the server's address.
pub(crate) const VARIABLE: &str = "PALISADE_TEST_POSTGRES";

/// Durability is worth nothing for a database that lives for minutes, and speed is.
const SETTINGS: &str = "\
listen_addresses = ''
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 128MB
max_connections = 200
max_wal_size = 2GB
autovacuum_naptime = 10min
";

/// Waits until its standard input ends, then stops the server ($1: `pg_ctl`, $2: the folder) and
/// clears away.
const GUARD: &str = r#"
trap '' INT TERM HUP QUIT
read -r _
"$1" -D "$2/data" -m immediate -s stop
rm -rf "$2"
"#;

/// A running server. Dropping it stops it; so does the end of this program by Ctrl-C, a panic or a
/// kill, as all of them close the guard's standard input.
pub(crate) struct Cluster {
    folder: PathBuf,
    guard: Child,
    stop: Option<ChildStdin>,
}

impl Cluster {
    /// The address of its first database, in which its user may make others.
    pub(crate) fn address(&self) -> String {
        format!(
            "postgres://postgres@localhost/postgres?host={}",
            self.folder.display()
        )
    }

    fn start(programs: &Path) -> anyhow::Result<Self> {
        let owner = Owner::of_server();
        let folder =
            output(
                owner
                    .command("mktemp")
                    .args(["-d", "-t", "palisade-postgres.XXXXXXXX"]),
            );
        let folder = PathBuf::from(folder.context("make a folder for the server")?);
        let mut guard = owner
            .command("sh")
            .args(["-c", GUARD, "guard"])
            .args([&programs.join("pg_ctl"), &folder])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            // Ctrl-C reaches every process of the terminal's group; the guard has to outlive it.
            .process_group(0)
            .spawn()
            .context("start a shell")?;
        let cluster = Self {
            stop: guard.stdin.take(),
            guard,
            folder,
        };
        let data = cluster.folder.join("data");
        let mut initdb = owner.command(programs.join("initdb"));
        initdb.args([
            "--no-sync",
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
        ]);
        output(initdb.args(["--locale=C.UTF-8", "-D"]).arg(&data)).context("make a database")?;
        cluster.write_settings(&owner)?;
        let mut start = owner.command(programs.join("pg_ctl"));
        start.args(["-w", "-s", "-t", "60", "-D"]).arg(&data);
        start.arg("-l").arg(cluster.folder.join("log")).arg("start");
        // The server keeps what it inherits: a pipe of ours would never end.
        start
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit());
        let started = start.status().context("start PostgreSQL")?;
        anyhow::ensure!(started.success(), "PostgreSQL did not start");
        Ok(cluster)
    }

    fn write_settings(&self, owner: &Owner) -> anyhow::Result<()> {
        let file = self.folder.join("data/postgresql.auto.conf");
        let mut tee = owner
            .command("tee")
            .arg(file)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        let mut input = tee.stdin.take().context("write settings")?;
        input.write_all(SETTINGS.as_bytes())?;
        writeln!(
            input,
            "unix_socket_directories = '{}'",
            self.folder.display()
        )?;
        drop(input);
        anyhow::ensure!(tee.wait()?.success(), "the settings could not be written");
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.guard.wait();
    }
}

/// Who runs the server: PostgreSQL refuses to run as root.
struct Owner {
    user: Option<&'static str>,
}

impl Owner {
    fn of_server() -> Self {
        let user = is_root().then(|| {
            let known = succeeds(Command::new("id").arg("postgres"));
            if known { "postgres" } else { "nobody" }
        });
        Self { user }
    }

    fn command(&self, program: impl AsRef<Path>) -> Command {
        let program = program.as_ref();
        let mut command = match self.user {
            None => Command::new(program),
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(program);
                command
            }
        };
        // The project's folder may be closed to another user.
        command.current_dir("/");
        command
    }
}

fn is_root() -> bool {
    fs_err::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// A server for the tests; `None`, said in one line, when there is one already or none to be had.
pub(crate) fn for_tests() -> anyhow::Result<Option<Cluster>> {
    if std::env::var_os(VARIABLE).is_some() {
        eprintln!("PostgreSQL: the one that {VARIABLE} names");
        return Ok(None);
    }
    if programs().is_none() && is_root() {
        install();
    }
    let Some(programs) = programs() else {
        eprintln!(
            "skipped: no tests on PostgreSQL; install its server (apt-get install postgresql)"
        );
        return Ok(None);
    };
    let cluster = Cluster::start(&programs)?;
    eprintln!(
        "PostgreSQL: a server of our own, from {}",
        programs.display()
    );
    Ok(Some(cluster))
}

/// `cargo xtask postgres COMMAND`: runs a command beside a server.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let (program, rest) = arguments
        .split_first()
        .context("tell which command to run")?;
    let cluster = for_tests()?;
    let mut command = Command::new(program);
    command.args(rest);
    if let Some(cluster) = &cluster {
        command.env(VARIABLE, cluster.address());
    }
    status(&mut command)
}

/// Installs the server with Debian's packages; whether that worked is seen by looking again.
fn install() {
    if !succeeds(Command::new("apt-get").arg("--version")) {
        return;
    }
    eprintln!("installing PostgreSQL's server for the tests");
    for arguments in [
        &["update"][..],
        &["install", "--yes", "--no-install-recommends", "postgresql"],
    ] {
        succeeds(
            Command::new("apt-get")
                .args(arguments)
                .env("DEBIAN_FRONTEND", "noninteractive"),
        );
    }
}

/// The folder of PostgreSQL's server programs, the newest version first.
fn programs() -> Option<PathBuf> {
    let versions = fs_err::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let mut versions: Vec<PathBuf> = versions.map(|entry| entry.path()).collect();
    versions.sort_by_key(|path| std::cmp::Reverse(number(path)));
    let installed = versions.into_iter().map(|path| path.join("bin"));
    let complete = |folder: &PathBuf| {
        ["initdb", "pg_ctl", "postgres"]
            .iter()
            .all(|program| folder.join(program).is_file())
    };
    installed.chain(search_path()).find(complete)
}

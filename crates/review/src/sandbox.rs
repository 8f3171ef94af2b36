//! Confinement of the process that reads hostile bytes.
//!
//! After [`confine`] the process has what it opened before and nothing else: no file of the system
//! but those below folders that were named, and those to read only; no network; no other program;
//! no more memory and time than it was given. There is no way back, for any of its threads.

use std::collections::BTreeMap;
use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope, path_beneath_rules,
};
use rustix::process::{Resource, Rlimit, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

/// Why a process could not be confined.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A resource limit was refused.
    #[error("limit the worker's resources: {0}")]
    Limits(#[from] rustix::io::Errno),
    /// Landlock refused.
    #[error("confine the worker to its files: {0}")]
    Files(#[from] landlock::RulesetError),
    /// The kernel has no Landlock, or it is switched off.
    #[error("confine the worker to its files: this kernel does not offer Landlock")]
    NoLandlock,
    /// The filter of system calls was refused.
    #[error("confine the worker to its system calls: {0}")]
    Calls(String),
}

/// What a confined process may use.
#[derive(Clone, Debug)]
pub struct Confines {
    /// Folders that it may read.
    pub folders: Vec<PathBuf>,
    /// The most bytes of address space.
    pub memory: u64,
    /// The most seconds of processor time.
    pub seconds: u64,
}

/// Confines this process; to be called before any other thread is started.
pub fn confine(confines: &Confines) -> Result<(), Error> {
    limit_resources(confines)?;
    limit_files(&confines.folders)?;
    limit_calls(!confines.folders.is_empty())
}

fn limit_resources(confines: &Confines) -> Result<(), Error> {
    // Packs of a repository are mapped, each by a descriptor of its own.
    let descriptors = if confines.folders.is_empty() { 32 } else { 512 };
    // Processes are not counted, as threads would be among them: the filter refuses to make any.
    let limits = [
        (Resource::As, confines.memory),
        (Resource::Cpu, confines.seconds),
        (Resource::Fsize, 0),
        (Resource::Nofile, descriptors),
        (Resource::Core, 0),
    ];
    for (resource, most) in limits {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, limit)?;
    }
    Ok(())
}

fn limit_files(folders: &[PathBuf]) -> Result<(), Error> {
    // What newer kernels can refuse besides is refused where they run.
    let abi = ABI::V6;
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?
        .add_rules(path_beneath_rules(
            folders,
            AccessFs::ReadFile | AccessFs::ReadDir,
        ))?
        .restrict_self()?;
    match status.ruleset {
        RulesetStatus::NotEnforced => Err(Error::NoLandlock),
        _ => Ok(()),
    }
}

/// What computing, reading what is open and writing the answer need.
const ALWAYS: &[libc::c_long] = &[
    libc::SYS_brk,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_fcntl,
    libc::SYS_fstat,
    libc::SYS_futex,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_lseek,
    libc::SYS_madvise,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_nanosleep,
    libc::SYS_pread64,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_sigaltstack,
    libc::SYS_tgkill,
    libc::SYS_write,
    libc::SYS_writev,
];

/// What walking folders needs besides.
const FOLDERS: &[libc::c_long] = &[
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_getcwd,
    libc::SYS_getdents64,
    libc::SYS_newfstatat,
    libc::SYS_readlinkat,
    libc::SYS_statx,
    // The C library still has the old forms of these where the kernel does.
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lstat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
];

fn limit_calls(with_folders: bool) -> Result<(), Error> {
    let failed = |error: seccompiler::BackendError| Error::Calls(error.to_string());
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    rules.extend(ALWAYS.iter().map(|call| (*call, Vec::new())));
    // The flags of clone3 are out of a filter's sight, so that the C library is sent to clone.
    let missing = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let thread = argument(0, flag(libc::CLONE_THREAD), flag(libc::CLONE_THREAD))?;
    rules.insert(libc::SYS_clone, vec![thread]);
    if with_folders {
        rules.extend(FOLDERS.iter().map(|call| (*call, Vec::new())));
        let writes = flag(libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC);
        let reading = argument(2, writes, flag(libc::O_RDONLY))?;
        rules.insert(libc::SYS_openat, vec![reading]);
    }
    rules.insert(libc::SYS_clone3, Vec::new());
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(failed)?;
    let refused = SeccompAction::Errno(flag_number(libc::EPERM));
    let unknown = SeccompAction::Errno(flag_number(libc::ENOSYS));
    let allow = SeccompAction::Allow;
    for (rules, otherwise, matched) in [(missing, allow.clone(), unknown), (rules, refused, allow)]
    {
        let filter = SeccompFilter::new(rules, otherwise, matched, arch).map_err(failed)?;
        let program = BpfProgram::try_from(filter).map_err(failed)?;
        seccompiler::apply_filter(&program).map_err(|error| Error::Calls(error.to_string()))?;
    }
    Ok(())
}

/// Requires that these bits of an argument have this value.
fn argument(index: u8, mask: u64, value: u64) -> Result<SeccompRule, Error> {
    let compare = SeccompCmpOp::MaskedEq(mask);
    SeccompCondition::new(index, SeccompCmpArgLen::Dword, compare, value)
        .and_then(|condition| SeccompRule::new(vec![condition]))
        .map_err(|error| Error::Calls(error.to_string()))
}

fn flag(bits: libc::c_int) -> u64 {
    u64::from(flag_number(bits))
}

/// Flags and error numbers are positive.
fn flag_number(bits: libc::c_int) -> u32 {
    bits.unsigned_abs()
}

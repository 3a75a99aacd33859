//! The real host on a disk that fails: killed at a chosen write, without power, full, or lying.
//!
//! `shim.c` is compiled once and loaded before the C library, so nothing of the host is made for tests.
//! Linux only, where a host is run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::command;

/// What happens, and when.
#[derive(Debug, Clone)]
pub struct Fault {
    /// `kill`, `torn`, `powercut`, `eio` or `enospc`.
    pub what: &'static str,
    /// `write`, `sync`, `rename`, `truncate` or `any`.
    pub call: &'static str,
    /// The how-manieth such call, from 1; 0 with `enospc` is whenever the disk is [full](Disk::fill).
    pub number: u64,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}:{}", self.what, self.call, self.number)
    }
}

/// What a host under watch did to its data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calls {
    /// Writes of any kind.
    pub writes: u64,
    /// fsync and fdatasync.
    pub syncs: u64,
    /// All that is counted.
    pub all: u64,
}

/// A host's disk: counts, and fails as told.
#[derive(Debug)]
pub struct Disk {
    data: PathBuf,
    place: tempfile::TempDir,
}

impl Disk {
    /// For a host whose data are in `data`.
    ///
    /// # Panics
    /// When the folder cannot be made.
    #[must_use]
    pub fn of(data: &Path) -> Self {
        std::fs::create_dir_all(data).expect("a folder can be made");
        Self { data: data.to_path_buf(), place: tempfile::tempdir().expect("a temporary folder") }
    }

    /// What the host's environment needs.
    ///
    /// # Panics
    /// When the shim cannot be compiled.
    #[must_use]
    pub fn environment(&self, fault: Option<&Fault>) -> Vec<(String, String)> {
        let text = |path: &Path| path.to_str().expect("temporary folders are UTF-8").to_owned();
        let mut all = vec![
            ("LD_PRELOAD".to_owned(), text(shim())),
            ("MAPWRIGHT_FAULT_DIR".to_owned(), text(&self.data)),
            ("MAPWRIGHT_FAULT_COUNTS".to_owned(), text(&self.counts())),
            ("MAPWRIGHT_FAULT_WHILE".to_owned(), text(&self.flag())),
        ];
        if let Some(fault) = fault {
            all.push(("MAPWRIGHT_FAULT".to_owned(), fault.to_string()));
        }
        all
    }

    /// Lets `enospc` last until [`Disk::free`].
    ///
    /// # Panics
    /// When a file cannot be made.
    pub fn fill(&self) {
        std::fs::write(self.flag(), "").expect("a file can be made");
    }

    /// There is room again.
    ///
    /// # Panics
    /// When it was not full.
    pub fn free(&self) {
        std::fs::remove_file(self.flag()).expect("it was full");
    }

    /// What was done to the disk since the last host started.
    #[must_use]
    pub fn calls(&self) -> Calls {
        let bytes = std::fs::read(self.counts()).unwrap_or_default();
        let number = |place: usize| {
            let at = place * 8;
            let bytes = bytes.get(at..at + 8).and_then(|it| it.try_into().ok());
            u64::from_ne_bytes(bytes.unwrap_or_default())
        };
        Calls { writes: number(0), syncs: number(1), all: number(4) }
    }

    fn counts(&self) -> PathBuf {
        self.place.path().join("counts")
    }

    fn flag(&self) -> PathBuf {
        self.place.path().join("full")
    }
}

/// The compiled shim.
fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("harness/faults/shim.c");
        // Made under a name of this process and renamed, because several may do so at once.
        let place = command::path().with_file_name("mapwright-faults.so");
        let draft = place.with_extension(format!("{}.so", std::process::id()));
        let mut compiler = Command::new("cc");
        compiler.args(["-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"]);
        compiler.arg(&draft).arg(&source).args(["-ldl", "-lpthread"]);
        let status = compiler.status().expect("there is a C compiler: SQLite needed one as well");
        assert!(status.success(), "{} does not compile", source.display());
        std::fs::rename(&draft, &place).expect("a file can be renamed");
        place
    })
}

//! Machine code kept on disk, so that a plugin is compiled once and not at each start.
//!
//! `data/compiled/COMPONENT-ENGINE.cwasm`, named by the sha256 of the component and by what the
//! engine's settings and version come to, each with a `.mac` beside it. wasmtime runs whatever such a
//! file says without a look, so none is mapped before its MAC has been checked under a key that this
//! folder was made with (`key`, readable by the host's user only); and none ever comes from outside:
//! precompiled files are refused wherever plugins come in. One that is damaged, of another engine or of
//! another key is no error: the plugin is compiled again.
//!
//! The code is mapped from the file and read in page by page, and given back once a plugin is loaded,
//! so a thousand plugins cost what is used of them. Whoever can write to this folder as the host's user could change the host as well; against
//! that nothing here helps.

use std::fs::{File, OpenOptions};
use std::hash::{Hash as _, Hasher as _};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use wasmtime::component::Component;

use super::engine::Engine;
use super::error::LoadError;

const KEY_FILE: &str = "key";
const KEY_BYTES: usize = 32;
const CODE: &str = "cwasm";
const MAC: &str = "mac";

/// The folder.
#[derive(Clone)]
pub(super) struct Compiled {
    dir: PathBuf,
    key: Hmac<Sha256>,
    engine: String,
}

impl std::fmt::Debug for Compiled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compiled").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Engine {
    /// A component ready to be linked: its code as it was kept, or compiled now and kept.
    pub(super) fn component(&self, wasm: &[u8]) -> Result<Component, LoadError> {
        let (compiled, compiler) = self.compiler();
        let Some(compiled) = compiled else {
            return Component::from_binary(self.wasmtime(), wasm)
                .map_err(|error| LoadError::Invalid(format!("{error:#}")));
        };
        let digest = hex::encode(Sha256::digest(wasm));
        if let Some(component) = compiled.find(self.wasmtime(), &digest) {
            return Ok(component);
        }
        let code = compiler.compile(self, wasm)?;
        match compiled.keep(&digest, &code) {
            Ok(()) => {
                if let Some(component) = compiled.find(self.wasmtime(), &digest) {
                    return Ok(component);
                }
            }
            // A full disk is no reason not to run a plugin.
            Err(error) => tracing::warn!(%error, "machine code of a plugin cannot be kept"),
        }
        #[expect(unsafe_code, reason = "wasmtime runs what it is given")]
        // SAFETY: wasmtime asks for bytes of its own making: the compiler of this host made them.
        let component = unsafe { Component::deserialize(self.wasmtime(), &code) };
        component.map_err(|error| LoadError::Compiler(format!("its code does not load: {error:#}")))
    }
}

/// Lets the machine have the memory that loading a plugin has filled with its code. Most plugins of a
/// host rest most of the time; what is used of one comes back from the file, page by page.
pub(super) fn rest(component: &Component) {
    let code = component.image_range();
    let length = code.end.addr() - code.start.addr();
    #[expect(unsafe_code, reason = "the system call has no safe wrapper here")]
    // SAFETY: the range is the component's own mapping, which lives as long as it does. This kind of
    // advice never changes what is read there: pages that differ from the file are not dropped.
    let advised =
        unsafe { libc::madvise(code.start.cast_mut().cast(), length, libc::MADV_PAGEOUT) };
    if advised != 0 {
        tracing::debug!(error = %std::io::Error::last_os_error(), "a plugin's code stays in memory");
    }
}

impl Compiled {
    /// Opens the folder, or makes it. What another engine left there goes.
    pub(super) fn open(dir: &Path, engine: &wasmtime::Engine) -> std::io::Result<Self> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let key = Hmac::new_from_slice(&key(dir)?).expect("any key will do");
        let opened = Self { dir: dir.to_owned(), key, engine: fingerprint(engine) };
        opened.remove_others();
        Ok(opened)
    }

    /// The component with this digest, if its code is here and ours.
    pub(super) fn find(&self, engine: &wasmtime::Engine, digest: &str) -> Option<Component> {
        let (code, mac) = self.places(digest);
        let mut file = File::open(&code).ok()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).ok()?;
        let given = std::fs::read(mac).ok()?;
        if self.mac(digest, &bytes).verify_slice(&given).is_err() {
            tracing::warn!(
                file = %code.display(),
                "kept machine code is not what the host wrote; compiling again"
            );
            return None;
        }
        // SAFETY: wasmtime asks for bytes of its own making, in a file that does not change. What was
        // just read from it carries a MAC under a key that only the host's user can read; it is
        // replaced as a whole by such a one, and never changed in place.
        #[expect(unsafe_code, reason = "wasmtime runs what it is given")]
        let mapped = unsafe { Component::deserialize_file(engine, &code) };
        match mapped {
            Ok(component) => Some(component),
            Err(error) => {
                tracing::warn!(
                    file = %code.display(),
                    error = format!("{error:#}"),
                    "kept machine code does not fit this engine; compiling again"
                );
                None
            }
        }
    }

    /// Keeps code that this host has just compiled.
    pub(super) fn keep(&self, digest: &str, bytes: &[u8]) -> std::io::Result<()> {
        let (code, mac) = self.places(digest);
        let draft = self.draft(bytes)?;
        // What a power cut leaves would be caught by the MAC. But only pages that are on the disk can be given
        // back after loading (`rest`), and newer kernels map a file that was just written as a whole.
        draft.as_file().sync_data()?;
        draft.persist(code)?;
        self.draft(&self.mac(digest, bytes).finalize().into_bytes())?.persist(mac)?;
        Ok(())
    }

    fn draft(&self, bytes: &[u8]) -> std::io::Result<tempfile::NamedTempFile> {
        let mut draft = tempfile::NamedTempFile::new_in(&self.dir)?;
        draft.write_all(bytes)?;
        Ok(draft)
    }

    fn mac(&self, digest: &str, bytes: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.key.clone();
        mac.update(digest.as_bytes());
        mac.update(self.engine.as_bytes());
        mac.update(bytes);
        mac
    }

    fn places(&self, digest: &str) -> (PathBuf, PathBuf) {
        let code = self.dir.join(format!("{digest}-{}.{CODE}", self.engine));
        (code.clone(), code.with_extension(MAC))
    }

    fn remove_others(&self) {
        let Ok(listing) = std::fs::read_dir(&self.dir) else { return };
        let ours = format!("-{}", self.engine);
        for path in listing.filter_map(|entry| Some(entry.ok()?.path())) {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let code = path.extension().is_some_and(|it| it == CODE || it == MAC);
            if code && !stem.ends_with(&ours) {
                // It would only take up room.
                drop(std::fs::remove_file(&path));
            }
        }
    }
}

/// The folder's key; made with it.
fn key(dir: &Path) -> std::io::Result<[u8; KEY_BYTES]> {
    let place = dir.join(KEY_FILE);
    let mut key = [0; KEY_BYTES];
    match File::open(&place).and_then(|mut file| file.read_exact(&mut key)) {
        Ok(()) => return Ok(key),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        // One that was cut short protects nothing.
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {}
        Err(error) => return Err(error),
    }
    File::open("/dev/urandom")?.read_exact(&mut key)?;
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&place)?;
    file.write_all(&key)?;
    file.sync_all()?;
    Ok(key)
}

/// What machine code depends on besides the component.
fn fingerprint(engine: &wasmtime::Engine) -> String {
    /// A hasher whose answer is the same in every build.
    struct Stable(Sha256);
    impl std::hash::Hasher for Stable {
        fn finish(&self) -> u64 {
            let digest = self.0.clone().finalize();
            u64::from_be_bytes(*digest.first_chunk().expect("a sha256 has 32 bytes"))
        }
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
    }
    let mut hasher = Stable(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

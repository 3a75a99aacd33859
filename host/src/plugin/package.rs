//! What is brought in: a WebAssembly file, or a package of one with its cases, tables and words.
//!
//! ```text
//! plugin.wasm        the component or core module
//! cases/NAME/...     golden cases, as `mapwright test` reads them
//! lookups/NAME.csv   tables that the cases need
//! tables/NAME.csv    truth tables a merchant has signed, each with its NAME.toml
//! README*, LICENSE*, CHANGELOG*
//! ```
//! A `.zip` or `.tar.gz`, told by its first bytes and never by a name. It is read into memory and
//! written nowhere, so a name that leads elsewhere could do no harm; it is refused all the same, with
//! everything else that an honest package has no use for: links, encryption, two entries of one name, and
//! more than the ceilings below. One folder around all of it is taken off; hidden files and what a Mac
//! leaves are passed over. It costs at most [`TOTAL_BYTES_MAX`] of memory while it is looked over.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read, Write};
use std::str::FromStr;

use serde::Serialize;

use super::limits::FILE_BYTES_MAX;

/// Entries, folders counted.
pub const ENTRIES_MAX: usize = 5_000;
/// Everything in it, unpacked.
pub const TOTAL_BYTES_MAX: u64 = 64 << 20;
/// What an entry may grow to, beyond the first megabyte: JSON packs twentyfold, a bomb thousandfold.
const RATIO_MAX: u64 = 200;
const RATIO_FREE_BYTES: u64 = 1 << 20;
/// The longest name of an entry.
const NAME_BYTES_MAX: usize = 300;
/// The file that is the plugin.
pub const PLUGIN: &str = "plugin.wasm";
/// The folders that mean something.
pub const FOLDERS: [&str; 3] = ["cases", "lookups", "tables"];
/// The beginnings of the files that may stand beside the plugin.
pub const WORDS: [&str; 3] = ["README", "LICENSE", "CHANGELOG"];

/// How a plugin was brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Form {
    /// The WebAssembly file itself.
    #[serde(rename = "file")]
    File,
    /// A zip.
    #[serde(rename = "zip")]
    Zip,
    /// A tar, packed with gzip.
    #[serde(rename = "tar.gz")]
    TarGz,
}

impl Form {
    /// By the first bytes; whatever is no package counts as a file, for admission to say what it is.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        match bytes {
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Self::Zip,
            [0x1f, 0x8b, ..] => Self::TarGz,
            _ => Self::File,
        }
    }

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Zip => "zip",
            Self::TarGz => "tar.gz",
        }
    }
}

impl FromStr for Form {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let name = name.to_ascii_lowercase();
        match () {
            () if name.ends_with(".zip") => Ok(Self::Zip),
            () if name.ends_with(".tar.gz") || name.ends_with(".tgz") => Ok(Self::TarGz),
            () => Err("a package is a .zip or a .tar.gz".to_owned()),
        }
    }
}

/// Why a package is not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{said}")]
pub struct PackageError {
    /// Stable and machine-readable.
    pub code: &'static str,
    /// Which entry, what is wrong with it and what to do.
    pub said: String,
}

fn refused<T>(code: &'static str, said: impl Into<String>) -> Result<T, PackageError> {
    Err(PackageError { code, said: said.into() })
}

fn damaged(error: &dyn std::fmt::Display) -> PackageError {
    let said = format!("the package is damaged ({error}): make it again and send the whole of it");
    PackageError { code: "package_damaged", said }
}

/// What was brought, opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// How it came.
    pub form: Form,
    /// The plugin.
    pub wasm: Vec<u8>,
    /// Everything else by name, folders divided by `/`.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Package {
    /// Opens it.
    ///
    /// # Errors
    /// [`PackageError`] with the entry that is in the way.
    pub fn open(bytes: &[u8]) -> Result<Self, PackageError> {
        let form = Form::of(bytes);
        let mut entries = Entries::default();
        match form {
            Form::File => {
                return Ok(Self { form, wasm: bytes.to_vec(), files: BTreeMap::new() });
            }
            Form::Zip => read_zip(bytes, &mut entries)?,
            Form::TarGz => read_tar(bytes, &mut entries)?,
        }
        let mut files = entries.sorted()?;
        let Some(wasm) = files.remove(PLUGIN) else {
            let there: Vec<&str> = files.keys().take(5).map(String::as_str).collect();
            return refused(
                "package_without_plugin",
                format!(
                    "the package has no {PLUGIN}, only {}: make it with `mapwright pack`",
                    if there.is_empty() { "nothing".to_owned() } else { there.join(", ") }
                ),
            );
        };
        Ok(Self { form, wasm, files })
    }

    /// What it is, in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self.form {
            Form::File => "the file itself".to_owned(),
            form => format!("{}, {} files beside the plugin", form.as_str(), self.files.len()),
        }
    }

    /// Makes a package of files by name, the same bytes for the same files.
    ///
    /// # Errors
    /// When there is more than [`Package::open`] would take.
    pub fn make(form: Form, files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, PackageError> {
        let made = packed(form, files)?;
        Self::open(&made)?;
        Ok(made)
    }
}

/// What came beside a plugin, as one file to be kept.
///
/// # Errors
/// When it cannot be packed.
pub fn bundle(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, PackageError> {
    packed(Form::TarGz, files)
}

/// What [`bundle`] made one file of.
///
/// # Errors
/// When it is no such file.
pub fn unbundle(bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, PackageError> {
    let mut entries = Entries::default();
    read_tar(bytes, &mut entries)?;
    entries.sorted()
}

fn packed(form: Form, files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, PackageError> {
    let failed = |error: &dyn std::fmt::Display| PackageError {
        code: "package_not_made",
        said: format!("the package cannot be made: {error}"),
    };
    let mut made = Vec::new();
    match form {
        Form::File => return refused("package_not_made", "a file is no package"),
        Form::Zip => {
            let mut zip = zip::ZipWriter::new(Cursor::new(&mut made));
            let options = zip::write::SimpleFileOptions::default()
                .compression_method(zip::CompressionMethod::Deflated)
                .last_modified_time(zip::DateTime::default())
                .unix_permissions(0o644);
            for (name, bytes) in files {
                zip.start_file(name.as_str(), options).map_err(|error| failed(&error))?;
                zip.write_all(bytes).map_err(|error| failed(&error))?;
            }
            zip.finish().map_err(|error| failed(&error))?;
        }
        Form::TarGz => {
            let level = flate2::Compression::default();
            let gz = flate2::GzBuilder::new().mtime(0).write(&mut made, level);
            let mut tar = tar::Builder::new(gz);
            for (name, bytes) in files {
                let mut header = tar::Header::new_gnu();
                header.set_size(bytes.len() as u64);
                header.set_mode(0o644);
                header.set_mtime(0);
                let appended = tar.append_data(&mut header, name, bytes.as_slice());
                appended.map_err(|error| failed(&error))?;
            }
            let gz = tar.into_inner().map_err(|error| failed(&error))?;
            gz.finish().map_err(|error| failed(&error))?;
        }
    }
    Ok(made)
}

/// Entries as they are read, counted.
#[derive(Debug, Default)]
struct Entries {
    names: BTreeSet<String>,
    files: BTreeMap<String, Vec<u8>>,
    count: usize,
    total: u64,
}

impl Entries {
    /// Looks at a name; none if the entry is passed over.
    fn name(&mut self, raw: &[u8], is_folder: bool) -> Result<Option<String>, PackageError> {
        self.count += 1;
        if self.count > ENTRIES_MAX {
            let said = format!("the package has more than {ENTRIES_MAX} entries");
            return refused("package_entries", said);
        }
        let Ok(name) = std::str::from_utf8(raw) else {
            let said = format!("`{}` is no name in UTF-8", String::from_utf8_lossy(raw));
            return refused("package_name", said);
        };
        let shown: String = name.chars().take(100).flat_map(char::escape_debug).collect();
        if name.len() > NAME_BYTES_MAX || name.is_empty() {
            return refused(
                "package_name",
                format!("`{shown}` is not a name of 1 to {NAME_BYTES_MAX} bytes"),
            );
        }
        if name.contains(['\\', '\0']) || name.chars().any(char::is_control) {
            return refused(
                "package_name",
                format!("`{shown}` has a character that no name needs"),
            );
        }
        let windows_drive = name.as_bytes().get(1) == Some(&b':');
        if name.starts_with('/') || windows_drive {
            return refused("package_absolute_path", format!("`{shown}` is an absolute path"));
        }
        let trimmed = if is_folder { name.trim_end_matches('/') } else { name };
        let trimmed = trimmed.strip_prefix("./").unwrap_or(trimmed);
        if trimmed.is_empty() || trimmed == "." {
            return Ok(None);
        }
        let mut hidden = false;
        for part in trimmed.split('/') {
            if part == ".." {
                return refused(
                    "package_path_traversal",
                    format!("`{shown}` leads out of the package"),
                );
            }
            if part.is_empty() || part == "." {
                return refused("package_name", format!("`{shown}` has an empty part"));
            }
            hidden |= part.starts_with('.') || part == "__MACOSX";
        }
        // A file system that folds case would take these for one.
        if !self.names.insert(trimmed.to_lowercase()) && !is_folder {
            return refused("package_duplicate", format!("`{shown}` is in the package twice"));
        }
        Ok((!hidden && !is_folder).then(|| trimmed.to_owned()))
    }

    /// Reads a file within all limits.
    fn read(
        &mut self,
        name: Option<String>,
        from: impl Read,
        packed: Option<u64>,
    ) -> Result<(), PackageError> {
        let room = TOTAL_BYTES_MAX - self.total;
        let most = FILE_BYTES_MAX.min(room);
        let fair = packed.map_or(u64::MAX, |packed| {
            packed.saturating_mul(RATIO_MAX).saturating_add(RATIO_FREE_BYTES)
        });
        let mut bytes = Vec::new();
        let limit = most.min(fair);
        // What an entry says of its own size is not believed.
        from.take(limit + 1).read_to_end(&mut bytes).map_err(|error| damaged(&error))?;
        let shown = name.as_deref().unwrap_or("a hidden file");
        if bytes.len() as u64 > limit {
            return match () {
                () if limit == fair && fair < most => refused(
                    "package_bomb",
                    format!("`{shown}` unpacks to more than {RATIO_MAX} times its size"),
                ),
                () if most == room => refused(
                    "package_too_large",
                    format!(
                        "with `{shown}` the package unpacks to more than {TOTAL_BYTES_MAX} bytes"
                    ),
                ),
                () => refused(
                    "package_too_large",
                    format!("`{shown}` is larger than {FILE_BYTES_MAX} bytes"),
                ),
            };
        }
        self.total += bytes.len() as u64;
        if let Some(name) = name {
            self.files.insert(name, bytes);
        }
        Ok(())
    }

    /// All files, without a folder around all of them, each where a file may be.
    fn sorted(self) -> Result<BTreeMap<String, Vec<u8>>, PackageError> {
        let mut files = self.files;
        let around = files.keys().next().and_then(|first| first.split_once('/')).map(|it| it.0);
        let around = around.filter(|folder| !FOLDERS.contains(folder)).map(|it| format!("{it}/"));
        if let Some(around) = around.filter(|it| files.keys().all(|name| name.starts_with(it))) {
            let inner = |(name, bytes): (String, Vec<u8>)| {
                name.strip_prefix(&around).map(|name| (name.to_owned(), bytes))
            };
            files = files.into_iter().filter_map(inner).collect();
        }
        let strange = files.keys().find(|name| {
            let known = match name.split_once('/') {
                Some((folder, _)) => FOLDERS.contains(&folder),
                None => **name == PLUGIN || WORDS.iter().any(|word| name.starts_with(word)),
            };
            !known
        });
        match strange {
            None => Ok(files),
            Some(name) => refused(
                "package_strange_file",
                format!(
                    "`{name}` does not belong in a package, which has {PLUGIN}, {} and {}",
                    FOLDERS.map(|it| format!("{it}/")).join(", "),
                    WORDS.map(|it| format!("{it}*")).join(", ")
                ),
            ),
        }
    }
}

fn read_zip(bytes: &[u8], entries: &mut Entries) -> Result<(), PackageError> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    // The reader keeps one entry of each name: two would be one, and which nobody could say.
    duplicates(bytes, zip.central_directory_start())?;
    if zip.has_overlapping_files().map_err(|error| damaged(&error))? {
        return refused("package_bomb", "two entries of the package share their bytes");
    }
    for index in 0..zip.len() {
        let (raw, is_folder, packed) = {
            let entry = zip.by_index_raw(index).map_err(|error| damaged(&error))?;
            let shown = entry.name().to_owned();
            if entry.encrypted() {
                return refused("package_encrypted", format!("`{shown}` is encrypted"));
            }
            let kind = entry.unix_mode().map_or(0, |mode| mode & 0o170_000);
            if entry.is_symlink() || !matches!(kind, 0 | 0o100_000 | 0o040_000) {
                return refused(
                    "package_link",
                    format!("`{shown}` is no file but a link or a device"),
                );
            }
            let stored = matches!(
                entry.compression(),
                zip::CompressionMethod::Stored | zip::CompressionMethod::Deflated
            );
            if !stored {
                let said = format!("`{shown}` is packed in a way other than deflate");
                return refused("package_method", said);
            }
            (entry.name_raw().to_vec(), entry.is_dir(), entry.compressed_size())
        };
        let name = entries.name(&raw, is_folder)?;
        if !is_folder {
            let entry = zip.by_index(index).map_err(|error| damaged(&error))?;
            entries.read(name, entry, Some(packed))?;
        }
    }
    Ok(())
}

/// Walks the zip's own list of entries for two of one name.
fn duplicates(bytes: &[u8], start: u64) -> Result<(), PackageError> {
    const HEAD: usize = 46;
    let mut seen = BTreeSet::new();
    let mut rest = usize::try_from(start).ok().and_then(|start| bytes.get(start..)).unwrap_or(&[]);
    while let Some(head) = rest.get(..HEAD).filter(|head| head.starts_with(b"PK\x01\x02")) {
        let number = |at: usize| usize::from(u16::from_le_bytes([head[at], head[at + 1]]));
        let (name, extra, comment) = (number(28), number(30), number(32));
        let Some(raw) = rest.get(HEAD..HEAD + name) else { break };
        if !seen.insert(raw) {
            let shown = String::from_utf8_lossy(raw);
            return refused("package_duplicate", format!("`{shown}` is in the package twice"));
        }
        rest = rest.get(HEAD + name + extra + comment..).unwrap_or(&[]);
    }
    Ok(())
}

fn read_tar(bytes: &[u8], entries: &mut Entries) -> Result<(), PackageError> {
    // Names and padding come with the files; the stream as a whole is bounded too.
    let overhead = (ENTRIES_MAX as u64) * 2_048;
    let unpacked = flate2::read::GzDecoder::new(bytes).take(TOTAL_BYTES_MAX + overhead + 1);
    let mut unpacked = Fair { from: unpacked, given: 0, packed: bytes.len() as u64 };
    let mut tar = tar::Archive::new(&mut unpacked);
    for entry in tar.entries().map_err(|error| damaged(&error))? {
        let entry = entry.map_err(|error| bomb_or_damaged(&error))?;
        let raw = entry.path_bytes().into_owned();
        let kind = entry.header().entry_type();
        let shown = String::from_utf8_lossy(&raw).into_owned();
        let is_folder = match kind {
            tar::EntryType::Directory => true,
            tar::EntryType::Regular | tar::EntryType::Continuous => false,
            tar::EntryType::XGlobalHeader => continue,
            tar::EntryType::Symlink | tar::EntryType::Link => {
                return refused("package_link", format!("`{shown}` is a link"));
            }
            _ => return refused("package_link", format!("`{shown}` is neither file nor folder")),
        };
        let name = entries.name(&raw, is_folder)?;
        if !is_folder {
            entries.read(name, entry, None).map_err(|error| match error.code {
                "package_damaged" if error.said.contains(BOMB) => bomb(),
                _ => error,
            })?;
        }
    }
    Ok(())
}

const BOMB: &str = "unpacks to more than it may";

fn bomb() -> PackageError {
    let said = format!("the package unpacks to more than {RATIO_MAX} times its size");
    PackageError { code: "package_bomb", said }
}

fn bomb_or_damaged(error: &std::io::Error) -> PackageError {
    if error.to_string().contains(BOMB) { bomb() } else { damaged(error) }
}

/// Gives no more than is fair for what was packed.
struct Fair<R> {
    from: R,
    given: u64,
    packed: u64,
}

impl<R: Read> Read for Fair<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.given += read as u64;
        if self.given > self.packed.saturating_mul(RATIO_MAX).saturating_add(RATIO_FREE_BYTES) {
            return Err(std::io::Error::other(BOMB));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn files(names: &[&str]) -> BTreeMap<String, Vec<u8>> {
        names.iter().map(|name| ((*name).to_owned(), name.as_bytes().to_vec())).collect()
    }

    /// A zip with an entry of any name and mode, as no honest tool makes it.
    fn zip_with(name: &str, bytes: &[u8], mode: u32) -> Vec<u8> {
        let mut made = Vec::new();
        let mut zip = zip::ZipWriter::new(Cursor::new(&mut made));
        let options = zip::write::SimpleFileOptions::default().unix_permissions(mode);
        zip.start_file(PLUGIN, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(b"wasm").unwrap();
        match mode & 0o170_000 {
            0o120_000 => zip.add_symlink(name, "elsewhere", options).unwrap(),
            _ => {
                zip.start_file(name, options).unwrap();
                zip.write_all(bytes).unwrap();
            }
        }
        zip.finish().unwrap();
        made
    }

    /// The same as a tar: the header is written by hand, because the library is too honest.
    fn tar_with(name: &str, kind: tar::EntryType, bytes: &[u8]) -> Vec<u8> {
        let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(
            Vec::new(),
            flate2::Compression::default(),
        ));
        for (name, kind, bytes) in
            [(PLUGIN, tar::EntryType::Regular, &b"wasm"[..]), (name, kind, bytes)]
        {
            let mut header = tar::Header::new_gnu();
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(kind);
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            tar.append(&header, bytes).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    }

    fn code(bytes: &[u8]) -> &'static str {
        Package::open(bytes).map_or_else(|error| error.code, |_| "opened")
    }

    #[test]
    fn what_is_packed_is_what_is_opened_and_the_same_files_make_the_same_bytes() {
        let all = files(&[PLUGIN, "README.md", "cases/a/payload.json", "lookups/t.csv"]);
        for form in [Form::Zip, Form::TarGz] {
            let made = Package::make(form, &all).unwrap();
            assert_eq!(made, Package::make(form, &all).unwrap());
            let opened = Package::open(&made).unwrap();
            assert_eq!((opened.form, &*opened.wasm), (form, PLUGIN.as_bytes()));
            assert_eq!(opened.files.len(), 3);
        }
        let bare = Package::open(b"\0asm").unwrap();
        assert_eq!((bare.form, bare.files.len()), (Form::File, 0));
    }

    #[test]
    fn a_folder_around_it_is_taken_off_and_what_a_mac_leaves_is_passed_over() {
        let names =
            ["x-1/plugin.wasm", "x-1/cases/a/payload.json", "x-1/.DS_Store", "__MACOSX/x-1/._a"];
        let mut made = Vec::new();
        let mut zip = zip::ZipWriter::new(Cursor::new(&mut made));
        for name in names {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        }
        zip.finish().unwrap();
        let opened = Package::open(&made).unwrap();
        assert_eq!(opened.files.keys().collect::<Vec<_>>(), ["cases/a/payload.json"]);
    }

    #[test]
    fn each_thing_that_an_honest_package_has_no_use_for_is_refused_by_its_name() {
        let zeros = vec![0; 8 << 20];
        let regular = tar::EntryType::Regular;
        let cases: Vec<(&str, Vec<u8>)> = vec![
            ("package_path_traversal", zip_with("../evil", b"x", 0o644)),
            ("package_path_traversal", zip_with("cases/../../evil", b"x", 0o644)),
            ("package_path_traversal", tar_with("cases/../../evil", regular, b"x")),
            ("package_absolute_path", zip_with("/etc/passwd", b"x", 0o644)),
            ("package_absolute_path", tar_with("/etc/passwd", regular, b"x")),
            ("package_absolute_path", zip_with("C:evil", b"x", 0o644)),
            ("package_name", zip_with("cases\\evil", b"x", 0o644)),
            ("package_name", zip_with("cases//evil", b"x", 0o644)),
            ("package_name", tar_with("cases/a\u{7}b", regular, b"x")),
            ("package_link", zip_with("cases/link", b"", 0o120_777)),
            ("package_link", tar_with("cases/link", tar::EntryType::Symlink, b"")),
            ("package_link", tar_with("cases/link", tar::EntryType::Link, b"")),
            ("package_link", tar_with("cases/disk", tar::EntryType::Block, b"")),
            ("package_duplicate", tar_with(PLUGIN, regular, b"other")),
            ("package_duplicate", zip_with("Plugin.WASM", b"other", 0o644)),
            ("package_strange_file", zip_with("run.sh", b"x", 0o755)),
            ("package_strange_file", zip_with("src/lib.rs", b"x", 0o644)),
            ("package_bomb", zip_with("cases/zeros", &zeros, 0o644)),
            ("package_bomb", tar_with("cases/zeros", regular, &zeros)),
            ("package_damaged", b"PK\x03\x04nothing".to_vec()),
            ("package_damaged", b"\x1f\x8bnothing".to_vec()),
        ];
        for (wanted, bytes) in cases {
            assert_eq!(code(&bytes), wanted, "{:?}", Package::open(&bytes));
        }
        let only_words = files(&["README.md"]);
        assert_eq!(
            Package::make(Form::Zip, &only_words).unwrap_err().code,
            "package_without_plugin"
        );
        let many: Vec<String> = (0..=ENTRIES_MAX).map(|number| format!("cases/{number}")).collect();
        let many: BTreeMap<_, _> = many.into_iter().map(|name| (name, Vec::new())).collect();
        for form in [Form::Zip, Form::TarGz] {
            assert_eq!(Package::make(form, &many).unwrap_err().code, "package_entries");
        }
    }

    #[test]
    fn two_entries_of_one_name_and_encrypted_ones_are_seen_in_a_zip_s_own_list() {
        let honest = zip_with("cases/other.wasm", b"evil", 0o644);
        let place = |name: &[u8], bytes: &[u8]| {
            bytes.windows(name.len()).rposition(|it| it == name).unwrap()
        };
        // The second name is written over with the first in both places, which keeps its length.
        let mut twice = zip_with("plugin.wasX", b"evil", 0o644);
        while let Some(at) = twice.windows(11).position(|it| it == b"plugin.wasX") {
            twice[at + 10] = b'm';
        }
        assert_eq!(code(&twice), "package_duplicate");
        let mut secret = honest.clone();
        let list = place(b"PK\x01\x02", &secret);
        secret[list + 8] |= 1;
        assert_eq!(code(&secret), "package_encrypted");
        assert_eq!(code(&honest), "opened");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, kind in 0..3_u8, cut in 0.0..1.0_f64, flip: u8) {
            let all = files(&[PLUGIN, "README.md", "cases/a/payload.json"]);
            let mut made = match kind {
                0 => [b"PK\x03\x04".to_vec(), bytes].concat(),
                1 => Package::make(Form::Zip, &all).unwrap(),
                _ => Package::make(Form::TarGz, &all).unwrap(),
            };
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in it")]
            let at = (made.len() as f64 * cut) as usize;
            if let Some(byte) = made.get_mut(at) {
                *byte ^= flip;
            }
            drop(Package::open(&made));
        }
    }
}

//! The shelf: a copy of every plugin version that was in use or brought in, so that a replay can name one.
//!
//! `data/plugins/NAME@VERSION@SHA256.wasm`, readable with `ls`, put there before the version's first
//! event, never changed, and removed when a merchant keeps more than it may and nobody needs it. It costs the file's size on disk once for
//! each version; a version is compiled again (about a second for each megabyte) when a replay asks
//! for it and it is not in use.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::engine::Engine;
use super::job::Stages;
use super::limits::LimitsPatch;
use super::plugin::Plugin;

/// The fewest digits of a digest that name a version.
const PREFIX_CHARS_MIN: usize = 6;

/// A folder of plugin versions. Clones are the same shelf.
#[derive(Debug, Clone)]
pub struct Shelf {
    dir: PathBuf,
    engine: Engine,
}

/// One version on the shelf.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kept {
    /// The manifest's name.
    pub name: String,
    /// The manifest's version.
    pub version: String,
    /// sha256 of the file, hex.
    pub digest: String,
}

impl From<&Plugin> for Kept {
    fn from(plugin: &Plugin) -> Self {
        Self {
            name: plugin.name().to_owned(),
            version: plugin.version().to_owned(),
            digest: plugin.digest().to_owned(),
        }
    }
}

impl Kept {
    fn file(&self) -> String {
        format!("{}@{}@{}.wasm", self.name, self.version, self.digest)
    }

    fn of(file: &str) -> Option<Self> {
        let mut parts = file.strip_suffix(".wasm")?.splitn(3, '@').map(str::to_owned);
        let (name, version, digest) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { name, version, digest })
    }

    /// Whether `wanted` means this one: `NAME@VERSION`, `VERSION` or the beginning of the digest.
    fn is(&self, wanted: &str) -> bool {
        let by_digest = wanted.len() >= PREFIX_CHARS_MIN && self.digest.starts_with(wanted);
        by_digest || self.version == wanted || format!("{}@{}", self.name, self.version) == wanted
    }
}

impl Shelf {
    /// The shelf in this folder; it is made when something is put there.
    #[must_use]
    pub fn new(dir: PathBuf, engine: Engine) -> Self {
        Self { dir, engine }
    }

    /// Puts a version there that was loaded from `path`. A file that has changed since then is
    /// left alone: its own version will be put there when it is in use.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn keep(&self, plugin: &Plugin, path: &Path) -> std::io::Result<()> {
        let kept = Kept {
            name: plugin.name().to_owned(),
            version: plugin.version().to_owned(),
            digest: plugin.digest().to_owned(),
        };
        let place = self.dir.join(kept.file());
        if place.exists() {
            return Ok(());
        }
        let bytes = std::fs::read(path)?;
        if hex::encode(Sha256::digest(&bytes)) != kept.digest {
            return Ok(());
        }
        self.write(&place, &bytes)
    }

    /// Puts a version there that was loaded from these bytes.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn put(&self, plugin: &Plugin, bytes: &[u8]) -> std::io::Result<()> {
        let kept = Kept {
            name: plugin.name().to_owned(),
            version: plugin.version().to_owned(),
            digest: plugin.digest().to_owned(),
        };
        let place = self.dir.join(kept.file());
        if place.exists() { Ok(()) } else { self.write(&place, bytes) }
    }

    fn write(&self, place: &Path, bytes: &[u8]) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.dir)?;
        let mut draft = tempfile::NamedTempFile::new_in(&self.dir)?;
        draft.write_all(bytes)?;
        draft.as_file().sync_all()?;
        draft.persist(place)?;
        Ok(())
    }

    /// All that is there, by name.
    #[must_use]
    pub fn all(&self) -> Vec<Kept> {
        let Ok(listing) = std::fs::read_dir(&self.dir) else { return Vec::new() };
        let mut all: Vec<Kept> =
            listing.filter_map(|entry| Kept::of(entry.ok()?.file_name().to_str()?)).collect();
        all.sort();
        all
    }

    /// The one version that `wanted` means.
    ///
    /// # Errors
    /// One sentence for a person when it means none, or several.
    pub fn find(&self, wanted: &str) -> Result<Kept, String> {
        self.find_among(wanted, |_| true)
    }

    /// The same among some of them; the others are not mentioned either.
    ///
    /// # Errors
    /// As [`Shelf::find`].
    pub fn find_among(&self, wanted: &str, some: impl Fn(&Kept) -> bool) -> Result<Kept, String> {
        let all: Vec<Kept> = self.all().into_iter().filter(some).collect();
        let mut meant: Vec<Kept> = all.iter().filter(|kept| kept.is(wanted)).cloned().collect();
        match (meant.pop(), meant.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(last), false) => {
                meant.push(last);
                let names: Vec<String> = meant.iter().map(short).collect();
                Err(format!("`{wanted}` means several plugins: {}", names.join(", ")))
            }
            (None, _) => {
                let names: Vec<String> = all.iter().map(short).collect();
                Err(format!(
                    "no plugin version `{wanted}` is kept here; there are: {}",
                    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
                ))
            }
        }
    }

    /// The plugins of a route with this version in place of the one of the same name.
    ///
    /// # Errors
    /// One sentence for a person when it cannot be had, or the route has no such plugin.
    pub async fn in_place(&self, stages: &Stages, digest: &str) -> Result<Stages, String> {
        let kept = self.find(digest)?;
        let (shelf, mut stages) = (self.clone(), stages.clone());
        let loading = tokio::task::spawn_blocking(move || {
            let all =
                [&mut stages.status_translation, &mut stages.pricing, &mut stages.field_mapping];
            let mut any = false;
            for stage in all.into_iter().flatten().filter(|it| it.plugin.name() == kept.name) {
                *stage = stage.with(shelf.plugin(&kept, stage.asked())?);
                any = true;
            }
            match any {
                true => Ok(stages),
                false => Err(format!("the route has no plugin {}", short(&kept))),
            }
        });
        loading.await.map_err(|error| format!("loading the plugin failed: {error}"))?
    }

    /// Takes a version away.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn remove(&self, kept: &Kept) -> std::io::Result<()> {
        std::fs::remove_file(self.dir.join(kept.file()))
    }

    /// Where it is.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A version, ready to be called: within its profile's limits, with what is asked for in their place.
    ///
    /// # Errors
    /// One sentence for a person when its file is gone, changed, or does not load any more.
    pub fn plugin(&self, kept: &Kept, asked: &LimitsPatch) -> Result<Plugin, String> {
        let bytes = self.read(kept)?;
        let limits = asked.for_file(&bytes);
        self.engine.load(&kept.name, &bytes, &limits).map_err(|error| error.to_string())
    }

    /// A version's file.
    ///
    /// # Errors
    /// One sentence for a person when it is gone or changed.
    pub fn read(&self, kept: &Kept) -> Result<Vec<u8>, String> {
        let path = self.dir.join(kept.file());
        let bytes = std::fs::read(&path)
            .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        if hex::encode(Sha256::digest(&bytes)) != kept.digest {
            return Err(format!("{} is not what its name says: it was changed", path.display()));
        }
        Ok(bytes)
    }
}

/// `name@version (sha256 beginning)`.
fn short(kept: &Kept) -> String {
    let digest: String = kept.digest.chars().take(12).collect();
    format!("{}@{} ({digest})", kept.name, kept.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_called_by_its_digest_its_number_or_both_names() {
        let kept = Kept::of("woo-rules@1.2.0-rc.1+b@0123456789abcdef.wasm").unwrap();
        assert_eq!(kept.file(), "woo-rules@1.2.0-rc.1+b@0123456789abcdef.wasm");
        for (wanted, meant) in [
            ("1.2.0-rc.1+b", true),
            ("woo-rules@1.2.0-rc.1+b", true),
            ("012345", true),
            ("0123456789abcdef", true),
            ("01234", false),
            ("woo-rules", false),
            ("", false),
        ] {
            assert_eq!(kept.is(wanted), meant, "{wanted}");
        }
    }
}

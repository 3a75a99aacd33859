//! The seal: how far the journal had got, kept beside it.
//!
//! A log whose middle is damaged reads as one that ends there: SQLite cannot tell lost commits from
//! commits that never were. So after each commit the last event and the last mark are noted in a small
//! file of its own, and a journal that ends before its seal is refused. The note is not synced: after
//! a power cut it may be older than the journal, which says nothing, but it is never newer than what
//! was on the disk. It costs one write of 20 bytes for each group of commands.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Its name in the data folder.
pub(super) const FILE: &str = "journal.seal";

/// How far the journal has got.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reached {
    /// The last event.
    pub(super) seq: u64,
    /// The last mark.
    pub(super) mark: u64,
}

/// The open file.
#[derive(Debug)]
pub(super) struct Seal {
    file: File,
    noted: Reached,
}

impl Seal {
    /// Opens the seal, and says what it notes; nothing where there is none or it cannot be read,
    /// because a seal that is damaged itself says nothing about the journal.
    pub(super) fn open(dir: &Path) -> std::io::Result<(Self, Option<Reached>)> {
        let path = dir.join(FILE);
        let mut file =
            File::options().create(true).truncate(false).read(true).write(true).open(path)?;
        let mut bytes = Vec::new();
        Read::by_ref(&mut file).take(64).read_to_end(&mut bytes)?;
        let noted = decode(&bytes);
        Ok((Self { file, noted: noted.unwrap_or_default() }, noted))
    }

    /// Notes how far the journal has got. A failure is not told: the journal itself is what counts.
    pub(super) fn note(&mut self, reached: Reached) {
        if reached == self.noted {
            return;
        }
        let written =
            self.file.seek(SeekFrom::Start(0)).and_then(|_| self.file.write_all(&encode(reached)));
        match written {
            Ok(()) => self.noted = reached,
            Err(error) => tracing::debug!(%error, "the journal's seal could not be written"),
        }
    }
}

fn encode(reached: Reached) -> [u8; 20] {
    let mut bytes = [0; 20];
    bytes[..8].copy_from_slice(&reached.seq.to_le_bytes());
    bytes[8..16].copy_from_slice(&reached.mark.to_le_bytes());
    let sum = crc32fast::hash(&bytes[..16]);
    bytes[16..].copy_from_slice(&sum.to_le_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Option<Reached> {
    let bytes: &[u8; 20] = bytes.try_into().ok()?;
    let number = |at: usize| {
        let bytes = bytes[at..at + 8].try_into().expect("eight bytes are eight bytes");
        u64::from_le_bytes(bytes)
    };
    let reached = Reached { seq: number(0), mark: number(8) };
    (encode(reached) == *bytes).then_some(reached)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_says_what_was_noted_last_or_nothing_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let (mut seal, noted) = Seal::open(dir.path()).unwrap();
        assert_eq!(noted, None);
        let reached = Reached { seq: 1_000_000, mark: 7 };
        seal.note(Reached { seq: 5, mark: 1 });
        seal.note(reached);
        assert_eq!(Seal::open(dir.path()).unwrap().1, Some(reached));
        let path = dir.path().join(FILE);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[3] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(Seal::open(dir.path()).unwrap().1, None);
    }
}

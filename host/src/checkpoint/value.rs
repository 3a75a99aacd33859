//! How a checkpoint lies in the store, byte by byte.
//!
//! A key is a letter and three parts, each behind its length (two bytes, big-endian): `c`, merchant,
//! route, resource for a checkpoint; `p`, merchant, connection, list for a place in a list. A value, all numbers big-endian:
//! ```text
//! schema u8 = 1 | flags u8 | mark u64 | event_seq u64 | version i64, microseconds (if flagged)
//! | status: length u32, text (if flagged) | checkpoint: length u32, text (if flagged)
//! | target status: length u32, text (if flagged) | crc32 u32
//! ```
//! The CRC runs over key and value, so a value that lies under a wrong key is noticed as well. A
//! checkpoint too large for the store is flagged `elsewhere`: it is in the journal, with the event
//! and the route.

use jiff::Timestamp;

use super::ResourceCheckpoint;

/// sled writes large values without ever syncing them; nothing near that size may get there.
pub(super) const VALUE_BYTES_MAX: usize = 32 * 1024 - 1;
/// Keys are as bounded as values: names and resource keys are far shorter.
const PART_BYTES_MAX: usize = u16::MAX as usize;
/// The only schema so far.
const SCHEMA: u8 = 1;

const HAS_VERSION: u8 = 1;
const HAS_STATUS: u8 = 2;
const HAS_CHECKPOINT: u8 = 4;
const ELSEWHERE: u8 = 8;
const HAS_TARGET_STATUS: u8 = 16;

/// A value as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) checkpoint: ResourceCheckpoint,
    /// The plugin's checkpoint is in the journal.
    pub(super) elsewhere: bool,
}

pub(super) fn key(merchant: &str, route: &str, resource_key: &str) -> Vec<u8> {
    join(b'c', [merchant, route, resource_key])
}

/// The key of the place in a list.
pub(super) fn place_key(merchant: &str, connection: &str, list: &str) -> Vec<u8> {
    join(b'p', [merchant, connection, list])
}

fn join(kind: u8, parts: [&str; 3]) -> Vec<u8> {
    let mut key = Vec::with_capacity(7 + parts.iter().map(|part| part.len()).sum::<usize>());
    key.push(kind);
    for part in parts {
        let part = &part.as_bytes()[..part.len().min(PART_BYTES_MAX)];
        let length = u16::try_from(part.len()).expect("it was cut to fit");
        key.extend_from_slice(&length.to_be_bytes());
        key.extend_from_slice(part);
    }
    key
}

/// What is stored for `checkpoint`: with the plugin's text if it fits, without it if not.
pub(super) fn encode(key: &[u8], checkpoint: &ResourceCheckpoint) -> Vec<u8> {
    let whole = write(key, checkpoint, false);
    if whole.len() <= VALUE_BYTES_MAX {
        return whole;
    }
    let pointer = write(key, checkpoint, true);
    if pointer.len() <= VALUE_BYTES_MAX {
        return pointer;
    }
    // A status of 32 KiB is no status; the plugin's previous status is then unknown.
    let bare = ResourceCheckpoint { status: None, target_status: None, ..checkpoint.clone() };
    write(key, &bare, true)
}

fn write(key: &[u8], it: &ResourceCheckpoint, elsewhere: bool) -> Vec<u8> {
    let text = it.checkpoint.as_deref().filter(|_| !elsewhere);
    let mut flags = 0;
    flags |= if it.version.is_some() { HAS_VERSION } else { 0 };
    flags |= if it.status.is_some() { HAS_STATUS } else { 0 };
    flags |= if text.is_some() { HAS_CHECKPOINT } else { 0 };
    flags |= if elsewhere && it.checkpoint.is_some() { ELSEWHERE } else { 0 };
    flags |= if it.target_status.is_some() { HAS_TARGET_STATUS } else { 0 };
    let mut value = vec![SCHEMA, flags];
    value.extend_from_slice(&it.mark.to_be_bytes());
    value.extend_from_slice(&it.event_seq.to_be_bytes());
    if let Some(version) = it.version {
        value.extend_from_slice(&version.as_microsecond().to_be_bytes());
    }
    for text in [it.status.as_deref(), text, it.target_status.as_deref()].into_iter().flatten() {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        value.extend_from_slice(&length.to_be_bytes());
        value.extend_from_slice(text.as_bytes());
    }
    seal(key, value)
}

/// Adds the CRC.
pub(super) fn seal(key: &[u8], mut value: Vec<u8>) -> Vec<u8> {
    let crc = crc(key, &value);
    value.extend_from_slice(&crc.to_be_bytes());
    value
}

/// Takes the CRC off, if it is right.
pub(super) fn unseal<'v>(key: &[u8], value: &'v [u8]) -> Option<&'v [u8]> {
    let (value, sum) = value.split_last_chunk::<4>()?;
    (crc(key, value) == u32::from_be_bytes(*sum)).then_some(value)
}

fn crc(key: &[u8], value: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(value);
    hasher.finalize()
}

/// Reads a value; nothing if it is not what [`encode`] writes.
pub(super) fn decode(key: &[u8], value: &[u8]) -> Option<Stored> {
    let mut rest = unseal(key, value)?;
    let [schema, flags] = *take::<2>(&mut rest)?;
    if schema != SCHEMA {
        return None;
    }
    let mark = u64::from_be_bytes(*take(&mut rest)?);
    let event_seq = u64::from_be_bytes(*take(&mut rest)?);
    let version = match flags & HAS_VERSION {
        0 => None,
        _ => Some(Timestamp::from_microsecond(i64::from_be_bytes(*take(&mut rest)?)).ok()?),
    };
    let status = if flags & HAS_STATUS == 0 { None } else { Some(text(&mut rest)?) };
    let checkpoint = if flags & HAS_CHECKPOINT == 0 { None } else { Some(text(&mut rest)?) };
    let target_status = if flags & HAS_TARGET_STATUS == 0 { None } else { Some(text(&mut rest)?) };
    rest.is_empty().then_some(Stored {
        checkpoint: ResourceCheckpoint {
            checkpoint,
            status,
            target_status,
            version,
            event_seq,
            mark,
        },
        elsewhere: flags & ELSEWHERE != 0,
    })
}

fn take<'v, const N: usize>(rest: &mut &'v [u8]) -> Option<&'v [u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(head)
}

fn text(rest: &mut &[u8]) -> Option<String> {
    let length = usize::try_from(u32::from_be_bytes(*take(rest)?)).ok()?;
    let (head, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    String::from_utf8(head.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint(bytes: usize) -> ResourceCheckpoint {
        ResourceCheckpoint {
            checkpoint: Some("x".repeat(bytes)),
            status: Some("paid".into()),
            target_status: Some("processing".into()),
            version: Some("2026-11-22T02:14:55Z".parse().unwrap()),
            event_seq: 7,
            mark: 3,
        }
    }

    #[test]
    fn a_value_reads_back_as_it_was_written() {
        let key = key("acme", "orders", "order/27");
        for it in [
            checkpoint(100),
            checkpoint(0),
            ResourceCheckpoint { checkpoint: None, status: None, version: None, ..checkpoint(0) },
            ResourceCheckpoint { target_status: None, ..checkpoint(7) },
        ] {
            let stored = decode(&key, &encode(&key, &it)).unwrap();
            assert_eq!(stored.checkpoint, it);
            assert!(!stored.elsewhere);
        }
    }

    #[test]
    fn a_large_checkpoint_is_left_in_the_journal() {
        let key = key("acme", "orders", "order/27");
        let value = encode(&key, &checkpoint(40_000));
        assert!(value.len() < 200);
        let stored = decode(&key, &value).unwrap();
        assert!(stored.elsewhere);
        assert_eq!(stored.checkpoint.status.as_deref(), Some("paid"));
    }

    #[test]
    fn no_change_of_a_single_byte_goes_unnoticed() {
        let right = key("acme", "orders", "order/27");
        let value = encode(&right, &checkpoint(30));
        for at in 0..value.len() {
            for bit in 0..8 {
                let mut changed = value.clone();
                changed[at] ^= 1 << bit;
                assert!(decode(&right, &changed).is_none(), "byte {at} bit {bit}");
            }
            assert!(decode(&right, &value[..at]).is_none());
        }
        assert!(decode(&key("acme", "orders", "order/28"), &value).is_none());
    }
}

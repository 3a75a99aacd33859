//! Payloads take a fifth of their size on disk: LZ4 with a dictionary of what WooCommerce sends.
//!
//! Orders of one shop differ in some hundred bytes; the rest are keys and phrases which the
//! dictionary already holds. Packing 5 KB costs some 5 microseconds, and saves the writer more than
//! that. What does not get smaller is kept as it is. A dictionary in use is never changed: a better
//! one gets a number of its own.

use bytes::Bytes;
use lz4_flex::block::{compress_prepend_size_with_dict, decompress_size_prepended_with_dict};

use super::Error;

/// The bytes as they are, as layout 1 kept them.
const PLAIN: u8 = 0;
/// LZ4 block with [`DICTIONARY_1`], behind the length in four bytes, little end first; then the sum.
const LZ4_1: u8 = 1;
/// The bytes as they are, then the sum.
const SUMMED: u8 = 2;

/// CRC-32 of all before it, little end first: SQLite checks the shape of its pages, not what is in them.
const SUM_BYTES: usize = 4;

const DICTIONARY_1: &[u8] = include_bytes!("dictionary-1.txt");

/// Shorter ones are not worth a look.
const WORTH_PACKING_BYTES: usize = 64;
/// No payload is taken in at this length; a larger number is damage, not to be allocated.
const UNPACKED_BYTES_MAX: usize = 1 << 30;

/// Bytes as they stand in a row.
#[derive(Debug, Clone)]
pub(super) struct Packed {
    pub(super) packing: u8,
    pub(super) bytes: Vec<u8>,
}

pub(super) fn pack(plain: &[u8]) -> Packed {
    if plain.len() >= WORTH_PACKING_BYTES {
        let packed = compress_prepend_size_with_dict(plain, DICTIONARY_1);
        if packed.len() < plain.len() {
            return Packed { packing: LZ4_1, bytes: summed(packed) };
        }
    }
    let mut bytes = Vec::with_capacity(plain.len() + SUM_BYTES);
    bytes.extend_from_slice(plain);
    Packed { packing: SUMMED, bytes: summed(bytes) }
}

fn summed(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

/// Takes the sum off, if it is right.
fn unsummed(mut bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
    let Some((inner, sum)) = bytes.split_last_chunk::<SUM_BYTES>() else {
        return Err(damaged("it is too short"));
    };
    if crc32fast::hash(inner) != u32::from_le_bytes(*sum) {
        return Err(damaged("its sum is wrong"));
    }
    bytes.truncate(bytes.len() - SUM_BYTES);
    Ok(bytes)
}

pub(super) fn unpack(packing: u8, bytes: Vec<u8>) -> Result<Bytes, Error> {
    match packing {
        PLAIN => Ok(bytes.into()),
        SUMMED => Ok(unsummed(bytes)?.into()),
        LZ4_1 => {
            let bytes = unsummed(bytes)?;
            let length = bytes.first_chunk::<4>().map(|it| u32::from_le_bytes(*it) as usize);
            if length.is_none_or(|length| length > UNPACKED_BYTES_MAX) {
                return Err(damaged("its length is not one of ours"));
            }
            decompress_size_prepended_with_dict(&bytes, DICTIONARY_1)
                .map(Bytes::from)
                .map_err(|error| damaged(&error.to_string()))
        }
        other => Err(damaged(&format!("it is packed in way {other}, which is not known here"))),
    }
}

fn damaged(why: &str) -> Error {
    Error::Damaged(format!("a payload cannot be unpacked: {why}").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sha2::Digest;

    #[test]
    fn the_dictionary_is_the_one_that_journals_were_written_with() {
        assert_eq!(
            hex::encode(sha2::Sha256::digest(DICTIONARY_1)),
            "33d06cd877247674a0f257fcf4320aedccc67cc17944515bdb45969907a0b8ee",
            "payloads packed with another dictionary could not be read any more"
        );
    }

    #[test]
    fn an_order_takes_less_than_a_third() {
        let order = include_bytes!(
            "../../../tests/fixtures/woocommerce/webhooks/044-order-es-eur-order-created.json"
        );
        let packed = pack(order);
        assert!(packed.bytes.len() * 3 < order.len(), "{} of {}", packed.bytes.len(), order.len());
        assert_eq!(unpack(packed.packing, packed.bytes).unwrap(), order.as_slice());
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_back(plain in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let packed = pack(&plain);
            prop_assert!(packed.bytes.len() <= plain.len() + SUM_BYTES);
            prop_assert_eq!(unpack(packed.packing, packed.bytes).unwrap(), plain);
        }

        #[test]
        fn a_flipped_bit_is_found(
            plain in proptest::collection::vec(any::<u8>(), 0..500), at in any::<usize>(),
        ) {
            let mut packed = pack(&plain);
            let bits = packed.bytes.len() * 8;
            let at = at % bits;
            packed.bytes[at / 8] ^= 1 << (at % 8);
            prop_assert!(matches!(unpack(packed.packing, packed.bytes), Err(Error::Damaged(_))));
        }

        #[test]
        fn damaged_bytes_are_an_error_or_other_bytes_but_never_a_panic(
            packing in 0_u8..4, bytes in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            // The length is the sender's word: keep the test's own allocations small.
            let mut bytes = bytes;
            if let Some(high) = bytes.get_mut(2..4) {
                high.fill(0);
            }
            drop(unpack(packing, bytes));
        }
    }
}

//! The memory as the build left it, and which of Python's objects in it will never die.
//!
//! Python counts references in each object, so a call that only reads what the build made writes to hundreds of
//! pages, and each first write to a page costs a page fault: two fifths of the time of a call. CPython has a remedy, an
//! object that is *immortal* is not counted (PEP 683), but no way to ask for it. So the SDK leaves a note of where
//! the objects are that it keeps for good (`mapwright_guest/_still.py`), and here their counts become the one that
//! says immortal. Objects of later calls are counted as ever.
//!
//! The note is bytes of this form, little-endian, and is blanked: a mark of 16 bytes, a count, their sum, then the
//! addresses. A component without one stays as it is; a note that does not fit what is in memory is refused.

/// How the note begins.
const MARK: &[u8; 16] = b"\x93mapwright:still";
/// Mark, count and sum.
const HEAD_BYTES: usize = 24;
/// What CPython 3.14 takes for immortal where a count has 32 bits, and what it begins such a count with.
const IMMORTAL_MIN: u32 = 1 << 30;
const IMMORTAL: u32 = 5 << 28;
/// A hole of fewer zeros costs less than another segment.
const ZEROS_MIN: usize = 64;
/// More than any plugin may have: what lies beyond is no memory of ours.
const BYTES_MAX: usize = 1 << 30;

/// A memory's contents from its beginning.
#[derive(Default)]
pub(super) struct Image {
    bytes: Vec<u8>,
}

impl Image {
    /// Puts a segment where it belongs; the later ones win.
    pub(super) fn put(&mut self, at: i32, segment: &[u8]) -> Result<(), String> {
        let at = usize::try_from(at.cast_unsigned()).unwrap_or(usize::MAX);
        let end = at.checked_add(segment.len()).filter(|end| *end <= BYTES_MAX);
        let end = end.ok_or("a segment lies beyond all memory")?;
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes[at..end].copy_from_slice(segment);
        Ok(())
    }

    /// Does what the note says; how many objects there were.
    pub(super) fn still(&mut self) -> Result<usize, String> {
        let Some((at, addresses)) = self.note() else { return Ok(0) };
        for address in &addresses {
            let object = *address as usize;
            let word = |at: usize| -> Option<u32> {
                let word = self.bytes.get(at..at.checked_add(4)?)?;
                Some(u32::from_le_bytes(word.try_into().ok()?))
            };
            let (count, of) = (word(object), word(object.saturating_add(4)));
            // A type is an object itself; what has none is no object.
            let fits = object.is_multiple_of(4)
                && of.is_some_and(|of| of > 0 && word(of as usize).is_some());
            match count {
                Some(count) if fits && count >= IMMORTAL_MIN => {}
                Some(count) if fits && count > 0 => {
                    self.bytes[object..object + 4].copy_from_slice(&IMMORTAL.to_le_bytes());
                }
                _ => return Err(format!("there is no object of Python's at {object:#x}")),
            }
        }
        self.bytes[at..at + HEAD_BYTES + 4 * addresses.len()].fill(0);
        Ok(addresses.len())
    }

    /// Where the note is, and its addresses.
    fn note(&self) -> Option<(usize, Vec<u32>)> {
        let mut from = 0;
        loop {
            let at = from + find(&self.bytes[from..], MARK)?;
            let words = |from: usize, count: usize| -> Option<Vec<u32>> {
                let bytes = self.bytes.get(from..from.checked_add(count.checked_mul(4)?)?)?;
                let words = bytes.as_chunks::<4>().0;
                Some(words.iter().map(|word| u32::from_le_bytes(*word)).collect())
            };
            // Half a note may be left of what made the whole one.
            if let [count, sum] = words(at + MARK.len(), 2)?[..]
                && let Some(addresses) = words(at + HEAD_BYTES, count as usize)
                && addresses.iter().fold(0_u32, |sum, it| sum.wrapping_add(*it)) == sum
                && count > 0
            {
                return Some((at, addresses));
            }
            from = at + 1;
        }
    }

    /// The segments it takes, without the zeros between.
    pub(super) fn segments(&self) -> Vec<(i32, &[u8])> {
        let (mut segments, mut at) = (Vec::new(), 0);
        let is_zero = |byte: &u8| *byte == 0;
        while let Some(begin) = self.bytes[at..].iter().position(|byte| *byte != 0) {
            let begin = at + begin;
            let mut end = begin;
            loop {
                end += self.bytes[end..].iter().position(is_zero).unwrap_or(self.bytes.len() - end);
                let zeros = self.bytes[end..].iter().take_while(|byte| is_zero(byte)).count();
                if zeros >= ZEROS_MIN || end + zeros == self.bytes.len() {
                    at = end + zeros;
                    break;
                }
                end += zeros;
            }
            // Within `BYTES_MAX`.
            segments.push((i32::try_from(begin).unwrap_or(i32::MAX), &self.bytes[begin..end]));
        }
        segments
    }
}

/// Where `what` begins in `bytes`.
fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A memory with two objects of a type at 64, and a note of them.
    fn image(addresses: &[u32]) -> Image {
        let mut image = Image::default();
        for (at, words) in [(64, [7, 64]), (96, [2, 64]), (128, [IMMORTAL_MIN, 64])] {
            image.put(at, &words.map(u32::to_le_bytes).concat()).unwrap();
        }
        let sum = addresses.iter().sum::<u32>();
        let count = u32::try_from(addresses.len()).unwrap();
        let words = [&[count, sum], addresses].concat();
        let words: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        // Half a note before the whole.
        image.put(256, MARK).unwrap();
        image.put(300, &[&MARK[..], &words].concat()).unwrap();
        image
    }

    #[test]
    fn what_the_note_names_becomes_immortal_and_nothing_else() {
        let mut image = image(&[96, 128]);
        assert_eq!(image.still(), Ok(2));
        let count = |at: usize| u32::from_le_bytes(image.bytes[at..at + 4].try_into().unwrap());
        assert_eq!([count(64), count(96), count(128)], [7, IMMORTAL, IMMORTAL_MIN]);
        assert!(image.bytes[300..].iter().all(|byte| *byte == 0), "the note is blanked");
        assert_eq!(image.still(), Ok(0));
    }

    #[test]
    fn a_note_that_does_not_fit_is_refused() {
        for address in [98, 32, 1 << 20] {
            assert!(image(&[address]).still().is_err(), "{address}");
        }
    }

    #[test]
    fn segments_are_what_is_there() {
        let mut image = Image::default();
        image.put(10, &[1; 5]).unwrap();
        image.put(12, &[0, 0, 2]).unwrap();
        image.put(500, &[3, 0, 0, 0]).unwrap();
        assert_eq!(image.segments(), [(10, &[1, 1, 0, 0, 2][..]), (500, &[3])]);
        assert!(image.put(-1, &[1]).is_err());
    }
}

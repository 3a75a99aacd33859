//! Text that no packing makes smaller, the same for the same seed: for tests that fill disks.

/// `len` letters, digits and two signs.
#[must_use]
pub fn noise(seed: u64, len: usize) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..len)
        .map(|_| {
            // xorshift64
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(SIGNS[(state >> 58) as usize])
        })
        .collect()
}

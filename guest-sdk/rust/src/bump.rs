//! A heap that only grows.
//!
//! The host makes a fresh instance for each call and drops it afterwards, memory and all, so giving
//! memory back inside a call is wasted work: allocating is adding to a pointer, and only the newest
//! block can be taken back or grown in place (which is what a growing `Vec` or `String` needs).
//! The price: a plugin that allocates in a long loop holds all of it until the call ends. If that
//! meets the merchant's memory limit, build with `default-features = false` for std's allocator.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;

const PAGE: usize = 65_536;
/// Memory is asked for in steps of at least this much: each `memory.grow` is a call into the host.
const STEP: usize = 4 * PAGE;

struct Bump {
    /// The next free byte; 0 before the first use.
    top: Cell<usize>,
    /// The end of what the module owns.
    end: Cell<usize>,
}

// SAFETY: wasm32 without threads: there is only one.
unsafe impl Sync for Bump {}

unsafe extern "C" {
    /// Where the linker's own data end; only its address means anything.
    static __heap_base: u8;
}

impl Bump {
    /// Makes sure that memory reaches to `end`.
    fn reserve(&self, end: usize) -> bool {
        if end <= self.end.get() {
            return true;
        }
        let have = core::arch::wasm32::memory_size::<0>() * PAGE;
        if end > have {
            let pages = (end - have).max(STEP).div_ceil(PAGE);
            // The larger step may break a limit that the bare need does not.
            if core::arch::wasm32::memory_grow::<0>(pages) == usize::MAX
                && core::arch::wasm32::memory_grow::<0>((end - have).div_ceil(PAGE)) == usize::MAX
            {
                return false;
            }
        }
        self.end.set(core::arch::wasm32::memory_size::<0>() * PAGE);
        true
    }
}

// SAFETY: blocks never overlap, because `top` only moves past what was given out (or back over the
// newest block when that is freed), are aligned by rounding up, and lie inside memory by `reserve`.
unsafe impl GlobalAlloc for Bump {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let top = match self.top.get() {
            0 => (&raw const __heap_base) as usize,
            top => top,
        };
        let start = (top + layout.align() - 1) & !(layout.align() - 1);
        match start.checked_add(layout.size()) {
            Some(end) if self.reserve(end) => {
                self.top.set(end);
                start as *mut u8
            }
            _ => std::ptr::null_mut(),
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if block as usize + layout.size() == self.top.get() {
            self.top.set(block as usize);
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // A block that was taken back may be dirty, so memory cannot be assumed to be zero.
        // SAFETY: the block was just given out with this size.
        unsafe {
            let block = self.alloc(layout);
            if !block.is_null() {
                block.write_bytes(0, layout.size());
            }
            block
        }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let start = block as usize;
        if start + layout.size() == self.top.get() {
            return match start.checked_add(size) {
                Some(end) if self.reserve(end) => {
                    self.top.set(end);
                    block
                }
                _ => std::ptr::null_mut(),
            };
        }
        if size <= layout.size() {
            return block;
        }
        // SAFETY: the new block is larger than the old one and does not overlap it.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                std::ptr::copy_nonoverlapping(block, new, layout.size());
            }
            new
        }
    }
}

#[global_allocator]
static HEAP: Bump = Bump { top: Cell::new(0), end: Cell::new(0) };

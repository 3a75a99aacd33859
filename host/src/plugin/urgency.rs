//! Work that can wait: compiling, judging, comparing. Orders go first.
//!
//! Costs a system call a thread. It is a hint to the scheduler, not a bound: on a machine with nothing else
//! to do such work goes as fast as any.

/// Makes this thread the least urgent of the machine, for good: nobody may take it back.
pub(crate) fn give_way() {
    #[cfg(target_os = "linux")]
    {
        const LEAST_URGENT: i32 = 19;
        // On Linux this is the thread's own; raising it is always allowed.
        #[expect(unsafe_code, reason = "the system call has no safe wrapper here")]
        // SAFETY: it takes a number and touches no memory.
        let _now = unsafe { libc::nice(LEAST_URGENT) };
    }
}

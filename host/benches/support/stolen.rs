//! How much of the processors others took while something was measured: on a virtual machine that may be most.

/// A moment, and what had been stolen by then.
pub(crate) struct Since {
    began: std::time::Instant,
    stolen: f64,
}

impl Since {
    pub(crate) fn now() -> Self {
        Self { began: std::time::Instant::now(), stolen: stolen_s() }
    }

    /// The share of all processors since then; 0 where the machine does not say.
    pub(crate) fn share(&self) -> f64 {
        let processors = std::thread::available_parallelism().map_or(1.0, |it| it.get() as f64);
        (stolen_s() - self.stolen) / (self.began.elapsed().as_secs_f64() * processors)
    }
}

/// Seconds of processor that the machine wanted and did not get, since it was started.
fn stolen_s() -> f64 {
    const TICKS_PER_S: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let of_all = stat.lines().next().and_then(|line| line.split_whitespace().nth(8));
    of_all.and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or(0.0) / TICKS_PER_S
}

//! Looking a version over takes seconds of a processor, which orders have first.
//!
//! A thread of its own for each piece of work, the least urgent of the machine and gone afterwards: threads
//! that are kept for others would stay so. How many there are at once is the caller's to bound.

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::plugin::give_way;

/// Does `work` on such a thread.
///
/// # Errors
/// In words: there was no thread to be had, or it broke off.
pub(super) async fn quietly<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    let (to, done) = oneshot::channel();
    let runtime = Handle::current();
    let work = move || {
        give_way();
        let _within = runtime.enter();
        // Whoever asked may have gone.
        drop(to.send(work()));
    };
    let thread = std::thread::Builder::new().name("admission".to_owned());
    let _detached = thread.spawn(work).map_err(|error| format!("no thread for it: {error}"))?;
    done.await.map_err(|_| "it broke off".to_owned())
}

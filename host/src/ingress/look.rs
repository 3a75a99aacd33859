//! Whether a body would be taken as an event, for whoever wants to know before offering it.

use super::peek::peek;

/// What the body is about (`order/27`), or the stable code and the sentence for a person that say
/// why it is no event. Nothing is stored.
///
/// # Errors
/// The code (`error_object`) and the sentence.
pub fn look(topic: &str, body: &[u8]) -> Result<String, (&'static str, String)> {
    peek(topic, body, None)
        .map(|peek| peek.resource_key)
        .map_err(|unfit| (unfit.reason, unfit.detail))
}

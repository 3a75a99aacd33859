//! What lies in the SDKs is what the source makes of them.

use std::path::Path;

use mapwright_guest_models::Models;

#[test]
fn the_models_of_every_sdk_are_what_the_source_says() {
    let sdks = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for file in Models::read().write() {
        let there = std::fs::read_to_string(sdks.join(file.path)).unwrap_or_default();
        assert!(
            there == file.text,
            "guest-sdk/{} is not what woocommerce.toml makes: run `cargo run -p mapwright-guest-models`",
            file.path
        );
    }
}

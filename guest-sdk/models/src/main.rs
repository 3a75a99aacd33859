//! Writes the models of every SDK from `woocommerce.toml`.

use std::path::Path;

use mapwright_guest_models::Models;

fn main() -> std::io::Result<()> {
    let sdks = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for file in Models::read().write() {
        std::fs::write(sdks.join(file.path), file.text)?;
    }
    Ok(())
}

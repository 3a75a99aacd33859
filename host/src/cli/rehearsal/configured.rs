//! Limits as a configuration folder sets them, for commands that run plugins without a host.

use std::path::Path;

use super::super::case::Unreadable;
use super::super::case::input;
use crate::plugin::LimitsPatch;

/// What a configuration sets of a plugin file's limits: the host's, the merchant's, the plugin's own.
pub(crate) fn configured(
    dir: &Path,
    merchant: Option<&str>,
    plugin: &Path,
) -> Result<LimitsPatch, Unreadable> {
    let host = dir.join("mapwright.toml");
    let mut limits = patch_in(&host, &input::read_toml(&host)?)?;
    if let Some(merchant) = merchant {
        let file = dir.join("merchants").join(merchant).join("merchant.toml");
        let text = input::read_toml(&file)?;
        limits = limits.then(&patch_in(&file, &text)?);
        let name = plugin.file_stem().unwrap_or_default().to_string_lossy();
        let own = text.get("plugins").and_then(|plugins| plugins.get(name.as_ref()));
        if let Some(own) = own.and_then(toml::Value::as_table) {
            limits = limits.then(&patch_in(&file, own)?);
        }
    }
    Ok(limits)
}

/// The `limits` of a table.
fn patch_in(file: &Path, table: &toml::Table) -> Result<LimitsPatch, Unreadable> {
    let Some(limits) = table.get("limits") else { return Ok(LimitsPatch::default()) };
    let mut names = limits.as_table().into_iter().flat_map(|table| table.keys());
    if let Some(name) = names.find(|name| !LimitsPatch::NAMES.contains(&name.as_str())) {
        let hint = input::hint(name, LimitsPatch::NAMES);
        return Err(Unreadable::sense(file, format!("no limit is called `{name}`; {hint}")));
    }
    let patch = limits.clone().try_into();
    patch.map_err(|error: toml::de::Error| Unreadable::sense(file, error.message()))
}

//! What a version is held to: the cases and tables that came beside it, and the tables that a trusted key
//! has signed before.
//!
//! A table is signed by `tables/NAME.csv.sig` beside it, or by the signature over the package that holds
//! it. The version it comes with is held to it, and once that is admitted every later one, however it
//! comes, as long as the merchant trusts a key of that name. Another table of the name takes its place
//! by being signed itself. The spec and the files it names stay those it came with: bringing the same
//! table with a gentler spec changes nothing.
//!
//! It costs a temporary folder of what the package holds (bounded by [`crate::plugin::package`]) while
//! the version is looked over, and at most [`CASES_BYTES_MAX`] in the journal for each version.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::versions::Versions;
use crate::case::Sheet;
use crate::case::sections::{self, Table};
use crate::journal::audit::Act;
use crate::journal::cases::{CasesAct, SignedTable};
use crate::plugin::Rules;
use crate::plugin::admission::Problem;
use crate::plugin::package::{self, FOLDERS};
use crate::plugin::signature;

/// Cases and tables that are kept with a version, packed.
const CASES_BYTES_MAX: usize = 4 << 20;
/// A signed table with all that its spec names, packed.
const TABLE_BYTES_MAX: usize = 1 << 20;

/// Files by name.
type Files = BTreeMap<String, Vec<u8>>;

/// Which version it is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) merchant: &'a str,
    pub(super) plugin: &'a str,
    /// sha256 of the WebAssembly file, hex.
    pub(super) digest: &'a str,
}

/// What a version is held to.
pub(super) struct Brought {
    own: TempDir,
    /// Where the tables signed before lie, for as long as they are asked.
    signed: Vec<TempDir>,
    /// The tables, its own and those signed before.
    pub(super) tables: Vec<Table>,
    /// What is to be written once it is admitted.
    pub(super) acts: Vec<Act>,
    /// What people should know.
    pub(super) note: Option<String>,
}

impl Brought {
    /// The folder with its own cases.
    pub(super) fn folder(&self) -> &Path {
        self.own.path()
    }
}

impl Versions {
    /// What came beside a file, or what is kept of it where it came alone.
    pub(super) fn brought(
        &self,
        of: Of<'_>,
        files: &Files,
        signed_by: Option<&str>,
        rules: &Rules,
    ) -> Result<Brought, Problem> {
        let failed = |what: &str, why: &dyn std::fmt::Display| Problem {
            code: "package",
            message: format!("{what}: {why}"),
        };
        let journal = |why| failed("the journal could not be read", &why);
        let alone = files.is_empty();
        let kept = match alone {
            false => None,
            true => self.journal.cases_of(of.merchant, of.plugin, of.digest).map_err(journal)?,
        };
        let kept = kept.map(|it| package::unbundle(&it)).transpose();
        let kept = kept.map_err(|why| failed("the cases that are kept cannot be read", &why))?;
        let files = kept.as_ref().unwrap_or(files);
        let disk = |why| failed("the cases could not be unpacked", &why);
        let own = sections::unpacked(files).map_err(disk)?;
        let tables = sections::tables_of(own.path(), true)
            .map_err(|why| failed("its tables cannot be read", &why))?;

        let mut before = self.journal.signed_tables(of.merchant, of.plugin).map_err(journal)?;
        before.retain(|it| rules.trusted_keys.iter().any(|key| key.name == it.signed_by));
        let ever = self.journal.tables_ever_signed(of.merchant, of.plugin).map_err(journal)?;
        let mut brought =
            Brought { own, signed: Vec::new(), tables: Vec::new(), acts: Vec::new(), note: None };
        for mut table in tables {
            let csv = files.get(&format!("tables/{}.csv", table.name));
            let csv = csv.map_or(&[][..], Vec::as_slice);
            let (name, sha) = (table.name.clone(), hex::encode(Sha256::digest(csv)));
            let signer = match alone {
                true => None, // it was said when it came
                false => signer(files, &name, csv, signed_by, rules)?,
            };
            let Some(signer) = signer else {
                // As it was signed before, it is asked as it was signed.
                if !before.iter().any(|it| it.name == name && it.sha == sha) {
                    brought.tables.push(table);
                }
                continue;
            };
            let standing = before.iter().any(|it| it.name == name);
            if standing && ever.contains(&(name.clone(), sha.clone())) {
                continue; // it, or what was signed in its place, is among those before
            }
            before.retain(|it| it.name != name);
            if let Some(packed) = packed(brought.folder(), &table, files)? {
                let signed = SignedTable {
                    merchant: of.merchant.to_owned(),
                    plugin: of.plugin.to_owned(),
                    name,
                    sha,
                    signed_by: signer.clone(),
                    digest: of.digest.to_owned(),
                    packed,
                };
                brought.acts.push(Act::Cases(CasesAct::Hold(Box::new(signed))));
            }
            table.signed_by = Some(signer);
            brought.tables.push(table);
        }
        orphans(files)?;
        for signed in before {
            let files = package::unbundle(&signed.packed)
                .map_err(|why| failed("a signed table that is kept cannot be read", &why))?;
            let folder = sections::unpacked(&files).map_err(disk)?;
            let csv = folder.path().join("tables").join(format!("{}.csv", signed.name));
            brought.tables.push(Table {
                spec: csv.with_extension("toml"),
                csv,
                within: Some(folder.path().to_owned()),
                name: signed.name,
                signed_by: Some(signed.signed_by),
            });
            brought.signed.push(folder);
        }
        if !alone {
            brought.keep(of, files)?;
        }
        Ok(brought)
    }
}

impl Brought {
    /// Keeps what came with the version, unless it is larger than that is worth.
    fn keep(&mut self, of: Of<'_>, files: &Files) -> Result<(), Problem> {
        let in_folder =
            |name: &&String| FOLDERS.iter().any(|it| name.split('/').next() == Some(it));
        let files: Files = files
            .iter()
            .filter(|(name, _)| in_folder(name))
            .map(|(name, bytes)| (name.clone(), bytes.clone()))
            .collect();
        if files.is_empty() {
            return Ok(());
        }
        let packed = package::bundle(&files)
            .map_err(|why| Problem { code: "package", message: why.to_string() })?;
        if packed.len() > CASES_BYTES_MAX {
            let said = "its cases are run now and not kept: packed they are more than";
            self.note = Some(format!("{said} {CASES_BYTES_MAX} bytes"));
            return Ok(());
        }
        self.acts.push(Act::Cases(CasesAct::Keep {
            merchant: of.merchant.to_owned(),
            plugin: of.plugin.to_owned(),
            digest: of.digest.to_owned(),
            packed,
        }));
        Ok(())
    }
}

/// Who signed a table: by a file beside it, or with the whole package.
fn signer(
    files: &Files,
    name: &str,
    csv: &[u8],
    package: Option<&str>,
    rules: &Rules,
) -> Result<Option<String>, Problem> {
    let Some(beside) = files.get(&format!("tables/{name}.csv.sig")) else {
        return Ok(package.map(str::to_owned));
    };
    let text = String::from_utf8_lossy(beside);
    let made = signature::verify(&rules.trusted_keys, csv, &text);
    made.map(Some).map_err(|why| Problem {
        code: why.code(),
        message: format!("tables/{name}.csv.sig: {why}"),
    })
}

/// A signature without its table, which somebody believes to be held.
fn orphans(files: &Files) -> Result<(), Problem> {
    let orphan = files.keys().find(|name| {
        name.starts_with("tables/")
            && name.strip_suffix(".sig").is_some_and(|table| !files.contains_key(table))
    });
    match orphan {
        None => Ok(()),
        Some(name) => Err(Problem {
            code: "truth_tables",
            message: format!("`{name}` signs nothing: the table beside it is missing"),
        }),
    }
}

/// A table with all that its spec names; none where it cannot be read, which refuses the version anyway.
fn packed(base: &Path, table: &Table, files: &Files) -> Result<Option<Vec<u8>>, Problem> {
    let Ok(sheet) = Sheet::read(&table.spec, table.within.as_deref()) else { return Ok(None) };
    let names = sheet.files.iter().chain([&table.csv]);
    let part: Files = names
        .filter_map(|path| {
            let name = path.strip_prefix(base).ok()?.to_str()?.replace('\\', "/");
            let bytes = files.get(&name)?.clone();
            Some((name, bytes))
        })
        .collect();
    let refused = |message: String| Problem { code: "truth_tables", message };
    let packed = package::bundle(&part).map_err(|why| refused(why.to_string()))?;
    if packed.len() > TABLE_BYTES_MAX {
        return Err(refused(format!(
            "the signed table `{}` and what its spec names are {} bytes when packed, and at most \
             {TABLE_BYTES_MAX} are kept: name smaller lookup tables",
            table.name,
            packed.len()
        )));
    }
    Ok(Some(packed))
}

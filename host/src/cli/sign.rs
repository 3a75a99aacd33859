//! `mapwright key new` and `mapwright sign`: keys to vouch for plugins with, and signatures.
//!
//! Nothing here talks to a host. A key file is written so that only its owner can read it, and never over
//! one that is there.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use super::screen;
use crate::plugin::signature::SigningKey;

/// Make keys to sign plugins with.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mapwright key new --out maria.pem --name maria
  mapwright key show maria.pem --name maria

What is printed is the public half. Add it to the merchant's file; the other half stays with its owner:

  [plugins]
  trusted_keys = [\"maria:BASE64\"]

The same with openssl:
  openssl genpkey -algorithm ed25519 -out maria.pem
  openssl pkey -in maria.pem -pubout -outform DER | tail -c 32 | base64

Exit code: 0 done, 2 the file cannot be read or written")]
pub(super) struct KeyArgs {
    #[command(subcommand)]
    act: KeyAct,
}

#[derive(Debug, clap::Subcommand)]
enum KeyAct {
    /// Make a key.
    New {
        /// Where to write it; a file that is there is left alone.
        #[arg(long, value_name = "KEY.pem")]
        out: PathBuf,
        /// What the merchant is to call it.
        #[arg(long, default_value = "me")]
        name: String,
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the public half of a key.
    Show {
        /// The key.
        #[arg(value_name = "KEY.pem")]
        key: PathBuf,
        /// What the merchant is to call it.
        #[arg(long, default_value = "me")]
        name: String,
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Sign a plugin file or package.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mapwright sign rules.zip --key maria.pem          # writes rules.zip.sig, which `push` sends along
  mapwright sign rules.wasm --key maria.pem --json

The signature is ed25519 over the bytes of the file, in base64. The same with openssl:
  openssl pkeyutl -sign -rawin -inkey maria.pem -in rules.zip | base64 -w0 > rules.zip.sig

Exit code: 0 signed, 2 a file cannot be read or written")]
pub(super) struct SignArgs {
    /// What is to be sent.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The key, in PEM.
    #[arg(long, value_name = "KEY.pem")]
    key: PathBuf,
    /// Where to write the signature; FILE.sig unless said otherwise.
    #[arg(long, value_name = "FILE.sig")]
    out: Option<PathBuf>,
    /// Print as JSON, the signature too.
    #[arg(long)]
    json: bool,
}

/// Runs `key`.
pub(super) fn key(args: &KeyArgs) -> ExitCode {
    let (key, name, as_json) = match &args.act {
        KeyAct::New { out, name, json } => (made(out), name, *json),
        KeyAct::Show { key, name, json } => (read(key), name, *json),
    };
    let key = match key {
        Ok(key) => key,
        Err(message) => return failed(&message, as_json),
    };
    let trusted = format!("{name}:{}", key.public());
    if as_json {
        screen::print_json(&json!({ "trusted_key": trusted }).to_string());
    } else {
        screen::print(&format!("{trusted}\n"));
    }
    ExitCode::SUCCESS
}

/// Runs `sign`.
pub(super) fn sign(args: &SignArgs) -> ExitCode {
    let out = args.out.clone().unwrap_or_else(|| beside(&args.file));
    let signed = read(&args.key).and_then(|key| {
        let file = std::fs::read(&args.file)
            .map_err(|error| format!("{} cannot be read: {error}", args.file.display()))?;
        let signature = key.sign(&file);
        std::fs::write(&out, format!("{signature}\n"))
            .map_err(|error| format!("{} cannot be written: {error}", out.display()))?;
        Ok((signature, key.public()))
    });
    match signed {
        Ok((signature, public)) if args.json => {
            let said = json!({ "file": out, "signature": signature, "public_key": public });
            screen::print_json(&said.to_string());
            ExitCode::SUCCESS
        }
        Ok(_) => {
            screen::print(&format!("{}\n", out.display()));
            ExitCode::SUCCESS
        }
        Err(message) => failed(&message, args.json),
    }
}

/// Where the signature of a file is, unless somebody says otherwise.
pub(super) fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".sig");
    PathBuf::from(name)
}

fn read(path: &Path) -> Result<SigningKey, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    SigningKey::read(&text).map_err(|why| format!("{}: {why}", path.display()))
}

fn made(path: &Path) -> Result<SigningKey, String> {
    let text = SigningKey::generate()?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    SigningKey::read(&text)
}

fn failed(message: &str, as_json: bool) -> ExitCode {
    screen::complain(message);
    if as_json {
        screen::print_json(&json!({ "error": { "message": message } }).to_string());
    }
    ExitCode::from(2)
}

//! The stage: plugins built, a configuration folder for two merchants, an ERP sandbox listening.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::net::TcpListener;

use super::deliveries::SECRET;
use super::{Error, say};
use crate::delivery::sandbox::Sandbox;
use crate::host::Host;
use crate::toolchain::{BuildOptions, build_plugin};

/// The plugin that is replaced while running.
pub(super) const SWAPPED: &str = "woo-order-summary";
/// Whose it is.
pub(super) const SWAPPED_OF: &str = "acme";
/// What the new version calls itself.
const NEXT_VERSION: &str = "1.1.0";

/// Everything the demo needs, alive.
#[derive(Debug)]
pub(super) struct Stage {
    dir: TempDir,
    next_version: PathBuf,
    pub(super) erp: Sandbox,
    pub(super) erp_address: SocketAddr,
}

impl Stage {
    /// Builds, writes and starts all of it.
    pub(super) async fn set(listen: &str) -> Result<Self, Error> {
        let examples = examples()?;
        let dir = tempfile::Builder::new()
            .prefix("mapwright-demo-")
            .tempdir()
            .map_err(|error| Error::File(std::env::temp_dir(), error))?;
        let erp = Sandbox::new();
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .map_err(|error| Error::File("127.0.0.1:0".into(), error))?;
        let erp_address =
            listener.local_addr().map_err(|error| Error::File("127.0.0.1:0".into(), error))?;
        let router = erp.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let root = dir.path();
        write(&root.join("mapwright.toml"), &format!("listen = \"{listen}\"\n{RETRY}"))?;
        write(&root.join("shop-secret"), SECRET)?;
        for (merchant, routes) in [("acme", ACME), ("padaria", PADARIA)] {
            let folder = root.join("merchants").join(merchant);
            let toml = format!("{}{routes}", connections(merchant, erp_address));
            write(&folder.join("merchant.toml"), &toml)?;
        }
        write(&root.join("merchants/acme/lookups/price_list.csv"), PRICE_LIST)?;
        write(&root.join("merchants/padaria/lookups/formas_pagamento.csv"), PAYMENT_METHODS)?;
        for (merchant, plugin) in
            [("acme", SWAPPED), ("acme", "wholesale-pricing"), ("padaria", "woo-order-to-bling")]
        {
            say(&format!("building {plugin}"));
            let built = build(&examples, examples.join(plugin)).await?;
            let folder = root.join("merchants").join(merchant);
            install(&built, &folder.join("plugins").join(format!("{plugin}.wasm")))?;
        }
        say(&format!("building {SWAPPED} {NEXT_VERSION}, to be swapped in"));
        let next_version = root.join("next.wasm");
        let next = build(&examples, next_source(&examples, root)?).await?;
        install(&next, &next_version)?;
        Ok(Self { dir, next_version, erp, erp_address })
    }

    pub(super) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Opens the host on it.
    pub(super) async fn open_host(&self) -> Result<Host, Error> {
        Ok(Host::open_with(self.dir(), crate::cli::compile::compiler()).await?)
    }

    /// Puts the next version in place, as an upload would: written beside, then renamed.
    pub(super) fn swap(&self) -> Result<(), Error> {
        let place = self.dir().join(format!("merchants/{SWAPPED_OF}/plugins/{SWAPPED}.wasm"));
        std::fs::rename(&self.next_version, &place).map_err(|error| Error::File(place, error))
    }
}

const RETRY: &str = "\n[retry]\nfirst_ms = 100\nmax_ms = 1000\n";

const ACME: &str = r#"
[routes.orders]
from = "shop"
topics = ["order.created", "order.updated", "order.deleted"]
to = "erp"
field_mapping = "woo-order-summary"
pricing = "wholesale-pricing"

[routes.orders.seatbelts]
ready = "woocommerce-order"
"#;

const PADARIA: &str = r#"
[routes.pedidos]
from = "shop"
topics = ["order.created", "order.updated", "order.deleted"]
to = "erp"
field_mapping = "woo-order-to-bling"
status_translation = "woo-order-to-bling"

[routes.pedidos.seatbelts]
ready = "woocommerce-order-bling"
"#;

/// Everybody is `retail` here: a better price from ten pieces on.
const PRICE_LIST: &str = "key,price,discount_percent,currency,breaks\n\
    retail:CAFE-250,,0,,10=-5%\n\
    retail:CAM-001,,5,,\n";

/// Bling's ids of the ways to pay, as its account would have them.
const PAYMENT_METHODS: &str = "method,id\n\
    pix,1001\n\
    mercadopago,1002\n\
    bacs,1003\n\
    cod,1004\n\
    credit-card,1005\n";

fn connections(merchant: &str, erp: SocketAddr) -> String {
    format!(
        r#"[connections.shop]
connector = "woocommerce"
base_url = "https://{merchant}.example"
webhook_secret = {{ file = "../../shop-secret" }}

[connections.erp]
connector = "http"
url = "http://{erp}/{merchant}/{{entity}}"
id_pointer = "/id"
idempotent = true
"#
    )
}

fn examples() -> Result<PathBuf, Error> {
    let here = std::env::current_dir().map_err(|error| Error::File(".".into(), error))?;
    here.ancestors()
        .map(|folder| folder.join("example-plugins"))
        .find(|folder| folder.join(SWAPPED).is_dir())
        .ok_or(Error::NoCheckout(here))
}

/// Builds in the checkout's target folder, where the standard library is compiled once for all.
async fn build(examples: &Path, dir: PathBuf) -> Result<PathBuf, Error> {
    let options = BuildOptions {
        install_toolchain: true,
        target_dir: Some(examples.join("../target")),
        ..BuildOptions::default()
    };
    let building = tokio::task::spawn_blocking(move || build_plugin(&dir, &options));
    Ok(building.await.expect("building does not panic")?.path)
}

/// A copy of the plugin's source that differs in its version only.
fn next_source(examples: &Path, root: &Path) -> Result<PathBuf, Error> {
    let from = examples.join(SWAPPED);
    let to = root.join("next-source").join(SWAPPED);
    let sdk = examples.join("../guest-sdk/rust");
    let sdk = sdk.canonicalize().map_err(|error| Error::File(sdk.clone(), error))?;
    let manifest = read(&from.join("Cargo.toml"))?
        .replace("version = \"1.0.0\"", &format!("version = \"{NEXT_VERSION}\""))
        .replace("../../guest-sdk/rust", &sdk.display().to_string())
        // A library of its own, so that its module lies beside the other's and not in its place.
        .replace("[lib]", "[lib]\nname = \"woo_order_summary_next\"");
    write(&to.join("Cargo.lock"), &read(&examples.join("../Cargo.lock"))?)?;
    write(&to.join("Cargo.toml"), &format!("{manifest}\n[workspace]\n[workspace.lints.rust]\n"))?;
    write(&to.join("src/lib.rs"), &read(&from.join("src/lib.rs"))?)?;
    Ok(to)
}

fn install(from: &Path, to: &Path) -> Result<(), Error> {
    make_parent(to)?;
    std::fs::copy(from, to).map(drop).map_err(|error| Error::File(to.to_owned(), error))
}

fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|error| Error::File(path.to_owned(), error))
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    make_parent(path)?;
    std::fs::write(path, text).map_err(|error| Error::File(path.to_owned(), error))
}

fn make_parent(path: &Path) -> Result<(), Error> {
    let parent = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).map_err(|error| Error::File(parent.to_owned(), error))
}

//! The record of a version's life: who brought it, how, what was found, where it stands; and what limits
//! hold on the way.

use std::time::Duration;

use mapwright::journal::Journal;
use mapwright::journal::audit::{Act, NewEntry};
use mapwright::journal::versions::VersionAct;
use mapwright_tests::api::{Api, TOKEN, open_to_clients};
use mapwright_tests::command;
use mapwright_tests::erp::Erp;
use mapwright_tests::guests::Guest;
use mapwright_tests::host::{Folder, TestHost, merchant_toml, until};
use mapwright_tests::shop::Delivery;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(crate) const PLUGIN: &str = "/v1/merchants/acme/plugins/rules";

/// A plugin that says the same of every order: a sale with this total.
pub(crate) fn saying(version: &str, total: &str) -> Vec<u8> {
    let mut guest = Guest::new("rules");
    guest.version = version.to_owned();
    let sale = format!(r#"{{"currency":"BRL","total":"{total}","note":"n"}}"#);
    let body = guest.mapped_bodies(&[("sale", "s-1", &sale)], None);
    guest.transform = Some(body);
    guest.component()
}

pub(crate) fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A host with `rules` 1.0.0 at work for acme, and this under `[plugins]`.
pub(crate) async fn host_with(rules: &str) -> (Folder, Erp, TestHost, Api) {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    open_to_clients(&folder);
    folder.merchant_with("acme", erp.address(), "rules", &saying("1.0.0", "45.01"));
    let toml = merchant_toml("acme", erp.address(), "rules");
    folder.write("merchants/acme/merchant.toml", format!("{toml}\n[plugins]\n{rules}\n"));
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    until_state(&api, &saying("1.0.0", "45.01"), "active").await;
    (folder, erp, host, api)
}

pub(crate) async fn version(api: &Api, bytes: &[u8]) -> Option<Value> {
    let versions = api.items(&format!("{PLUGIN}/versions")).await;
    versions.into_iter().find(|it| it["digest"] == digest(bytes))
}

pub(crate) async fn until_state(api: &Api, bytes: &[u8], state: &str) -> Value {
    until(&format!("the version is {state}"), async || {
        version(api, bytes).await.filter(|it| it["state"] == state)
    })
    .await
}

async fn activate(api: &Api, version: &str) {
    let ask = json!({ "version": version, "why": "a test" });
    api.post(&format!("{PLUGIN}/activate"), ask).await.well();
}

pub(crate) async fn active(api: &Api) -> String {
    let slots = api.items("/v1/merchants/acme/plugins").await;
    slots[0]["active"]["version"].as_str().unwrap_or_default().to_owned()
}

async fn mapwright(args: Vec<String>) -> command::Ran {
    tokio::task::spawn_blocking(move || command::against(TOKEN, args)).await.unwrap()
}

fn words(args: &[&str]) -> Vec<String> {
    args.iter().map(|it| (*it).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_is_on_record_from_its_upload_to_its_retirement() {
    let (folder, _erp, host, api) = host_with("").await;
    let (first, second) = (saying("1.0.0", "45.01"), saying("1.1.0", "45.00"));
    let record = version(&api, &first).await.unwrap();
    assert_eq!((&record["came"], &record["who"]), (&json!("folder"), &json!("folder")));
    assert_eq!((&record["name"], &record["version"]), (&json!("rules"), &json!("1.0.0")));

    api.put(PLUGIN, second.clone()).await.well();
    let record = until_state(&api, &second, "admitted").await;
    assert_eq!((&record["came"], &record["who"]), (&json!("api"), &json!("ops")));
    assert_eq!(record["bytes"], second.len());
    let diff = json!({ "candidate": "1.1.0" });
    api.post(&format!("{PLUGIN}/diff"), diff).await.well();
    until_state(&api, &second, "candidate").await;
    activate(&api, "1.1.0").await;
    assert_eq!(version(&api, &second).await.unwrap()["state"], "active");
    assert_eq!(version(&api, &first).await.unwrap()["state"], "retired");
    api.post(&format!("{PLUGIN}/rollback"), json!({ "why": "x" })).await.well();
    assert_eq!(version(&api, &second).await.unwrap()["state"], "retired");

    // Refused ones too, with the reasons and without their bytes.
    let broken = second[..second.len() / 2].to_vec();
    let said = api.put(PLUGIN, broken.clone()).await;
    assert_eq!(said.json["report"]["problems"][0]["code"], "not_wasm", "{said:?}");
    let record = version(&api, &broken).await.unwrap();
    assert_eq!((&record["state"], &record["kept"]), (&json!("refused"), &json!(false)));
    let full = api.get(&format!("{PLUGIN}/versions/{}", digest(&broken))).await.well();
    assert_eq!(full["report"]["problems"][0]["code"], "not_wasm");
    let said = api
        .post(&format!("{PLUGIN}/activate"), json!({ "version": digest(&broken), "why": "x" }))
        .await;
    assert_eq!(said.status, 404);

    // The same number for something else is shown as what it is.
    let twin = saying("1.1.0", "44.00");
    api.put(PLUGIN, twin.clone()).await.well();
    let record = version(&api, &twin).await.unwrap();
    assert_eq!(record["same_number"], json!([digest(&second)]));
    let (place, ask) = (format!("{PLUGIN}/activate"), json!({ "version": "1.1.0", "why": "x" }));
    let said = api.post(&place, ask).await.refused(404);
    assert!(said.contains("several"), "{said}");

    // The command shows it, and a restart finds it as it was.
    let url = format!("http://{}", host.address());
    let listed = mapwright(words(&["plugins", "--url", &url, "--merchant", "acme"])).await.code(0);
    for word in ["active", "retired", "admitted", "refused", "1 more of this number"] {
        assert!(listed.stdout.contains(word), "{word}: {}", listed.stdout);
    }
    let before = api.items(&format!("{PLUGIN}/versions")).await;
    host.stop().await;
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    until_state(&api, &first, "active").await;
    assert_eq!(api.items(&format!("{PLUGIN}/versions")).await, before);
    let audit = api.items("/v1/audit?merchant=acme").await;
    let acts: Vec<_> = audit.iter().rev().map(|it| it["action"].as_str().unwrap()).collect();
    assert_eq!(
        acts,
        ["upload_plugin", "activate_plugin", "activate_plugin", "refuse_plugin", "upload_plugin"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_the_folder_is_at_work_at_once_and_on_record() {
    let (folder, _erp, host, api) = host_with("folder = \"activate\"").await;
    let second = saying("2.0.0", "44.00");
    folder.write("merchants/acme/plugins/rules.wasm", &second);
    until_state(&api, &second, "active").await;
    assert_eq!(active(&api).await, "2.0.0");
    let audit = api.items("/v1/audit?merchant=acme").await;
    assert_eq!(
        (&audit[0]["who"], &audit[0]["action"]),
        (&json!("folder"), &json!("activate_plugin"))
    );
    // So there is a version before it to go back to.
    let back = api.post(&format!("{PLUGIN}/rollback"), json!({ "why": "x" })).await.well();
    assert_eq!(back["to"]["version"], "1.0.0");

    let broken = b"nothing".to_vec();
    folder.write("merchants/acme/plugins/rules.wasm", &broken);
    until_state(&api, &broken, "refused").await;
    assert_eq!(active(&api).await, "1.0.0");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_the_folder_is_only_a_candidate_where_the_merchant_wants_it_so() {
    let (folder, erp, host, api) = host_with("folder = \"candidate\"").await;
    let second = saying("2.0.0", "44.00");
    folder.write("merchants/acme/plugins/rules.wasm", &second);
    until_state(&api, &second, "candidate").await;
    assert_eq!(active(&api).await, "1.0.0");
    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    host.settle().await;
    assert!(erp.documents("acme")[0].body.get().contains("45.01"));

    // A restart in between changes nothing.
    host.stop().await;
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    assert_eq!(active(&api).await, "1.0.0");
    host.shop("acme").send(&Delivery::order(2)).await.accepted();
    host.settle().await;
    assert!(erp.documents("acme")[0].body.get().contains("45.01"));

    activate(&api, "2.0.0").await;
    assert_eq!(active(&api).await, "2.0.0");
    host.shop("acme").send(&Delivery::order(3)).await.accepted();
    host.settle().await;
    assert!(erp.documents("acme")[0].body.get().contains("44.00"));
    until_state(&api, &second, "active").await;
    host.stop().await;
    let host = TestHost::start(&folder).await;
    assert_eq!(active(&Api::of(host.address())).await, "2.0.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_putting_to_work_and_telling_of_it_is_told_at_the_start() {
    let (folder, _erp, host, api) = host_with("").await;
    let (second, third) = (saying("2.0.0", "44.00"), saying("3.0.0", "43.00"));
    for bytes in [&second, &third] {
        api.put(PLUGIN, bytes.clone()).await.well();
    }
    host.stop().await;
    // As a crash leaves it: both were about to be put to work, only the second got as far as its file.
    {
        let journal = Journal::open(&folder.data()).unwrap();
        for (key, version, bytes) in [("a", "3.0.0", &third), ("b", "2.0.0", &second)] {
            let to = json!({ "name": "rules", "version": version, "digest": digest(bytes) });
            let entry = NewEntry {
                who: "maria".to_owned(),
                action: "activate_plugin".to_owned(),
                merchant: "acme".to_owned(),
                subject: "plugin/rules".to_owned(),
                why: "because".to_owned(),
                detail: json!({ "from": null, "to": to }).to_string(),
            };
            let intend = VersionAct::Intend { key: key.to_owned(), entry };
            journal.act(vec![Act::Version(intend)]).await.unwrap();
        }
    }
    folder.write("merchants/acme/plugins/rules.wasm", &second);
    for _ in ["the first start tells it", "the second has nothing left to tell"] {
        let host = TestHost::start(&folder).await;
        let api = Api::of(host.address());
        until_state(&api, &second, "active").await;
        let audit = api.items("/v1/audit?merchant=acme").await;
        let told: Vec<_> = audit
            .iter()
            .filter(|it| it["detail"].as_str().unwrap().contains("told_at_start"))
            .map(|it| (it["action"].as_str().unwrap(), it["who"].as_str().unwrap()))
            .collect();
        assert_eq!(told, [("activate_plugin", "maria"), ("activate_plugin_broken_off", "maria")]);
        assert_eq!(version(&api, &third).await.unwrap()["state"], "admitted");
        host.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_versions_leave_the_shelf_and_never_one_that_is_needed() {
    let (folder, _erp, host, api) = host_with("keep_versions = 2").await;
    let kept = async || -> Vec<String> {
        let versions = api.items(&format!("{PLUGIN}/versions")).await;
        let mut kept: Vec<String> = versions
            .iter()
            .filter(|it| it["kept"] == true)
            .map(|it| it["version"].as_str().unwrap().to_owned())
            .collect();
        kept.sort();
        kept
    };
    for minor in 1..=5 {
        let version = format!("1.{minor}.0");
        api.put(PLUGIN, saying(&version, &format!("4{minor}.00"))).await.well();
        if minor == 1 {
            // The candidate is needed, however old.
            api.post(&format!("{PLUGIN}/diff"), json!({ "candidate": version })).await.well();
        }
    }
    assert_eq!(kept().await, ["1.0.0", "1.1.0", "1.4.0", "1.5.0"]);
    let files = std::fs::read_dir(folder.data().join("plugins")).unwrap().count();
    assert_eq!(files, 4, "their bytes are gone");
    activate(&api, "1.5.0").await;
    for minor in 6..=8 {
        api.put(PLUGIN, saying(&format!("1.{minor}.0"), "1.00")).await.well();
    }
    // 1.0.0 is what a rollback goes back to.
    assert_eq!(kept().await, ["1.0.0", "1.1.0", "1.5.0", "1.7.0", "1.8.0"]);
    api.post(&format!("{PLUGIN}/rollback"), json!({ "why": "x" })).await.well();
    let gone = json!({ "version": "1.2.0", "why": "x" });
    api.post(&format!("{PLUGIN}/activate"), gone).await.refused(404);
    // Brought in again it is back.
    api.put(PLUGIN, saying("1.2.0", "42.00")).await.well();
    assert!(kept().await.contains(&"1.2.0".to_owned()));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_brings_in_so_much_within_an_hour_and_no_more() {
    let (_folder, _erp, host, api) = host_with("uploads_per_hour = 3").await;
    for _ in 0..2 {
        api.put(PLUGIN, saying("1.1.0", "1.00")).await.well();
    }
    api.put(PLUGIN, b"nothing".to_vec()).await.refused(422);
    let said = api.put(PLUGIN, saying("1.2.0", "1.00")).await;
    assert!(said.clone().refused(429).contains("uploads_per_hour"), "{said:?}");
    assert!(said.retry_after.is_some_and(|it| it > 3_000 && it <= 3_600), "{said:?}");
    host.stop().await;

    let size = saying("1.0.0", "1.00").len();
    let (_folder, _erp, _host, api) =
        host_with(&format!("upload_bytes_per_hour = {}", size * 2)).await;
    for version in ["1.1.0", "1.2.0"] {
        api.put(PLUGIN, saying(version, "1.00")).await.well();
    }
    let said = api.put(PLUGIN, saying("1.3.0", "1.00")).await.refused(429);
    assert!(said.contains("upload_bytes_per_hour"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_is_checked_and_every_way_to_get_it_wrong_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let made = async |name: &str| {
        let args = ["key", "new", "--out", &path(&format!("{name}.pem")), "--name", name];
        command_line(&args).await.code(0).stdout.trim().to_owned()
    };
    let (maria, _joao) = (made("maria").await, made("joao").await);
    let again = ["key", "new", "--out", &path("maria.pem")];
    command_line(&again).await.code(2);
    let rules = format!("trusted_keys = [\"{maria}\"]\nrequire_signature = true");
    let (folder, erp) = (Folder::new(), Erp::start().await);
    open_to_clients(&folder);
    let toml = merchant_toml("acme", erp.address(), "rules");
    folder.write("merchants/acme/merchant.toml", format!("{toml}\n[plugins]\n{rules}\n"));
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    let url = format!("http://{}", host.address());
    let file = path("rules.wasm");
    std::fs::write(&file, saying("1.0.0", "45.01")).unwrap();
    let push = |extra: &[&str]| {
        let mut args = words(&["push", &file, "--merchant", "acme", "--url", &url, "--json"]);
        args.extend(words(extra));
        mapwright(args)
    };
    let said = push(&[]).await.code(1);
    assert!(said.stderr.contains("signature_missing"), "{said:?}");
    let sign = async |key: &str| {
        let key = path(key);
        command_line(&["sign", &file, "--key", &key]).await.code(0);
    };
    sign("joao.pem").await;
    let said = push(&[]).await.code(1);
    assert!(said.stderr.contains("signature_unknown") && said.stderr.contains("maria"), "{said:?}");
    let odd = path("odd.sig");
    std::fs::write(&odd, "nothing").unwrap();
    let said = push(&["--signature", &odd]).await.code(1);
    assert!(said.stderr.contains("signature_malformed"), "{said:?}");
    sign("maria.pem").await;
    let report = push(&[]).await.code(0).json();
    assert_eq!(report["accepted"], true);
    let record = version(&api, &saying("1.0.0", "45.01")).await.unwrap();
    assert_eq!((&record["signed_by"], &record["came"]), (&json!("maria"), &json!("push")));

    // It is put to work, and a restart takes the file, for whom it was signed by is on record.
    activate(&api, "1.0.0").await;
    // A file that somebody only copies into the folder is not signed.
    folder.write("merchants/acme/plugins/rules.wasm", saying("6.6.6", "0.01"));
    until_state(&api, &saying("6.6.6", "0.01"), "refused").await;
    assert_eq!(active(&api).await, "1.0.0");
    // With its signature beside it, it is.
    let beside = folder.of("acme", "plugins/rules.wasm");
    let beside = beside.display().to_string();
    let key = path("maria.pem");
    command_line(&["sign", &beside, "--key", &key]).await.code(0);
    until_state(&api, &saying("6.6.6", "0.01"), "active").await;
    activate(&api, "1.0.0").await;
    host.stop().await;
    let host = TestHost::start(&folder).await;
    assert_eq!(active(&Api::of(host.address())).await, "1.0.0");
    host.stop().await;
}

pub(crate) async fn command_line(args: &[&str]) -> command::Ran {
    let args = words(args);
    tokio::task::spawn_blocking(move || command::mapwright(args)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_is_made_sent_and_refused_by_the_name_of_what_is_wrong_with_it() {
    let (_folder, _erp, host, api) = host_with("").await;
    let project = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = project.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    let second = saying("2.0.0", "44.00");
    put("built.wasm", &second);
    put("README.md", b"# Rules");
    put("src/lib.rs", b"not in the package");
    let (dir, wasm) = (project.path(), project.path().join("built.wasm"));
    let url = format!("http://{}", host.address());
    for ending in ["zip", "tar.gz"] {
        let out = dir.join(format!("rules.{ending}"));
        let args = words(&[
            "pack",
            &dir.display().to_string(),
            "--wasm",
            &wasm.display().to_string(),
            "--out",
            &out.display().to_string(),
            "--json",
        ]);
        let packed = mapwright(args).await.code(0).json();
        assert_eq!(packed["entries"], json!(["README.md", "plugin.wasm"]));
        let out = out.display().to_string();
        let push = ["push", &out, "--merchant", "acme", "--url", &url, "--json"];
        mapwright(words(&push)).await.code(0);
        let record = version(&api, &second).await.unwrap();
        assert_eq!((&record["form"], &record["came"]), (&json!(ending), &json!("push")));
    }
    activate(&api, "2.0.0").await;
    assert_eq!(active(&api).await, "2.0.0");

    let zip = std::fs::read(dir.join("rules.zip")).unwrap();
    let said = api.put(PLUGIN, zip[..zip.len() - 30].to_vec()).await.refused(422);
    assert!(said.contains("package_damaged"), "{said}");
    let traversal = zip_of("../../evil.wasm", b"x");
    let said = api.put(PLUGIN, traversal).await.refused(422);
    assert!(said.contains("package_path_traversal") && said.contains("evil"), "{said}");
    let bomb = zip_of("cases/zeros", &vec![0; 12 << 20]);
    assert!(bomb.len() < 20_000);
    let started = std::time::Instant::now();
    let said = api.put(PLUGIN, bomb).await.refused(422);
    assert!(said.contains("package_bomb"), "{said}");
    assert!(started.elapsed() < Duration::from_secs(5));
    api.get("/v1/events").await.well();
}

/// A zip of a plugin and one thing more, written by hand: honest libraries would not.
fn zip_of(name: &str, bytes: &[u8]) -> Vec<u8> {
    let (mut out, mut list, mut count) = (Vec::new(), Vec::new(), 0_u16);
    for (name, bytes) in [("plugin.wasm", &b"x"[..]), (name, bytes)] {
        let packed = stored_or_zeros(bytes);
        let at = out.len() as u32;
        let method: u16 = if packed.len() == bytes.len() { 0 } else { 8 };
        let mut head = Vec::new();
        head.extend([20, 0, 0, 0]);
        head.extend(method.to_le_bytes());
        head.extend([0; 4]);
        head.extend(crc(bytes).to_le_bytes());
        head.extend((packed.len() as u32).to_le_bytes());
        head.extend((bytes.len() as u32).to_le_bytes());
        head.extend((name.len() as u16).to_le_bytes());
        head.extend([0, 0]);
        out.extend(b"PK\x03\x04");
        out.extend(&head);
        out.extend(name.as_bytes());
        out.extend(&packed);
        list.extend(b"PK\x01\x02");
        list.extend([20, 0]);
        list.extend(&head);
        list.extend([0; 10]);
        list.extend(at.to_le_bytes());
        list.extend(name.as_bytes());
        count += 1;
    }
    let start = out.len() as u32;
    out.extend(&list);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend((list.len() as u32).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

/// Bytes as they are, or a deflate stream of as many zeros.
fn stored_or_zeros(bytes: &[u8]) -> Vec<u8> {
    if bytes.len() < 1000 {
        return bytes.to_vec();
    }
    let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut packer, bytes).unwrap();
    packer.finish().unwrap()
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn admission_says_of_each_thing_it_looked_at_how_it_went_and_why() {
    let (_folder, _erp, host, api) = host_with("").await;
    let section = |report: &Value, name: &str| -> Value {
        let sections = report["sections"].as_array().expect("a report has sections");
        let found = sections.iter().find(|it| it["name"] == name).cloned();
        found.unwrap_or_else(|| panic!("{name} is not in {report:#}"))
    };
    let report = api.put(PLUGIN, saying("1.1.0", "45.00")).await.well();
    assert_eq!(section(&report, "recorded_events")["went"], "not_run", "nothing is recorded yet");
    for number in 1..=3 {
        host.shop("acme").send(&Delivery::order(number)).await.accepted();
    }
    host.settle().await;
    let report = api.put(PLUGIN, saying("1.2.0", "45.00")).await.well();
    for name in
        ["size", "structure", "imports_exports", "compile", "manifest", "settings", "determinism"]
    {
        assert_eq!(section(&report, name)["went"], "passed", "{name}");
    }
    let recorded = section(&report, "recorded_events");
    assert_eq!(recorded["found"], json!({ "events": 3, "outcomes": { "mapped": 3 } }));
    let headroom = section(&report, "headroom");
    let said = headroom["said"].as_str().unwrap();
    assert!(said.contains("enough for"), "{said}");
    assert!(said.contains("the largest order in 90 days had"), "{said}");

    // A version that fails on what really came in is let in with a warning that names the event.
    let mut trap = Guest::transforming("rules", "unreachable");
    trap.version = "1.3.0".to_owned();
    let report = api.put(PLUGIN, trap.component()).await.well();
    let recorded = section(&report, "recorded_events");
    assert_eq!(
        (&recorded["went"], &recorded["found"]["outcomes"]["trapped"]),
        (&json!("warned"), &json!(3))
    );
    assert!(recorded["said"].as_str().unwrap().contains("trapped on event"), "{recorded}");
    // What is refused early says so of everything after.
    let said = api.put(PLUGIN, b"nothing".to_vec()).await;
    let report = &said.json["report"];
    assert_eq!(section(report, "structure")["went"], "refused");
    assert_eq!(section(report, "manifest")["went"], "not_run");
    // The same report lies with the version.
    let digest = digest(&saying("1.2.0", "45.00"));
    let full = api.get(&format!("{PLUGIN}/versions/{digest}")).await.well();
    assert_eq!(section(&full["report"], "headroom"), headroom);
}

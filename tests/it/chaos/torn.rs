//! Files that were cut short or changed behind the host's back: the same answers, or a refusal that says
//! what to do. Never wrong data, never a panic.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use mapwright::journal::{Journal, State};
use mapwright_tests::host::{Folder, rows, until, until_ready};
use mapwright_tests::served::Served;
use mapwright_tests::shop::{Delivery, Shop};
use serde_json::json;

use super::{Dice, World, length};

/// Harms a file; says how.
fn harm(path: &Path, dice: &mut Dice) -> String {
    let mut bytes = fs::read(path).expect("the file is there");
    let place = usize::try_from(dice.below(bytes.len().max(1) as u64)).expect("64 bits");
    let how = match dice.below(3) {
        0 => {
            bytes.truncate(place);
            format!("cut at {place}")
        }
        1 if !bytes.is_empty() => {
            let bit = dice.below(8);
            bytes[place] ^= 1 << bit;
            format!("bit {bit} of byte {place} flipped")
        }
        _ => {
            let end = bytes.len().min(place + 512);
            bytes[place..end].fill(0);
            format!("{} bytes from {place} on are zero", end - place)
        }
    };
    fs::write(path, bytes).expect("a file can be written");
    format!("{}: {how}", path.display())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("the folder is there").map(Result::unwrap) {
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).expect("a file can be copied");
        }
    }
}

/// A world in which thirty orders were delivered in two versions, and the host was killed at once.
async fn lived_in() -> World {
    let world = World::new().await;
    let mut served = Served::start(&world.folder);
    let address = served.address().await;
    let shop = Shop::of("acme", address);
    for version in 1..=2 {
        for number in 0..30 {
            shop.send(&Delivery::version(number, version)).await.accepted();
            let mut told = world.told.lock().await;
            told.attempted.insert(number, version);
            told.acknowledged.insert(number, version);
            told.events += 1;
        }
    }
    until_ready(address, "nothing is open", |ready| ready["journal"]["counts"]["open"] == 0).await;
    served.kill();
    world
}

/// Offers a version that is older than what was delivered, and the last one again.
async fn temptation(folder: &Folder) -> Option<()> {
    let mut served = Served::start(folder);
    let Some(address) = served.address_or_end().await else {
        let log =
            until("it says why", async || Some(served.log()).filter(|log| !log.is_empty())).await;
        let said = format!("{log:?}");
        assert!(!said.contains("panicked"), "{said}");
        assert!(said.contains("damaged") && said.contains("backup"), "it says what to do: {said}");
        return None;
    };
    let shop = Shop::of("acme", address);
    for number in 0..30 {
        shop.send(&Delivery::version(number, 1)).await;
    }
    until_ready(address, "nothing is open", |ready| ready["journal"]["counts"]["open"] == 0).await;
    served.kill();
    Some(())
}

/// `MAPWRIGHT_TORN_ROUNDS` harms for each of the two stores.
#[tokio::test(flavor = "multi_thread")]
async fn harmed_checkpoints_are_made_again_and_no_older_version_gets_through() {
    let rounds = length("MAPWRIGHT_TORN_ROUNDS", 6);
    let mut dice = Dice::new("torn checkpoints");
    let world = lived_in().await;
    let before = world.folder.dir().join("as-it-was");
    copy(&world.folder.data(), &before);
    for _ in 0..rounds {
        fs::remove_dir_all(world.folder.data()).unwrap();
        copy(&before, &world.folder.data());
        let checkpoints = world.folder.data().join("checkpoints");
        let files: Vec<PathBuf> = fs::read_dir(&checkpoints)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file())
            .collect();
        let file = &files[usize::try_from(dice.below(files.len() as u64)).unwrap()];
        let harm = harm(file, &mut dice);
        assert!(temptation(&world.folder).await.is_some(), "{harm}: checkpoints stop no host");
        let counted = world.count(60).await;
        assert_eq!(counted.older_over_newer + counted.lost, 0, "{harm}: {counted:?}");
    }
    world.count(60).await.prove("torn checkpoints", &json!({ "rounds": rounds }));
}

/// The bodies that a journal tells, by number. What is said to be damaged is not told wrongly.
fn bodies(journal: &Journal) -> BTreeMap<u64, Vec<u8>> {
    let told = |seq| Some((seq, journal.event(seq).ok()??.body.to_vec()));
    (1..=60).filter_map(told).collect()
}

/// How its passages stand.
fn states(journal: &Journal) -> Vec<(u64, State)> {
    let rows = rows(journal, "acme").into_iter().filter(|row| row.seq <= 60);
    rows.map(|row| (row.seq, row.state)).collect()
}

/// The log after a kill holds everything and has sums of its own: nothing may be missing, nothing
/// changed. In the main file after a stop only payloads have sums: none of them may be told wrongly.
#[tokio::test(flavor = "multi_thread")]
async fn a_harmed_journal_answers_as_before_or_refuses_and_says_what_to_do() {
    let rounds = length("MAPWRIGHT_TORN_ROUNDS", 6);
    let mut dice = Dice::new("torn journal");
    let world = lived_in().await;
    let data = world.folder.data();
    let killed = world.folder.dir().join("as-it-was-killed");
    copy(&data, &killed);
    let journal = Journal::open(&data).expect("nothing is wrong with it");
    let (bodies_before, states_before) = (bodies(&journal), states(&journal));
    drop(journal);
    assert_eq!((bodies_before.len(), states_before.len()), (60, 60));
    let stopped = world.folder.dir().join("as-it-was-stopped");
    copy(&data, &stopped);
    let (mut refused, mut same, mut damaged) = (0, 0, 0);
    for round in 0..rounds {
        let (from, file) = match round % 2 {
            0 => (&killed, "journal.db-wal"),
            _ => (&stopped, "journal.db"),
        };
        fs::remove_dir_all(&data).unwrap();
        copy(from, &data);
        let harm = harm(&data.join(file), &mut dice);
        if temptation(&world.folder).await.is_none() {
            refused += 1;
            continue;
        }
        same += 1;
        let arrivals = world.erp.arrivals();
        let strange = arrivals.iter().find(|arrival| arrival.body["number"].is_null());
        assert!(strange.is_none(), "{harm}: {strange:?}");
        let journal = Journal::open(&data).expect("a host has just served it");
        let after = bodies(&journal);
        for (seq, body) in &bodies_before {
            match after.get(seq) {
                Some(other) => assert!(other == body, "{harm}: event {seq} has another body"),
                None => damaged += 1,
            }
        }
        if round % 2 == 0 {
            assert_eq!(after.len(), 60, "{harm}");
            assert_eq!(states(&journal), states_before, "{harm}");
        }
    }
    let counts = json!({
        "run": "torn journal", "rounds": rounds, "refused": refused, "served": same,
        "payloads_said_to_be_damaged": damaged,
    });
    println!("{counts}");
}

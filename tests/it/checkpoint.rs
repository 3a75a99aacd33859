//! Checkpoints give the answers the journal gives, whatever happens to their folder: lost, cut
//! short, bits flipped, killed in the middle. The journal here is a list in memory that speaks for
//! it; what is damaged is the real folder of the real store.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mapwright::checkpoint::{Checkpoints, Error, Finished, ResourceCheckpoint, Tail};
use mapwright_tests::host::Patience;

/// What the journal knows; the n-th entry has mark n + 1.
#[derive(Clone, Default)]
struct Known {
    finished: Arc<Mutex<Vec<Finished>>>,
    kept: Arc<Mutex<Kept>>,
}

/// Last words that the journal keeps by name, and up to which mark.
#[derive(Default)]
struct Kept {
    words: HashMap<String, Finished>,
    to: u64,
    /// How the next times of keeping go wrong: before anything is written, or after.
    faults: Vec<bool>,
}

impl Tail for Known {
    fn finished_after(&self, mark: u64, limit: usize) -> Result<Vec<Finished>, String> {
        let finished = self.finished.lock().unwrap();
        Ok(finished.iter().skip(usize::try_from(mark).unwrap()).take(limit).cloned().collect())
    }

    fn last_mark(&self) -> Result<u64, String> {
        Ok(self.finished.lock().unwrap().len() as u64)
    }

    fn checkpoint_of(&self, event_seq: u64, route: &str) -> Result<Option<String>, String> {
        let finished = self.finished.lock().unwrap();
        let found = finished.iter().find(|it| it.event_seq == event_seq && it.route == route);
        Ok(found.and_then(|it| it.checkpoint.clone()))
    }

    fn kept_to(&self) -> Result<u64, String> {
        Ok(self.kept.lock().unwrap().to)
    }

    fn kept(&self, _: &str, _: &str, resource_key: &str) -> Result<Option<Finished>, String> {
        Ok(self.kept.lock().unwrap().words.get(resource_key).cloned())
    }

    fn keep_range(&self, from: u64, to: u64) -> Result<(), String> {
        let finished = self.finished.lock().unwrap().clone();
        let inside = |it: &Finished| it.mark > from && it.mark <= to;
        self.keep(finished.into_iter().filter(inside).collect(), to)
    }

    fn keep(&self, words: Vec<Finished>, to: u64) -> Result<(), String> {
        let mut kept = self.kept.lock().unwrap();
        let fault = kept.faults.pop();
        if fault == Some(false) {
            return Err("the disk is full".into());
        }
        for word in words {
            let newer = kept.words.get(&word.resource_key).is_some_and(|it| it.mark >= word.mark);
            if !newer {
                kept.words.insert(word.resource_key.clone(), word);
            }
        }
        kept.to = kept.to.max(to);
        if fault == Some(true) { Err("it was written, and nobody knows".into()) } else { Ok(()) }
    }
}

impl Known {
    /// A passage ends; its checkpoint is returned to be put.
    fn finish(&self, resource: &str, checkpoint: Option<String>) -> Finished {
        let mut finished = self.finished.lock().unwrap();
        let mark = finished.len() as u64 + 1;
        let one = Finished {
            mark,
            merchant: "acme".into(),
            route: "orders".into(),
            resource_key: resource.into(),
            event_seq: mark + 1000,
            version: Some("2026-11-22T02:14:55Z".parse().unwrap()),
            status: Some(format!("status-{mark}")),
            target_status: Some(format!("target-{mark}")),
            checkpoint,
        };
        finished.push(one.clone());
        one
    }

    /// `count` passages over `count / 3` resources.
    fn with(count: usize) -> Self {
        let known = Self::default();
        for n in 0..count {
            let text = (n % 5 != 0).then(|| format!("{{\"n\":{n}}}"));
            known.finish(&format!("order/{}", n % (count / 3 + 1)), text);
        }
        known
    }

    /// What each resource must answer.
    fn expected(&self) -> HashMap<String, ResourceCheckpoint> {
        let finished = self.finished.lock().unwrap();
        finished.iter().map(|it| (it.resource_key.clone(), checkpoint(it))).collect()
    }
}

fn checkpoint(it: &Finished) -> ResourceCheckpoint {
    ResourceCheckpoint {
        checkpoint: it.checkpoint.clone(),
        status: it.status.clone(),
        target_status: it.target_status.clone(),
        version: it.version,
        event_seq: it.event_seq,
        mark: it.mark,
    }
}

fn put(checkpoints: &Checkpoints, it: &Finished) {
    checkpoints.put(&it.merchant, &it.route, &it.resource_key, checkpoint(it));
}

fn get(checkpoints: &Checkpoints, resource: &str) -> Option<ResourceCheckpoint> {
    checkpoints.get("acme", "orders", resource).unwrap()
}

#[track_caller]
fn answers_as(checkpoints: &Checkpoints, known: &Known, when: &str) {
    for (resource, expected) in known.expected() {
        assert_eq!(get(checkpoints, &resource), Some(expected), "{resource}, {when}");
    }
    assert_eq!(get(checkpoints, "order/never"), None, "{when}");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn set_aside(dir: &Path) -> usize {
    let entries = std::fs::read_dir(dir).unwrap();
    let names = entries.map(|it| it.unwrap().file_name().into_string().unwrap());
    names.filter(|it| it.starts_with("quarantine-")).count()
}

#[test]
fn a_put_is_visible_at_once_and_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("checkpoints");
    let known = Known::default();
    {
        let checkpoints = Checkpoints::open(&folder, known.clone()).unwrap();
        for n in 0..300 {
            let one = known.finish(&format!("order/{}", n % 40), Some(format!("{n}")));
            put(&checkpoints, &one);
            assert_eq!(get(&checkpoints, &one.resource_key), Some(checkpoint(&one)));
        }
    }
    let checkpoints = Checkpoints::open(&folder, known.clone()).unwrap();
    answers_as(&checkpoints, &known, "after a restart");
    assert_eq!(checkpoints.get("other", "orders", "order/1").unwrap(), None);
    assert_eq!(checkpoints.get("acme", "other", "order/1").unwrap(), None);
    assert_eq!(set_aside(dir.path()), 0);
}

#[test]
fn an_older_mark_never_replaces_a_newer_one() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("checkpoints");
    let known = Known::with(30);
    let finished = known.finished.lock().unwrap().clone();
    let later = Known::default();
    {
        let checkpoints = Checkpoints::open(&folder, later.clone()).unwrap();
        later.finished.lock().unwrap().extend(finished.iter().cloned());
        for it in finished.iter().rev() {
            put(&checkpoints, it);
        }
        answers_as(&checkpoints, &known, "put in reverse");
    }
    answers_as(&Checkpoints::open(&folder, later).unwrap(), &known, "after a restart");
}

#[test]
fn what_was_never_put_comes_from_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("checkpoints");
    let known = Known::with(700);
    {
        let checkpoints = Checkpoints::open(&folder, known.clone()).unwrap();
        answers_as(&checkpoints, &known, "from nothing");
        // Every other passage is put, as if the host had died in between.
        for n in 0..100 {
            let one = known.finish(&format!("order/{n}"), Some("later".into()));
            if n % 2 == 0 {
                put(&checkpoints, &one);
            }
        }
    }
    answers_as(&Checkpoints::open(&folder, known.clone()).unwrap(), &known, "after a restart");
    assert_eq!(set_aside(dir.path()), 0);
}

#[test]
fn a_missing_put_does_not_hold_up_the_others_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("checkpoints");
    let known = Known::default();
    let checkpoints = Checkpoints::open(&folder, known.clone()).unwrap();
    known.finish("order/lost", Some("lost".into()));
    for n in 0..9_000 {
        put(&checkpoints, &known.finish(&format!("order/{n}"), None));
    }
    let until = Instant::now() + Duration::from_secs(20);
    while get(&checkpoints, "order/lost").is_none() {
        assert!(Instant::now() < until, "the gap was not filled");
        std::thread::sleep(Duration::from_millis(20));
    }
    answers_as(&checkpoints, &known, "the gap filled");
}

#[test]
fn a_large_checkpoint_is_read_from_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("checkpoints");
    let known = Known::default();
    {
        let checkpoints = Checkpoints::open(&folder, known.clone()).unwrap();
        put(&checkpoints, &known.finish("order/1", Some("x".repeat(500_000))));
        put(&checkpoints, &known.finish("order/2", Some("small".into())));
    }
    let checkpoints = Checkpoints::open(&folder, known.clone()).unwrap();
    answers_as(&checkpoints, &known, "after a restart");
    let size = |name: &str| std::fs::metadata(folder.join(name)).map_or(0, |it| it.len());
    let blobs = std::fs::read_dir(folder.join("blobs")).map_or(0, Iterator::count);
    assert_eq!(blobs, 0, "sled must never make a blob");
    assert!(size("db") < 4 << 20);
}

#[test]
fn a_lost_folder_is_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("checkpoints");
    let known = Known::with(500);
    drop(Checkpoints::open(&folder, known.clone()).unwrap());
    std::fs::remove_dir_all(&folder).unwrap();
    answers_as(&Checkpoints::open(&folder, known.clone()).unwrap(), &known, "after the loss");
}

#[test]
fn a_half_written_snapshot_is_no_obstacle() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("checkpoints");
    let known = Known::with(500);
    drop(Checkpoints::open(&folder, known.clone()).unwrap());
    for content in [&b""[..], b"half of it"] {
        let half = folder.join("snap.0000000000FFFFFF.generating");
        std::fs::write(&half, content).unwrap();
        answers_as(&Checkpoints::open(&folder, known.clone()).unwrap(), &known, "half snapshot");
        assert!(!half.exists());
    }
    assert_eq!(set_aside(dir.path()), 0, "nothing had to be made again");
}

#[test]
fn a_store_of_another_journal_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("checkpoints");
    drop(Checkpoints::open(&folder, Known::with(500)).unwrap());
    // The journal was put back from an older backup.
    let older = Known::with(60);
    answers_as(&Checkpoints::open(&folder, older.clone()).unwrap(), &older, "an older journal");
    assert_eq!(set_aside(dir.path()), 1);
}

#[test]
fn an_opening_that_never_ended_is_not_tried_twice() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("checkpoints");
    let known = Known::with(100);
    drop(Checkpoints::open(&folder, known.clone()).unwrap());
    std::fs::write(dir.path().join("checkpoints.opening"), b"").unwrap();
    answers_as(&Checkpoints::open(&folder, known.clone()).unwrap(), &known, "after a bad opening");
    assert_eq!(set_aside(dir.path()), 1);
    answers_as(&Checkpoints::open(&folder, known.clone()).unwrap(), &known, "once more");
    assert_eq!(set_aside(dir.path()), 1);
}

/// Not a test by itself: opens a damaged folder in a process of its own, because sled may answer
/// damage with an abort.
#[test]
fn child_that_opens_a_damaged_folder() {
    let Some(dir) = std::env::var_os(DAMAGED) else { return };
    let known = Known::with(300);
    let checkpoints = Checkpoints::open(Path::new(&dir), known.clone()).unwrap();
    answers_as(&checkpoints, &known, "after damage");
    put(&checkpoints, &known.finish("order/1", Some("new".into())));
    answers_as(&checkpoints, &known, "after a put");
}

const DAMAGED: &str = "MAPWRIGHT_TEST_CHECKPOINT_CHILD";

#[test]
fn damage_of_any_kind_gives_the_same_answers_or_a_new_folder() {
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    drop(Checkpoints::open(&whole, Known::with(300)).unwrap());
    let folder = dir.path().join("checkpoints");
    let mut files: Vec<_> = std::fs::read_dir(&whole)
        .unwrap()
        .map(|it| it.unwrap())
        .filter(|it| it.file_type().unwrap().is_file())
        .map(|it| it.file_name())
        .collect();
    files.sort();
    assert!(files.len() >= 2, "{files:?}");
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % below as u64).unwrap()
    };
    let mut aborts = 0;
    for round in 0..36 {
        let _gone_before = std::fs::remove_dir_all(&folder);
        copy(&whole, &folder);
        let path = folder.join(&files[round % files.len()]);
        let mut bytes = std::fs::read(&path).unwrap();
        let kind = match round / files.len() % 3 {
            _ if bytes.is_empty() => "left as it was",
            0 => {
                // Where there is something: sled's file ends in a long run of nothing.
                let used = bytes.iter().rposition(|it| *it != 0).unwrap_or(0) + 1;
                bytes[next(used)] ^= 1 << next(8);
                "a bit flipped"
            }
            1 => {
                bytes.truncate(next(bytes.len()));
                "cut short"
            }
            _ => {
                let at = next(bytes.len()) / 512 * 512;
                let end = (at + 512).min(bytes.len());
                bytes[at..end].fill(0);
                "a sector of nothing"
            }
        };
        std::fs::write(&path, bytes).unwrap();
        let mut opened = false;
        // An abort may happen once: the next start must not try the same folder again.
        for _ in 0..2 {
            let status = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "checkpoint::child_that_opens_a_damaged_folder"])
                .env(DAMAGED, &folder)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .unwrap();
            opened = status.success();
            if opened {
                break;
            }
            // A wrong answer ends the child with 101; only a death by signal may be tried again.
            assert!(status.code().is_none(), "{} {kind}: wrong answers", path.display());
            aborts += 1;
        }
        assert!(opened, "{} {kind}: not opened", path.display());
    }
    let remade = set_aside(dir.path());
    println!("{remade} folders made again, {aborts} aborts");
    assert!(remade >= 6, "only {remade} folders were made again: was anything damaged?");
}

#[test]
fn reading_in_service_notices_a_store_that_is_being_made_again() {
    /// A journal that answers once and then not any more.
    struct Moody(Known, Mutex<bool>);
    impl Tail for Moody {
        fn finished_after(&self, mark: u64, limit: usize) -> Result<Vec<Finished>, String> {
            if *self.1.lock().unwrap() {
                return Err("no answer".into());
            }
            self.0.finished_after(mark, limit)
        }
        fn last_mark(&self) -> Result<u64, String> {
            self.0.last_mark()
        }
        fn checkpoint_of(&self, event_seq: u64, route: &str) -> Result<Option<String>, String> {
            self.0.checkpoint_of(event_seq, route)
        }
        fn kept_to(&self) -> Result<u64, String> {
            self.0.kept_to()
        }
        fn kept(&self, m: &str, route: &str, key: &str) -> Result<Option<Finished>, String> {
            self.0.kept(m, route, key)
        }
        fn keep_range(&self, from: u64, to: u64) -> Result<(), String> {
            self.0.keep_range(from, to)
        }
        fn keep(&self, words: Vec<Finished>, to: u64) -> Result<(), String> {
            self.0.keep(words, to)
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let refused =
        Checkpoints::open(&dir.path().join("checkpoints"), Moody(Known::with(10), true.into()))
            .unwrap_err();
    assert!(matches!(refused, Error::Journal(_)), "{refused}");
}

/// The marks whose last words a small store holds.
const HELD: u64 = 24;

/// Whoever is made again answers a little later.
fn patiently(checkpoints: &Checkpoints, resource: &str) -> Option<ResourceCheckpoint> {
    let mut patience = Patience::default();
    loop {
        match checkpoints.get("acme", "orders", resource) {
            Ok(answer) => return answer,
            Err(error) => assert!(!patience.is_over(), "{error}"),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// One life of a store that lets go of what is old, beside a model that never does.
fn a_life_of_a_small_store(seed: u64) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let dir = tempfile::tempdir().unwrap();
    let (folder, older) = (dir.path().join("checkpoints"), dir.path().join("older"));
    let known = Known::default();
    let resources = rng.u64(5..120);
    let open = || Checkpoints::open_holding(&folder, known.clone(), HELD).unwrap();
    let mut checkpoints = open();
    for round in 0..rng.usize(4..9) {
        let mut late = Vec::new();
        for _ in 0..rng.u64(1..160) {
            let text = rng.bool().then(|| "x".repeat(rng.usize(0..60)));
            let one = known.finish(&format!("order/{}", rng.u64(0..resources)), text);
            // Some are put late, and a few of those never: they are in the journal.
            if rng.u32(0..8) == 0 {
                late.push(one)
            } else {
                put(&checkpoints, &one)
            }
            if rng.u32(0..10) == 0 {
                known.kept.lock().unwrap().faults.push(rng.bool());
            }
        }
        let lost = rng.u32(0..4) == 0;
        for one in late.iter().rev().filter(|_| !lost) {
            put(&checkpoints, one);
        }
        if lost && !late.is_empty() {
            drop(checkpoints);
            checkpoints = open();
        }
        let when = format!("seed {seed}, round {round}");
        for (resource, expected) in known.expected() {
            assert_eq!(patiently(&checkpoints, &resource), Some(expected), "{resource}, {when}");
        }
        assert_eq!(patiently(&checkpoints, "order/never"), None, "{when}");
        match rng.u32(0..6) {
            0 => {
                drop(checkpoints);
                std::fs::remove_dir_all(&folder).unwrap();
                checkpoints = open();
            }
            1 => {
                drop(checkpoints);
                std::fs::remove_dir_all(&older).ok();
                copy(&folder, &older);
                checkpoints = open();
            }
            2 if older.exists() => {
                // A copy of another day: what it lacks is in the journal, by name or by mark.
                drop(checkpoints);
                std::fs::remove_dir_all(&folder).unwrap();
                copy(&older, &folder);
                checkpoints = open();
            }
            3 => {
                drop(checkpoints);
                checkpoints = open();
            }
            _ => {}
        }
    }
    known.kept.lock().unwrap().faults.clear();
    let mut patience = Patience::default();
    let mut last = 0;
    // It begins late; then it goes on until no more than it may hold is left.
    while checkpoints.held().0 > HELD + HELD / 4 {
        assert!(!patience.is_over(), "seed {seed}: it holds {:?}", checkpoints.held());
        put(&checkpoints, &known.finish(&format!("order/more-{last}"), None));
        last += 1;
        std::thread::sleep(Duration::from_millis(5));
    }
    for (resource, expected) in known.expected() {
        assert_eq!(patiently(&checkpoints, &resource), Some(expected), "{resource}, seed {seed}");
    }
}

#[test]
fn a_store_that_lets_go_of_what_is_old_answers_as_one_that_never_does() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    if let Some(seed) = number("MAPWRIGHT_SEED") {
        return a_life_of_a_small_store(seed);
    }
    for _ in 0..number("MAPWRIGHT_RUNS").unwrap_or(25) {
        a_life_of_a_small_store(fastrand::u64(..));
    }
}

#[test]
fn a_lost_store_is_made_again_from_what_it_held_and_no_further() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("checkpoints");
    let known = Known::with(900);
    let checkpoints = Checkpoints::open_holding(&folder, known.clone(), HELD).unwrap();
    answers_as(&checkpoints, &known, "made from the whole journal");
    let (held, floor) = checkpoints.held();
    assert!(held <= HELD + HELD / 4 + 256, "{held} are held");
    assert!(floor >= 900 - HELD - HELD / 4 - 256, "up to {floor} they are the journal's");
    drop(checkpoints);
    std::fs::remove_dir_all(&folder).unwrap();
    // What lies before the floor may be gone from the list: nobody reads it again.
    let kept_to = known.kept.lock().unwrap().to;
    for it in known.finished.lock().unwrap().iter_mut().take(usize::try_from(kept_to).unwrap()) {
        it.status = Some("nobody reads this again".into());
    }
    let checkpoints = Checkpoints::open_holding(&folder, known.clone(), HELD).unwrap();
    for (resource, expected) in known.expected() {
        let found = get(&checkpoints, &resource).unwrap();
        assert_eq!(found.mark, expected.mark);
        assert_ne!(found.status.as_deref(), Some("nobody reads this again"), "{resource}");
    }
}

//! The host dies at its n-th write, sync, truncation or rename, for one n after the other: killed, killed
//! with half of the bytes written, or by a power cut that takes all back which no sync had covered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mapwright_tests::faults::{Disk, Fault};
use mapwright_tests::host::Patience;
use mapwright_tests::served::Served;
use serde_json::json;

use super::{Dice, World, length};

/// A start with a few orders makes about this many calls.
const CALLS_LOOKED_AT: u64 = 160;

/// What a host that is hit takes to die, also where many builds share the machine.
const DYING: Duration = Duration::from_secs(2);

/// `MAPWRIGHT_FAULT_STRIDE` is the step from one n to the next; 1 is every one of them.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_happens_twice_at_whichever_call_the_host_dies() {
    let stride = length("MAPWRIGHT_FAULT_STRIDE", 40).max(1);
    let mut dice = Dice::new("failpoints");
    let world = World::new().await;
    let disk = Disk::of(&world.folder.data());
    let enough = Arc::new(AtomicBool::new(false));
    let shops = world.open_shops(3, &enough);
    let (mut met, mut while_starting, mut survived) = (0_u64, 0_u64, 0_u64);
    for what in ["kill", "torn", "powercut"] {
        let mut number = 1 + dice.below(stride);
        while number <= CALLS_LOOKED_AT {
            let fault = Fault { what, call: "any", number };
            let environment = disk.environment(Some(&fault));
            let mut served = Served::start_in(&world.folder, &environment);
            match served.address_or_end().await {
                None => while_starting += 1,
                Some(address) => {
                    world.host.send_replace(Some(address));
                    let mut patience = Patience::default();
                    while served.ended().is_none() && disk.calls().all < number {
                        assert!(!patience.is_over(), "{fault}: nothing happens any more");
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                    // The call is counted before it kills, and a power cut takes a while.
                    let begun = Instant::now();
                    while served.ended().is_none() && begun.elapsed() < DYING {
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                    survived += u64::from(served.ended().is_none());
                }
            }
            met += u64::from(served.ended().is_some());
            served.kill();
            world.host.send_replace(None);
            number += stride;
        }
    }
    enough.store(true, Ordering::Relaxed);
    let mut served = Served::start(&world.folder);
    world.host.send_replace(Some(served.address().await));
    for shop in shops {
        shop.await.unwrap();
    }
    served.kill();
    let counted = world.settle_and_count(met).await;
    assert!(met > survived, "most faults must be met: {met} were, {survived} were not");
    let more = json!({ "faults_met": met, "while_starting": while_starting, "not_met": survived });
    counted.prove("failpoints", &more);
}

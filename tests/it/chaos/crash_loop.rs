//! SIGKILL at random moments, under load, with an ERP that fails one time in twenty.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mapwright_tests::served::Served;
use serde_json::json;

use super::{Dice, World, length};

/// `MAPWRIGHT_CRASH_ROUNDS` rounds; every fourth dies while it starts and takes up what the last left.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_happens_twice_whenever_the_host_is_killed() {
    let rounds = length("MAPWRIGHT_CRASH_ROUNDS", 12);
    let mut dice = Dice::new("crash loop");
    let world = World::new().await;
    world.five_percent_errors();
    let enough = Arc::new(AtomicBool::new(false));
    let shops = world.open_shops(6, &enough);
    let mut served_rounds = 0;
    for round in 0..rounds {
        let mut served = Served::start(&world.folder);
        if round % 4 == 3 {
            tokio::time::sleep(dice.millis(700)).await;
        } else {
            world.host.send_replace(Some(served.address().await));
            served_rounds += 1;
            tokio::time::sleep(dice.millis(900)).await;
        }
        served.kill();
        world.host.send_replace(None);
    }
    enough.store(true, Ordering::Relaxed);
    let mut served = Served::start(&world.folder);
    world.host.send_replace(Some(served.address().await));
    for shop in shops {
        shop.await.unwrap();
    }
    served.kill();
    let counted = world.settle_and_count(rounds).await;
    let kills = json!({ "kills": rounds + 1, "while_serving": served_rounds });
    counted.prove("crash loop", &kills);
}

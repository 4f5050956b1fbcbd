//! What many seeds show, and that each rule of the world can be broken.

use proto::bounds;
use proto::federation::{Effect, Event, Fault, Input, IntakeId, Load};
use proto::wire::{Envelope, Request};

use super::roster::address_of;
use super::*;

fn check(make: impl Fn(u64) -> Scenario, seeds: std::ops::Range<u64>) -> Vec<Summary> {
    seeds.map(|seed| run(&make(seed), seed).unwrap_or_else(|failure| panic!("{failure}"))).collect()
}

#[test]
fn equal_seeds_give_equal_runs() {
    for seed in 1..5 {
        for scenario in Scenario::kinds_of_seed(seed) {
            let (first, second) = (run(&scenario, seed), run(&scenario, seed));
            assert_eq!(first.map_err(|failure| failure.to_string()), second.map_err(|failure| failure.to_string()));
        }
    }
}

#[test]
fn unequal_seeds_give_unequal_runs() {
    let summaries = check(|_| Scenario::calm(Topology::Ring), 0..2);
    assert_ne!(summaries[0].digest, summaries[1].digest);
}

#[test]
fn five_hundred_seeds_converge_with_all_gossip_lost() {
    check(|seed| Scenario::of_seed(seed).silent(), 0..500);
}

#[test]
fn seeds_converge_under_loss_reordering_and_restarts() {
    check(|seed| Scenario::of_seed(seed).rough(), 1000..1200);
}

#[test]
fn seeds_converge_beside_listed_peers_that_do_harm_and_the_worst_are_expelled() {
    let summaries = check(|seed| Scenario::of_seed(seed).hostile(), 2000..2050);
    let expelled = summaries.iter().filter(|summary| summary.expulsions > 0).count();
    assert!(expelled >= 20, "expelled in {expelled} of 50 runs");
    assert!(summaries.iter().any(|summary| summary.gossip_dropped > 0), "some floods exceed the bound");
}

#[test]
fn seeds_converge_beside_strangers_that_do_harm() {
    check(|seed| Scenario::of_seed(seed).open(), 2100..2130);
}

#[test]
fn seeds_converge_after_the_network_parts_and_heals() {
    check(|seed| Scenario::of_seed(seed).parted(), 2200..2300);
}

#[test]
fn seeds_converge_with_clocks_an_hour_off_that_are_set_while_they_run() {
    check(|seed| Scenario::of_seed(seed).skewed(), 2300..2400);
}

#[test]
fn seeds_converge_with_slow_sites_and_full_queues() {
    check(|seed| Scenario::of_seed(seed).slow(), 2400..2500);
}

#[test]
fn seeds_converge_while_members_come_and_go_and_operators_change_their_minds() {
    check(|seed| Scenario::of_seed(seed).changing(), 2500..2600);
}

#[test]
fn seeds_converge_across_levels_and_moves_and_agree_on_the_last_roster() {
    check(|seed| Scenario::of_seed(seed).mixed(), 2900..3000);
}

#[test]
fn seeds_converge_with_everything_going_wrong_at_once() {
    check(|seed| Scenario::of_seed(seed).worst(), 2600..2630);
}

#[test]
fn more_entries_than_fit_into_verification_reach_every_site() {
    check(|seed| Scenario::of_seed(seed).stocked(), 2700..2702);
}

#[test]
fn hundreds_of_sites_come_to_rest() {
    check(Scenario::large, 2800..2803);
}

#[test]
fn an_entry_crosses_a_calm_line_by_gossip_within_a_second() {
    for summary in check(|_| Scenario::calm(Topology::Line), 0..20) {
        assert!(summary.rested_ms_after_last_upload <= 1000, "{summary:?}");
    }
}

#[test]
fn an_entry_crosses_a_line_without_gossip_faster_than_an_interval_a_hop() {
    for summary in check(|_| Scenario::calm(Topology::Line).silent(), 0..20) {
        assert!(summary.rested_ms_after_last_upload <= 2 * scenario::SYNC_INTERVAL_MS, "{summary:?}");
    }
}

/// `SIM_SEED` chooses the first seed, `SIM_SEEDS` how many follow it.
#[test]
fn seeds_can_be_replayed() {
    let number = |name, otherwise| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise);
    let (first, count) = (number("SIM_SEED", 5000), number("SIM_SEEDS", 1));
    let outcome = simulate(first..first + count);
    assert!(outcome.is_ok(), "{}", outcome.map_or_else(|failure| failure.to_string(), |_| String::new()));
}

/// A calm world that has just begun, with its first two sites connected.
fn world() -> World {
    let mut world = World::new(Scenario::calm(Topology::Full), 1, History::new(Keeps::Words));
    for site in 0..world.sites.len() {
        world.start(site);
    }
    world.connect(0, 1);
    assert_eq!(world.wrong, None);
    world
}

fn entry(world: &World, document: &str) -> Envelope {
    intake::envelope(&world.sites[0].node, document, world.now_ms)
}

/// Puts an entry on the disk of the first site and tells its federation.
fn plant(world: &mut World, envelope: Envelope) {
    let item = envelope.item();
    world.sites[0].disk.store.entries.insert(item.id, envelope.clone());
    world.tell(0, Input::EntryAdmitted { item, replaces: None, envelope });
}

fn assert_wrong(world: &World, wrong: &str) {
    assert!(world.wrong.as_ref().is_some_and(|found| found.contains(wrong)), "{:?} is not {wrong:?}", world.wrong);
}

#[test]
fn a_site_that_holds_a_forged_entry_breaks_a_rule() {
    let mut world = world();
    let forged = intake::forged(&entry(&world, "valid:real"), b"valid:forged");
    let id = forged.item().id;
    plant(&mut world, forged);
    assert_eq!(world.wrong_at_rest().as_deref(), Some("0 holds what is unverified"));
    world.on_held(0, id, None);
    assert_wrong(&world, "unverified");
}

#[test]
fn a_site_that_lost_what_it_acknowledged_breaks_a_rule() {
    let mut world = world();
    let lost = entry(&world, "valid:lost").item().id;
    world.sites[0].disk.acknowledged.insert(lost);
    world.check_held(0);
    assert_wrong(&world, "lost what it acknowledged");
}

#[test]
fn a_site_that_holds_what_its_policy_refuses_breaks_a_rule() {
    let mut world = world();
    world.sites[0].policy.taste = intake::Taste::Strict;
    let refused = entry(&world, "policy:no");
    let id = refused.item().id;
    plant(&mut world, refused);
    assert_eq!(world.wrong_at_rest().as_deref(), Some("0 holds what its policy refuses"));
    world.on_held(0, id, None);
    assert_wrong(&world, "takes what its policy refuses");
}

#[test]
fn a_federation_that_believes_other_than_the_disk_holds_breaks_a_rule() {
    let mut world = world();
    let envelope = entry(&world, "valid:ghost");
    world.tell(0, Input::EntryAdmitted { item: envelope.item(), replaces: None, envelope });
    assert_wrong(&world, "counts 1, holds 0");
}

#[test]
fn a_machine_beyond_any_of_its_bounds_breaks_a_rule() {
    let fine = Load { requests: 2 + bounds::ANNOUNCED_MAX, ..Load::default() };
    assert_eq!(rules::exceeded(&fine, 1), None);
    for load in [
        Load { intakes: bounds::INTAKES_MAX + 1, ..fine },
        Load { requests: fine.requests + 1, ..fine },
        Load { served: bounds::SERVED_MAX + 1, ..fine },
        Load { sessions: bounds::SESSIONS_MAX + 1, ..fine },
        Load { strangers: bounds::STRANGERS_MAX + 1, ..fine },
        Load { spoilt: bounds::SPOILT_PER_PEER_MAX + 1, ..fine },
        Load { untold: bounds::HOLDING_ITEMS_MAX + 1, ..fine },
        Load { known: bounds::KNOWN_ITEMS_MAX + 1, ..fine },
        Load { fresh: bounds::FRESH_ITEMS_MAX + 1, ..fine },
        Load { sessions: 1, wanted: bounds::SESSION_ITEMS_MAX + rules::ITEMS_PER_FRAME_MAX + 1, ..fine },
    ] {
        assert!(rules::exceeded(&load, 1).is_some(), "{load:?}");
    }
}

#[test]
fn sites_of_equal_policy_that_differ_are_not_at_rest_and_show_other_views() {
    let mut world = world();
    assert_eq!((world.unrest(), world.wrong_at_rest()), (None, None));
    let envelope = entry(&world, "valid:one");
    plant(&mut world, envelope);
    assert!(world.unrest().is_some_and(|unrest| unrest.contains("differ")));
    assert!(world.wrong_at_rest().is_some_and(|wrong| wrong.contains("another view")));
}

#[test]
fn a_world_that_rests_too_late_breaks_a_rule() {
    let hasty = Scenario { unrest_ms_max: 0, ..Scenario::calm(Topology::Line) };
    let failure = run(&hasty, 1).expect_err("an entry takes some time to cross a line");
    assert!(failure.wrong.contains("after the last trouble"), "{failure}");
}

#[test]
fn a_site_that_blames_an_honest_one_breaks_a_rule() {
    let mut world = world();
    let peer = world.sites[1].node;
    world.carry_out(0, Effect::Report(Event::PeerFaulted { peer, fault: Fault::Endless }));
    assert_wrong(&world, "which is honest");
}

#[test]
fn a_site_that_stays_connected_after_ten_bad_messages_breaks_a_rule() {
    let mut world = world();
    world.sites[0].running.as_mut().expect("it was started").blames.insert(1, bounds::FAULTS_MAX);
    world.check(0);
    assert_wrong(&world, "tolerates 1");
}

#[test]
fn a_site_that_stays_connected_to_a_removed_member_breaks_a_rule() {
    let mut world = world();
    world.check_members(0);
    assert_eq!(world.wrong, None);
    world.sites[0].settings.peers.clear();
    world.check_members(0);
    assert_wrong(&world, "is no member");
}

#[test]
fn a_site_that_fetches_again_what_it_refused_breaks_a_rule() {
    let mut world = world();
    let (envelope, source) = (entry(&world, "policy:no"), world.sites[1].node);
    world.sites[0].running.as_mut().expect("it was started").refused.insert(envelope.item().id);
    world.carry_out(0, Effect::Admit { intake: IntakeId(99), envelope, source });
    assert_wrong(&world, "fetches again");
}

#[test]
fn a_site_that_asks_beyond_the_level_of_its_peer_breaks_a_rule() {
    let mut world = world();
    let grown = Request::Grown.encode();
    world.sites[1].level = levels::FIRST_LEVEL;
    world.check_level(0, 1, &grown);
    assert_eq!(world.wrong, None);
    world.check_level(0, 1, &Request::Roster { held: None }.encode());
    assert_wrong(&world, "asks 1 of level 1");
}

#[test]
fn a_site_that_goes_back_to_an_older_roster_breaks_a_rule() {
    let scenario = Scenario { rosters: 2, ..Scenario::calm(Topology::Full) };
    let mut world = World::new(scenario, 1, History::new(Keeps::Words));
    let rosters = world.rosters_to_come();
    world.start(0);
    world.on_roster_published(0, rosters[1].clone());
    assert!(world.has_last_roster(0));
    world.on_roster_published(0, rosters[0].clone());
    assert!(world.has_last_roster(0) && world.wrong.is_none());
    world.carry_out(0, Effect::AdoptRoster { roster: rosters[0].clone() });
    assert_wrong(&world, "goes back to roster 1");
}

#[test]
fn a_site_without_the_last_roster_is_not_at_rest() {
    let mut world = world();
    assert_eq!(world.unrest(), None);
    world.scenario.rosters = 1;
    assert_eq!(world.unrest().as_deref(), Some("0 has an old roster"));
}

#[test]
fn a_site_that_keeps_an_address_of_another_breaks_a_rule() {
    let mut world = world();
    let (peer, addresses) = (world.sites[1].node, vec![address_of(2)]);
    world.carry_out(0, Effect::KeepAddresses { peer, addresses });
    assert_wrong(&world, "that nobody told");
}

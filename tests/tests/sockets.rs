//! What real nodes do on bad networks: loss, cuts, deaths and pauses, and what operators change meanwhile.

use std::collections::BTreeSet;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};

use node::events::Happening;
use proto::node_id::NodeId;
use serde_json::{Value, json};
use tests::follower::Follower;
use tests::link::{Medium, Weather};
use tests::linked::{Linked, Topology};
use tests::sites::{JANE, Sites, moment, template, wait_until};

const A: usize = 0;
const B: usize = 1;
const C: usize = 2;
const D: usize = 3;

const OPEN: &str = "[admission]\ncreated_max_age = \"36500d\"\n";

fn signed(name: &str, created: &str) -> Vec<u8> {
    JANE.sign(&template(name), moment(created)).expect("signed")
}

/// Uploads something of this name; gives its path.
fn upload(sites: &Sites, site: usize, name: &str) -> String {
    let answer = sites.http(site).upload(&signed(name, "2026-02-01T10:00:00Z"));
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.location_path()
}

fn has(sites: &Sites, site: usize, path: &str) -> bool {
    sites.http(site).get(path, "application/rdf+xml").status == 200
}

/// Runs a command that must succeed; its output.
fn told(sites: &Sites, site: usize, arguments: &[&str]) -> String {
    let (status, output, messages) = sites.command(site, arguments);
    assert_eq!(status, 0, "{arguments:?}: {output}{messages}");
    output
}

fn id(sites: &Sites, site: usize) -> String {
    sites.sites[site].node_id().to_string()
}

fn converges_in_rough_weather(topology: Topology) {
    let linked = Linked::start(topology, 4, Medium::Quic, Weather::ROUGH);
    wait_until("all are connected", || linked.are_connected());
    for number in 0..20 {
        upload(&linked.sites, number % 4, &format!("image-{number}"));
    }
    wait_until("all hold the same 20", || linked.sites.all_hold(20));
    let lost: u64 = linked.links.iter().map(|(_, link)| link.out().lost + link.back().lost).sum();
    assert!(lost > 0, "the weather was calm");
}

#[test]
fn a_line_converges_with_loss_delay_and_reordering() {
    converges_in_rough_weather(Topology::Line);
}

#[test]
fn a_ring_converges_with_loss_delay_and_reordering() {
    converges_in_rough_weather(Topology::Ring);
}

#[test]
fn a_star_converges_with_loss_delay_and_reordering() {
    converges_in_rough_weather(Topology::Star);
}

#[test]
fn a_full_mesh_converges_with_loss_delay_and_reordering() {
    converges_in_rough_weather(Topology::Full);
}

fn heals_both_ways(medium: Medium) {
    let linked = Linked::start(Topology::Full, 3, medium, Weather::CALM);
    let sites = &linked.sites;
    wait_until("all are connected", || linked.are_connected());
    upload(sites, A, "before");
    wait_until("all hold the first", || sites.all_hold(1));

    linked.cut_off(C);
    wait_until("C is alone", || {
        [A, B].iter().all(|site| !sites.is_connected(*site, C) && !sites.is_connected(C, *site))
    });
    for number in 0..10 {
        upload(sites, number % 2, &format!("there-{number}"));
        upload(sites, C, &format!("here-{number}"));
    }
    wait_until("A and B hold theirs", || [A, B].iter().all(|site| sites.held(*site).len() == 11));
    assert_eq!(sites.held(C).len(), 11, "C holds what it was given, and nothing of the others");

    linked.heal(C);
    wait_until("all hold all", || sites.all_hold(21));
}

#[test]
fn a_cut_over_quic_heals_in_both_directions() {
    heals_both_ways(Medium::Quic);
}

#[test]
fn a_cut_over_tcp_heals_in_both_directions() {
    heals_both_ways(Medium::Tcp);
}

#[test]
fn a_kill_in_the_middle_of_uploads_loses_nothing_that_was_acknowledged() {
    let mut sites = Sites::start(3);
    let http = sites.http(B);
    let (acknowledged, paths) = std::sync::mpsc::channel();
    let uploader = std::thread::spawn(move || {
        for number in 0.. {
            let document = signed(&format!("image-{number}"), "2026-02-01T10:00:00Z");
            // It ends where the node does not answer any more.
            let Ok(answer) = http.try_post("/metadata", "application/rdf+xml", &document) else { return };
            assert_eq!(answer.status, 201, "{}", answer.text());
            acknowledged.send(answer.location_path()).expect("somebody counts");
        }
    });
    let mut kept: Vec<String> = paths.iter().take(25).collect();
    sites.kill(B);
    uploader.join().expect("every answer was an acknowledgement");
    kept.extend(paths.try_iter());
    sites.restart(B);
    for site in [B, A, C] {
        wait_until("all that was acknowledged is held", || kept.iter().all(|path| has(&sites, site, path)));
    }
    wait_until("all hold the same", || sites.held(A) == sites.held(B) && sites.held(B) == sites.held(C));
}

#[test]
fn a_node_that_stands_still_holds_nobody_up_and_catches_up() {
    let linked = Linked::start(Topology::Star, 4, Medium::Quic, Weather::CALM);
    let sites = &linked.sites;
    wait_until("all are connected", || linked.are_connected());
    sites.pause(D);
    for number in 0..30 {
        upload(sites, B, &format!("image-{number}"));
    }
    wait_until("the others hold them", || [A, B, C].iter().all(|site| sites.held(*site).len() == 30));
    sites.resume(D);
    wait_until("D has caught up", || sites.all_hold(30));
}

fn a_star_converges(count: usize) {
    let linked = Linked::start(Topology::Star, count, Medium::Quic, Weather::CALM);
    for site in 0..count {
        upload(&linked.sites, site, &format!("image-{site}"));
    }
    wait_until("all hold all", || linked.sites.all_hold(count));
}

#[test]
fn a_star_of_twelve_converges() {
    a_star_converges(12);
}

#[test]
#[ignore = "thirty nodes take half a minute and 4 GB; `scripts/test --run-ignored only thirty` runs it"]
fn a_star_of_thirty_converges() {
    a_star_converges(30);
}

/// Sites that go by rosters which one operator signs.
struct Rostered {
    sites: Sites,
    folder: tempfile::TempDir,
}

impl Rostered {
    /// Prepares A, B, C and D; A, B and C list each other and run in a line, D runs and knows nobody.
    fn start() -> Self {
        let mut sites = Sites::prepare(4, OPEN);
        let folder = tempfile::tempdir().expect("a folder");
        let key = folder.path().join("operator.key");
        let made = told(&sites, A, &["federation", "key", "create", &text(&key), "--format", "json"]);
        let made: Value = serde_json::from_str(&made).expect("JSON");
        for site in 0..4 {
            sites.set(site, &format!("roster_keys = [{}]\n{OPEN}", made["key"]));
        }
        let all = sites.sites.clone();
        for site in [A, B, C] {
            sites.sites[site].unlist(&all[D]).expect("written");
            sites.sites[D].unlist(&all[site]).expect("written");
        }
        for site in [A, B, C, D] {
            if let (Some(before), true) = (site.checked_sub(1), site != D) {
                let p2p = sites.p2p(before).to_vec();
                sites.dial_at(site, before, &p2p);
            }
            sites.boot(site);
        }
        Self { sites, folder }
    }

    /// Has A's operator write and sign the next version with these members and these former ones.
    fn next(&self, members: &[usize], former: &[usize]) -> PathBuf {
        let version = self.sites.status(A).roster.map_or(0, |roster| roster.version) + 1;
        let file = self.folder.path().join(format!("roster-{version}.json"));
        told(&self.sites, A, &["federation", "roster", "create", "--output", &text(&file)]);
        let mut roster: Value = serde_json::from_slice(&std::fs::read(&file).expect("written")).expect("JSON");
        roster["members"] = members.iter().map(|site| self.member(*site)).collect();
        let until = format!("{}Z", &self.sites.status(A).now[.."2026-01-01T00:00:00".len()]);
        roster["former"] = former.iter().map(|site| json!({ "id": id(&self.sites, *site), "until": until })).collect();
        std::fs::write(&file, roster.to_string()).expect("written");
        let key = self.folder.path().join("operator.key");
        told(&self.sites, A, &["federation", "roster", "sign", "--key", &text(&key), &text(&file)]);
        file
    }

    fn member(&self, site: usize) -> Value {
        let bare = |address: &String| address.rsplit_once("/p2p/").expect("a peer's address").0.to_owned();
        let addresses: Vec<String> = self.sites.p2p(site).iter().map(bare).collect();
        json!({ "id": id(&self.sites, site), "name": self.sites.sites[site].name(), "addresses": addresses })
    }

    fn apply(&self, site: usize, roster: &Path) {
        told(&self.sites, site, &["federation", "roster", "apply", &text(roster)]);
    }

    fn version(&self, site: usize) -> u64 {
        self.sites.status(site).roster.map_or(0, |roster| roster.version)
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn a_roster_spreads_by_itself_and_a_site_of_its_next_version_is_a_peer_everywhere() {
    let rostered = Rostered::start();
    let sites = &rostered.sites;
    rostered.apply(A, &rostered.next(&[A, B, C], &[]));
    for site in [B, C] {
        wait_until("the first version has spread", || rostered.version(site) == 1);
    }
    wait_until("A and C are peers by the roster", || sites.is_connected(A, C) && sites.is_connected(C, A));
    let early = upload(sites, A, "early");
    wait_until("the three hold it", || [B, C].iter().all(|site| has(sites, *site, &early)));

    let next = rostered.next(&[A, B, C, D], &[]);
    rostered.apply(A, &next);
    rostered.apply(D, &next);
    for site in [A, B, C] {
        wait_until("the next version has spread", || rostered.version(site) == 2);
        wait_until("D is connected", || sites.is_connected(site, D) && sites.is_connected(D, site));
    }
    wait_until("D has what was there", || has(sites, D, &early));
    let late = upload(sites, D, "late");
    wait_until("all hold what D admitted", || [A, B, C].iter().all(|site| has(sites, *site, &late)));
}

#[test]
fn a_member_that_the_next_roster_leaves_out_is_disconnected_and_heard_no_more() {
    let rostered = Rostered::start();
    let sites = &rostered.sites;
    let first = rostered.next(&[A, B, C, D], &[]);
    rostered.apply(A, &first);
    rostered.apply(D, &first);
    for site in [A, B, C] {
        wait_until("D is connected", || sites.is_connected(site, D));
    }
    let early = upload(sites, D, "early");
    wait_until("all hold what D admitted", || [A, B, C].iter().all(|site| has(sites, *site, &early)));

    let followers = [A, B, C].map(|site| Follower::start(sites, site, 0));
    wait_until("they are followed", || followers.iter().all(|follower| !follower.told().is_empty()));
    rostered.apply(A, &rostered.next(&[A, B, C], &[D]));
    let gone = id(sites, D);
    let is_down = |happening: &Happening| matches!(happening, Happening::PeerDown { peer, .. } if *peer == gone);
    wait_until("all have left D", || followers.iter().all(|follower| follower.has_told(is_down)));
    let is_second =
        |happening: &Happening| matches!(happening, Happening::RosterChanged { version: 2, members: 3, .. });
    wait_until("the roster is told of", || followers.iter().all(|follower| follower.has_told(is_second)));
    let late = upload(sites, D, "late");
    let next = upload(sites, A, "next");
    wait_until("the others go on", || [B, C].iter().all(|site| has(sites, *site, &next)));
    for site in [A, B, C] {
        let (status, output, messages) = sites.command(D, &["peer", "ping", &id(sites, site)]);
        assert_eq!(status, 1, "{output}{messages}");
        assert!(!sites.is_listed(site, D) && !sites.is_connected(site, D));
        assert!(has(sites, site, &early), "what it admitted before stays");
        assert!(!has(sites, site, &late), "what it admits from then on does not arrive");
    }
}

#[test]
fn an_older_roster_is_refused_by_a_running_node_with_status_2() {
    let rostered = Rostered::start();
    let first = rostered.next(&[A, B, C], &[]);
    rostered.apply(A, &first);
    rostered.apply(A, &rostered.next(&[A, B, C], &[]));
    let (status, output, messages) = rostered.sites.command(A, &["federation", "roster", "apply", &text(&first)]);
    assert_eq!(status, 2, "{output}{messages}");
    assert!(messages.contains("version 1 is older than version 2"), "{messages}");
    assert_eq!(rostered.version(A), 2);
}

#[test]
fn a_roster_that_has_expired_is_shown_as_such_and_its_members_stay_peers() {
    let mut rostered = Rostered::start();
    rostered.apply(A, &rostered.next(&[A, B, C], &[]));
    wait_until("C has it", || rostered.version(C) == 1);
    let sites = &mut rostered.sites;
    assert!(sites.status(C).roster.is_some_and(|roster| !roster.is_expired));
    assert!(sites.stop(C));
    sites.set_arguments(&["--clock", "2066-01-01T00:00:00Z"]);
    sites.restart(C);
    assert!(sites.status(C).roster.is_some_and(|roster| roster.is_expired));
    let shown = told(sites, C, &["status"]);
    assert!(shown.contains("EXPIRED"), "{shown}");
    wait_until("A and C are peers all the same", || sites.is_connected(A, C) && sites.is_connected(C, A));
}

#[test]
fn a_peer_that_is_removed_is_disconnected_and_heard_no_more_whoever_carries_it() {
    let linked = Linked::start(Topology::Full, 3, Medium::Quic, Weather::CALM);
    let sites = &linked.sites;
    wait_until("all are connected", || linked.are_connected());
    let early = upload(sites, B, "early");
    wait_until("A holds what B admitted", || has(sites, A, &early));

    told(sites, A, &["peer", "remove", &id(sites, B)]);
    wait_until("A has left B", || !sites.is_connected(A, B) && !sites.is_connected(B, A));
    let late = upload(sites, B, "late");
    // C is a peer of both, and carries it to A.
    wait_until("C holds it", || has(sites, C, &late));
    wait_until("A has refused it", || sites.status(A).refusals.values().sum::<u64>() == 1);
    assert!(has(sites, A, &early) && !has(sites, A, &late));
    assert!(!sites.is_listed(A, B));
}

#[test]
fn a_peer_that_is_added_at_run_time_is_dialled_listed_and_there_after_a_restart() {
    let mut sites = Sites::start(2);
    wait_until("they are connected", || sites.is_connected(A, B) && sites.is_connected(B, A));
    let address = sites.p2p(B)[0].clone();
    let (first, second) = (id(&sites, A), id(&sites, B));
    told(&sites, A, &["peer", "remove", &second]);
    told(&sites, B, &["peer", "remove", &first]);
    wait_until("they know each other no more", || !sites.is_connected(A, B) && !sites.is_connected(B, A));
    assert!(!told(&sites, A, &["peer", "list"]).contains(&second));

    let back = sites.p2p(A)[0].clone();
    told(&sites, B, &["peer", "add", &back, "--name", "first"]);
    told(&sites, A, &["peer", "add", &address, "--name", "second"]);
    wait_until("they are connected again", || sites.is_connected(A, B) && sites.is_connected(B, A));
    let list = told(&sites, A, &["peer", "list"]);
    assert!(list.contains(&second) && list.contains("second"), "{list}");
    let held = upload(&sites, A, "held");
    wait_until("B holds what A admits", || has(&sites, B, &held));

    assert!(sites.stop(A));
    sites.restart(A);
    wait_until("A dials B as before", || sites.is_connected(A, B));
}

#[test]
fn nodes_with_one_preshared_key_converge_and_others_do_not_connect() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = |digit: &str| {
        let path = folder.path().join(format!("{digit}.key"));
        std::fs::write(&path, format!("/key/swarm/psk/1.0.0/\n/base16/\n{}\n", digit.repeat(64))).expect("written");
        format!("preshared_key_file = {:?}\n{OPEN}", text(&path))
    };
    let mut sites = Sites::prepare(4, OPEN);
    for (site, settings) in [(A, key("5")), (B, key("5")), (C, key("6"))] {
        sites.set(site, &settings);
    }
    for site in [A, B, C, D] {
        sites.sites[site].listen(&["/ip4/127.0.0.1/tcp/0"]).expect("written");
        if site != A {
            let p2p = sites.p2p(A).to_vec();
            sites.dial_at(site, A, &p2p);
        }
        sites.boot(site);
    }
    upload(&sites, A, "debian");
    wait_until("B holds it", || sites.held(B) == sites.held(A));
    let (first, failed) = (id(&sites, A), |site: usize, first: &str| {
        let peers = sites.status(site).peers;
        peers.iter().any(|peer| peer.id == first && peer.last_error.is_some())
    });
    for site in [C, D] {
        wait_until("it cannot reach A", || failed(site, &first));
        assert!(!sites.is_connected(site, A) && !sites.is_connected(A, site));
        assert!(sites.held(site).is_empty());
    }
}

#[test]
fn nodes_converge_over_ipv6() {
    if UdpSocket::bind("[::1]:0").is_err() {
        println!("skipped: this machine has no IPv6 loopback");
        return;
    }
    for listen in ["/ip6/::1/udp/0/quic-v1", "/ip6/::1/tcp/0"] {
        let mut sites = Sites::prepare(2, OPEN);
        for site in [A, B] {
            sites.sites[site].listen(&[listen]).expect("written");
            if site == B {
                let p2p = sites.p2p(A).to_vec();
                sites.dial_at(B, A, &p2p);
            }
            sites.boot(site);
        }
        upload(&sites, A, "debian");
        wait_until(listen, || sites.all_hold(1));
    }
}

#[test]
fn a_ping_says_the_round_trip_or_why_there_is_none() {
    let mut sites = Sites::start(2);
    wait_until("they are connected", || sites.is_connected(A, B) && sites.is_connected(B, A));
    let output = told(&sites, B, &["peer", "ping", "site-a"]);
    assert!(output.contains("answers in") && output.contains("its connection"), "{output}");
    assert!(sites.stop(A));
    wait_until("A is gone", || !sites.is_connected(B, A));
    let (status, output, messages) = sites.command(B, &["peer", "ping", "site-a"]);
    assert_eq!(status, 1, "{output}{messages}");
    assert!(output.contains("it is not reached"), "{output}");
    let stranger = NodeId::from_public_key([7; 32]).to_string();
    let (status, output, messages) = sites.command(B, &["peer", "ping", &stranger]);
    assert_eq!(status, 1, "{output}{messages}");
    assert!(output.contains("no address of it is known"), "{output}");
}

#[test]
fn a_ping_of_a_node_that_stands_still_says_that_it_is_silent() {
    let sites = Sites::start(2);
    wait_until("they are connected", || sites.is_connected(A, B) && sites.is_connected(B, A));
    sites.pause(A);
    let (status, output, messages) = sites.command(B, &["peer", "ping", "site-a"]);
    assert_eq!(status, 1, "{output}{messages}");
    assert!(output.contains("it gives no answer within"), "{output}");
}

#[test]
fn events_tell_what_was_uploaded_and_superseded_and_which_peer_came_and_went() {
    let mut sites = Sites::start(2);
    let old = sites.http(A).upload(&signed("debian", "2026-02-01T10:00:00Z")).json()["entry"].clone();
    let follower = Follower::start(&sites, A, 0);
    let is_of = |entry: &str, id: &Value| id.as_str().is_some_and(|id| entry.ends_with(id));
    wait_until("the upload is told that was before", || {
        follower.has_told(|told| matches!(told, Happening::EntryAdmitted(entry) if is_of(&entry.entry, &old)))
    });
    let new = sites.http(A).upload(&signed("debian", "2026-02-02T10:00:00Z")).json()["entry"].clone();
    wait_until("the new one is told, and what it supersedes", || {
        follower.has_told(|told| matches!(told, Happening::EntryAdmitted(entry) if is_of(&entry.entry, &new)))
            && follower.has_told(|told| matches!(told, Happening::EntrySuperseded(entry) if is_of(&entry.entry, &old)))
    });
    let peer = id(&sites, B);
    assert!(sites.stop(B));
    let is_down = |told: &Happening| matches!(told, Happening::PeerDown { peer: down, .. } if *down == peer);
    wait_until("B is told as gone", || follower.has_told(is_down));
    sites.restart(B);
    wait_until("B is told as back", || {
        let told = follower.told();
        let left = told.iter().position(|event| is_down(&event.happening)).unwrap_or(told.len());
        let is_up = |told: &Happening| matches!(told, Happening::PeerUp { peer: up, .. } if *up == peer);
        told[left..].iter().any(|event| is_up(&event.happening))
    });
    let changes: Vec<u64> = follower.told().iter().filter_map(|event| event.change).collect();
    let once: BTreeSet<u64> = changes.iter().copied().collect();
    assert!(changes.is_sorted() && once.len() == changes.len(), "{changes:?}");
}

#[test]
fn a_hook_is_run_when_an_entry_is_superseded() {
    let folder = tempfile::tempdir().expect("a folder");
    let (whole, part) = (folder.path().join("told"), folder.path().join("part"));
    let script = format!("cat > {part} && mv {part} {whole}", part = part.display(), whole = whole.display());
    let hook = format!("[[hook]]\nevents = [\"entry_superseded\"]\ncommand = [\"/bin/sh\", \"-c\", {script:?}]\n");
    let sites = Sites::start_with(1, &format!("{OPEN}{hook}"), &[]);
    let old = sites.http(A).upload(&signed("debian", "2026-02-01T10:00:00Z")).json()["entry"].clone();
    assert_eq!(sites.http(A).upload(&signed("debian", "2026-02-02T10:00:00Z")).status, 201);
    wait_until("the hook was run", || whole.exists());
    let event: Value = serde_json::from_slice(&std::fs::read(&whole).expect("written")).expect("JSON");
    assert_eq!((&event["event"], &event["entry"]), (&json!("entry_superseded"), &old));
}

#[test]
fn a_hook_is_told_afterwards_what_happened_while_it_and_the_node_were_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let (taken, open) = (folder.path().join("taken"), folder.path().join("open"));
    let script = format!("test -e {open} && cat >> {taken}", open = open.display(), taken = taken.display());
    let hook = format!("[[hook]]\nevents = [\"entry_admitted\"]\ncommand = [\"/bin/sh\", \"-c\", {script:?}]\n");
    let mut sites = Sites::start_with(1, &format!("{OPEN}{hook}"), &[]);
    let uploaded: Vec<Value> = (1..=3)
        .map(|day| {
            sites.http(A).upload(&signed("debian", &format!("2026-02-0{day}T10:00:00Z"))).json()["entry"].clone()
        })
        .collect();
    sites.kill(A);
    std::fs::write(&open, "").expect("it is open");
    sites.restart(A);
    let told = || -> Vec<Value> {
        let text = std::fs::read_to_string(&taken).unwrap_or_default();
        text.lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .map(|event| event["entry"].clone())
            .collect()
    };
    wait_until("all three are told", || told().len() >= 3);
    assert_eq!(told(), uploaded);
    assert!(sites.stop(A));
    sites.restart(A);
    let newest = sites.http(A).upload(&signed("debian", "2026-02-04T10:00:00Z")).json()["entry"].clone();
    wait_until("the newest is told", || told().contains(&newest));
    assert_eq!(told().len(), 4, "what was taken is not told again");
}

#[test]
fn what_is_refused_is_listed_shown_and_tried_again() {
    let mut sites = Sites::prepare(2, OPEN);
    sites.set(A, &format!("{OPEN}[trust]\nendorsers_deny = [\"@example.org\"]\n"));
    sites.boot(A);
    let follower = Follower::start(&sites, A, 0);
    let p2p = sites.p2p(A).to_vec();
    sites.dial_at(B, A, &p2p);
    sites.boot(B);
    wait_until("A tells what happens", || follower.has_told(|told| matches!(told, Happening::PeerUp { .. })));
    let entry = sites.http(B).upload(&signed("debian", "2026-02-01T10:00:00Z")).json()["entry"].clone();
    let entry = entry.as_str().expect("an identity").to_owned();
    wait_until("A has refused it", || sites.status(A).refusals.get("endorser-denied") == Some(&1));
    let is_refused =
        |told: &Happening| matches!(told, Happening::EntryRefused { reason, .. } if reason.contains("endorser-denied"));
    wait_until("A tells that it has", || follower.has_told(is_refused));
    let list = told(&sites, A, &["refused", "list"]);
    assert!(list.contains("endorser-denied") && list.contains("jane@example.org"), "{list}");
    let shown = told(&sites, A, &["refused", "show", &entry]);
    assert!(shown.contains(&entry) && shown.contains("<rdf:RDF"), "{shown}");
    let retried = told(&sites, A, &["refused", "retry", &entry]);
    assert!(retried.contains("endorser-denied"), "{retried}");

    sites.set(A, OPEN);
    sites.hang_up(A);
    wait_until("A holds it", || sites.all_hold(1));
    assert_eq!(told(&sites, A, &["refused", "list"]).trim(), "nothing is refused");
}

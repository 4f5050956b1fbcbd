//! Who is linked with whom, and which sites can be left out without parting the others.

use std::collections::BTreeSet;

use super::random::Random;
use super::scenario::{Scenario, Topology};

/// Pairs of sites, the smaller number first.
pub(super) type Links = BTreeSet<(usize, usize)>;

/// Least and most neighbours of a site in a mesh, where chance allows.
const MESH_DEGREE: (usize, usize) = (4, 8);

/// The links of the honest sites.
pub(super) fn links(scenario: &Scenario, random: &mut Random) -> Links {
    let sites = scenario.sites;
    let line = (1..sites).map(|site| (site - 1, site));
    match scenario.topology {
        Topology::Line => line.collect(),
        Topology::Ring => line.chain((sites > 2).then_some((0, sites - 1))).collect(),
        Topology::Star => (1..sites).map(|site| (0, site)).collect(),
        Topology::Full => (1..sites).flat_map(|site| (0..site).map(move |other| (other, site))).collect(),
        Topology::Random => {
            let mut links: Links = (1..sites).map(|site| (random.index(site), site)).collect();
            for _ in 0..sites / 2 {
                let site = 1 + random.index(sites - 1);
                links.insert((random.index(site), site));
            }
            links
        }
        Topology::Mesh => mesh(sites, random),
    }
}

fn mesh(sites: usize, random: &mut Random) -> Links {
    let mut degrees = vec![0; sites];
    let mut links = Links::new();
    let mut link = |one: usize, other: usize, degrees: &mut Vec<usize>| {
        let is_free = |site: usize| degrees[site] < MESH_DEGREE.1;
        if one != other && is_free(one) && is_free(other) && links.insert((one.min(other), one.max(other))) {
            degrees[one] += 1;
            degrees[other] += 1;
        }
    };
    for site in 0..sites {
        link(site, (site + 1) % sites, &mut degrees);
    }
    for site in 0..sites {
        for _ in 0..MESH_DEGREE.1 {
            if degrees[site] < MESH_DEGREE.0 {
                link(site, random.index(sites), &mut degrees);
            }
        }
    }
    links
}

/// About `count` sites that may refuse what others pass on, or leave, without parting those others; none of `not`.
pub(super) fn choose_dispensable(
    count: usize,
    sites: usize,
    links: &Links,
    not: &BTreeSet<usize>,
    random: &mut Random,
) -> BTreeSet<usize> {
    let mut chosen = BTreeSet::new();
    for _ in 0..count {
        let site = random.index(sites);
        let mut left_out: BTreeSet<_> = chosen.union(not).copied().collect();
        if left_out.insert(site) && is_connected(sites, links, &left_out) {
            chosen.insert(site);
        }
    }
    chosen
}

/// Whether the sites without those `left_out` are linked with one another.
fn is_connected(sites: usize, links: &Links, left_out: &BTreeSet<usize>) -> bool {
    let kept: BTreeSet<_> = (0..sites).filter(|site| !left_out.contains(site)).collect();
    let Some(first) = kept.first() else { return false };
    let mut neighbours = vec![Vec::new(); sites];
    for (one, other) in links.iter().filter(|(one, other)| kept.contains(one) && kept.contains(other)) {
        neighbours[*one].push(*other);
        neighbours[*other].push(*one);
    }
    let (mut reached, mut todo) = (BTreeSet::from([*first]), vec![*first]);
    while let Some(site) = todo.pop() {
        todo.extend(neighbours[site].iter().copied().filter(|other| reached.insert(*other)));
    }
    reached == kept
}

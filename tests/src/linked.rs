//! Federations of real nodes whose every connection runs over a link that can be made bad and cut.

use crate::link::{Link, Links, Medium, Weather, socket_address};
use crate::sites::Sites;

/// Who dials whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topology {
    /// Each the one before it.
    Line,
    /// A line whose ends are linked.
    Ring,
    /// All the first.
    Star,
    /// Each all before it.
    Full,
}

/// Nodes and the links between them.
#[derive(Debug)]
pub struct Linked {
    /// The nodes.
    pub sites: Sites,
    /// The links, each with the site that dials and the one that is dialled.
    pub links: Vec<((usize, usize), Link)>,
    _links: Links,
}

/// What makes the fates of the first link; each further one has the next number.
const SEED: u64 = 1;

const SETTINGS: &str = "[admission]\ncreated_max_age = \"36500d\"\n";

impl Topology {
    /// Who dials whom, as pairs of the one that dials and the one that is dialled, among `count` sites.
    #[must_use]
    pub fn pairs(self, count: usize) -> Vec<(usize, usize)> {
        let dialled = |index: usize| match self {
            Self::Line => vec![index - 1],
            Self::Ring if index + 1 == count && count > 2 => vec![index - 1, 0],
            Self::Ring => vec![index - 1],
            Self::Star => vec![0],
            Self::Full => (0..index).collect(),
        };
        (1..count).flat_map(|index| dialled(index).into_iter().map(move |other| (index, other))).collect()
    }
}

impl Linked {
    /// Starts `count` nodes that are linked so.
    ///
    /// # Panics
    /// Where a node does not start.
    #[must_use]
    pub fn start(topology: Topology, count: usize, medium: Medium, weather: Weather) -> Self {
        Self::connect(Sites::prepare(count, SETTINGS), topology, medium, weather)
    }

    /// Starts the nodes of prepared sites that are linked so.
    ///
    /// # Panics
    /// Where a node does not start.
    #[must_use]
    pub fn connect(mut sites: Sites, topology: Topology, medium: Medium, weather: Weather) -> Self {
        let running = Links::start();
        let count = sites.sites.len();
        let pairs = topology.pairs(count);
        let mut links: Vec<((usize, usize), Link)> = Vec::new();
        for index in 0..count {
            for (_, other) in pairs.iter().filter(|(dialler, _)| *dialler == index) {
                let target = sites.p2p(*other).iter().find_map(|address| socket_address(address, medium));
                let target = target.expect("the node listens on this medium");
                let link = running.link(target, medium, weather, SEED + links.len() as u64);
                let address = format!("{}/p2p/{}", link.multiaddress(), sites.sites[*other].node_id());
                sites.dial_at(index, *other, &[address]);
                links.push(((index, *other), link));
            }
            sites.boot(index);
        }
        Self { sites, links, _links: running }
    }

    /// Cuts every link of a site.
    pub fn cut_off(&self, index: usize) {
        self.links_of(index).for_each(Link::cut);
    }

    /// Opens every link of a site.
    pub fn heal(&self, index: usize) {
        self.links_of(index).for_each(Link::heal);
    }

    /// Changes the weather of all links.
    pub fn set(&self, weather: Weather) {
        self.links.iter().for_each(|(_, link)| link.set(weather));
    }

    /// Bytes that passed over all links, both ways.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.links.iter().map(|(_, link)| link.out().bytes + link.back().bytes).sum()
    }

    /// Whether both ends of every link are connected.
    #[must_use]
    pub fn are_connected(&self) -> bool {
        self.links
            .iter()
            .all(|((one, other), _)| self.sites.is_connected(*one, *other) && self.sites.is_connected(*other, *one))
    }

    fn links_of(&self, index: usize) -> impl Iterator<Item = &Link> {
        self.links.iter().filter(move |((one, other), _)| *one == index || *other == index).map(|(_, link)| link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topologies_have_their_links() {
        assert_eq!(Topology::Line.pairs(4), [(1, 0), (2, 1), (3, 2)]);
        assert_eq!(Topology::Ring.pairs(4), [(1, 0), (2, 1), (3, 2), (3, 0)]);
        assert_eq!(Topology::Star.pairs(4), [(1, 0), (2, 0), (3, 0)]);
        assert_eq!(Topology::Full.pairs(4).len(), 6);
        assert_eq!(Topology::Ring.pairs(2), [(1, 0)]);
    }
}

//! `marketplace events`: what happens at a running node, as it happens.

use clap::Args;

use super::output::{Output, visible};
use super::{Global, Verdict};
use crate::control;
use crate::events::{EntryEvent, Event, Happening};

/// Options of `events`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  marketplace events                               one line an event, until Ctrl-C
  marketplace events --format json --after 1200    first what happened to entries since change 1200, then the rest")]
pub(super) struct Events {
    /// Begin with what happened to entries after this change; 0 for all
    #[arg(long, value_name = "CHANGE", env = "MARKETPLACE_AFTER", hide_env = true)]
    after: Option<u64>,
}

impl Events {
    pub(super) fn run(self, global: &Global, output: Output) -> anyhow::Result<Verdict> {
        control::follow(&global.data_dir()?, self.after, |event| output.result(|| line(event), event))?;
        output.note("The node has stopped.");
        Ok(Verdict::Yes)
    }
}

/// An event in one line.
fn line(event: &Event) -> String {
    let change = event.change.map_or_else(String::new, |change| format!(" (change {change})"));
    let words = event.happening.name().replace('_', " ");
    format!("{}  {words}: {}{change}", event.at, visible(&what(&event.happening)))
}

fn what(happening: &Happening) -> String {
    match happening {
        Happening::EntryAdmitted(entry) | Happening::EntrySuperseded(entry) | Happening::EntryMoved(entry) => {
            describe(entry)
        }
        Happening::EntryWithdrawn { entry } => entry.clone(),
        Happening::EntryRefused { item, reason } => format!("{item}: {reason}"),
        Happening::PeerUp { peer, name } | Happening::PeerDown { peer, name } => named(peer, name),
        Happening::PeerFaulted { peer, name, fault: reason } | Happening::SyncFailed { peer, name, reason } => {
            format!("{}: {reason}", named(peer, name))
        }
        Happening::GossipPaused => "the links do not carry it; peers are told of uploads and fetch them".to_owned(),
        Happening::RosterChanged { version, expires, members } => {
            format!("version {version}, {members} members, expires {expires}")
        }
        Happening::RosterRefused { peer, reason } => format!("of {peer}: {reason}"),
        Happening::Missed { count } => {
            format!("{count} events came too fast; those of entries are told again with --after")
        }
    }
}

fn describe(entry: &EntryEvent) -> String {
    let mut text = format!("{} {} {} {}", entry.image, entry.email, entry.created, entry.standing);
    if let Some(by) = &entry.superseded_by {
        text.push_str(&format!(", superseded by {by}"));
    }
    if let Some(reason) = &entry.deprecated {
        text.push_str(&format!(", DEPRECATED {reason}"));
    }
    if entry.is_local {
        text.push_str(", local");
    }
    text
}

fn named(peer: &str, name: &str) -> String {
    if name.is_empty() { peer.to_owned() } else { format!("{name} ({peer})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_the_peer_and_cannot_steer_the_terminal() {
        let happening = Happening::PeerDown { peer: "12D3".to_owned(), name: "b\u{1b}[2J".to_owned() };
        let event = Event { at: "2026-01-01T00:00:00.000Z".to_owned(), change: None, happening };
        assert_eq!(line(&event), "2026-01-01T00:00:00.000Z  peer down: b\\u{1b}[2J (12D3)");
    }
}

//! What happened in a run: a digest of all of it, and its end in words.

use std::collections::VecDeque;
use std::fmt::{self, Write};

use proto::federation::{Answer, Event, Input, Outcome};

/// Lines of the end that a failure shows.
const LINES_KEPT: usize = 60;

#[derive(Debug)]
pub(super) struct History {
    digest: Digest,
    keeps: Keeps,
    end: VecDeque<String>,
    pub(super) events: u64,
}

/// Whether the words of a run are kept; they cost more than the run, which can be played again for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeps {
    Digest,
    Words,
}

/// What is written to it, folded.
#[derive(Debug, Clone, Copy)]
struct Digest(u64);

/// A run that broke an invariant or did not come to rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The seed that finds it again.
    pub seed: u64,
    /// What kind of scenario it was.
    pub kind: &'static str,
    /// What is wrong.
    pub wrong: String,
    /// The scenario, in words.
    pub scenario: String,
    /// The end of the history.
    pub end: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.end.join("\n"))?;
        writeln!(formatter, "scenario: {}", self.scenario)?;
        write!(formatter, "seed {}, {}: {}", self.seed, self.kind, self.wrong)
    }
}

impl std::error::Error for Failure {}

impl History {
    pub(super) const fn new(keeps: Keeps) -> Self {
        Self { digest: Digest(0xcbf2_9ce4_8422_2325), keeps, end: VecDeque::new(), events: 0 }
    }

    pub(super) fn note(&mut self, line: fmt::Arguments<'_>) {
        self.events += 1;
        self.digest.write_fmt(line).expect("a digest takes everything");
        if self.keeps == Keeps::Words {
            if self.end.len() == LINES_KEPT {
                self.end.pop_front();
            }
            self.end.push_back(line.to_string());
        }
    }

    pub(super) const fn digest(&self) -> u64 {
        self.digest.0
    }

    pub(super) fn end(&self) -> Vec<String> {
        self.end.iter().cloned().collect()
    }
}

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = fnv(self.0, text.as_bytes());
        Ok(())
    }
}

/// FNV-1a from a given state.
pub(super) fn fnv(state: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(state, |digest, byte| (digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// An input in one line, without its bytes but for their digest.
pub(super) fn brief(input: &Input) -> String {
    match input {
        Input::GossipArrived { message, bytes, .. } => format!("gossip {} {:x}", message.0, fnv(0, bytes)),
        Input::RequestArrived { request, bytes, .. } => format!("request {} {:x}", request.0, fnv(0, bytes)),
        Input::ResponseArrived { request, answer: Answer::Response(bytes), .. } => {
            format!("answer to {} {:x}", request.0, fnv(0, bytes))
        }
        Input::ResponseArrived { request, answer: Answer::Failed, .. } => format!("no answer to {}", request.0),
        Input::EntryAdmitted { item, .. } => format!("upload {:x}", fnv(0, item.id.as_bytes())),
        Input::IntakeFinished { intake, outcome: Outcome::Held { item, replaces } } => {
            let replaces =
                replaces.map_or_else(String::new, |other| format!(" in place of {:x}", fnv(0, other.id.as_bytes())));
            format!("intake {} holds {:x}{replaces}", intake.0, fnv(0, item.id.as_bytes()))
        }
        Input::IntakeFinished { intake, outcome } => format!("intake {} {outcome:?}", intake.0),
        Input::Loaded { load, envelopes } => format!("load {} of {}", load.0, envelopes.len()),
        Input::PeerConnected { .. } => "connected".to_owned(),
        Input::PeerDisconnected { .. } => "disconnected".to_owned(),
        Input::RoundTripMeasured { ms, .. } => format!("round trip of {ms} ms"),
        Input::DialFailed { .. } => "dial failed".to_owned(),
        Input::AddressesLearned { addresses, .. } => format!("{} addresses", addresses.len()),
        Input::GossipLost => "gossip lost".to_owned(),
        Input::GossipUnheard => "gossip unheard".to_owned(),
        Input::MembersChanged { .. } => "members changed".to_owned(),
        Input::TrustChanged { .. } => "trust changed".to_owned(),
        Input::ItemsWithdrawn { items } => format!("{} withdrawn", items.len()),
        Input::ItemsRestored { items } => format!("{} restored", items.len()),
        Input::Woke => "woke".to_owned(),
    }
}

/// An event in one line.
pub(super) fn brief_event(event: &Event) -> String {
    match event {
        Event::PeerUp { .. } => "a peer up".to_owned(),
        Event::PeerDown { .. } => "a peer down".to_owned(),
        Event::SyncFinished { summary, .. } => format!("sync finished {summary:?}"),
        Event::SyncFailed { failure, .. } => format!("sync failed: {failure}"),
        Event::EntryArrived { .. } => "an entry".to_owned(),
        Event::ItemRefused { reason, .. } => format!("a refusal: {reason}"),
        Event::PeerFaulted { fault, .. } => format!("a fault: {fault}"),
        Event::RosterArrived { version, .. } => format!("roster {version}"),
        Event::RosterRefused { refusal, .. } => format!("a roster refused: {refusal}"),
        Event::GossipDropped { .. } => "gossip dropped".to_owned(),
        Event::GossipPaused => "gossip paused".to_owned(),
    }
}

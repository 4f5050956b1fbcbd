//! `marketplace status`: what a running node is and holds, and how its peers are.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::bail;
use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args};

use super::output::{self, Output};
use super::{Global, Verdict, peer};
use crate::bounds;
use crate::control::{self, Answer, MailReport, Request, StatusReport, TrustReport};
use crate::storage::ledger::Reevaluation;

/// Options of `status`.
#[derive(Debug, Args)]
pub(super) struct Status {
    /// Show it again every two seconds, until Ctrl-C
    #[arg(
        long,
        action = ArgAction::SetTrue,
        value_parser = BoolishValueParser::new(),
        env = "MARKETPLACE_WATCH",
        hide_env = true
    )]
    watch: bool,
}

impl Status {
    pub(super) fn run(self, global: &Global, output: Output) -> anyhow::Result<Verdict> {
        let data_dir = global.data_dir()?;
        loop {
            let status = ask(&data_dir)?;
            output.result(|| describe(&status), &status)?;
            if !self.watch {
                return Ok(Verdict::Yes);
            }
            std::thread::sleep(bounds::STATUS_WATCH_PAUSE);
            output.note("");
        }
    }
}

fn ask(data_dir: &Path) -> anyhow::Result<StatusReport> {
    match control::ask(data_dir, &Request::Status)? {
        Answer::Status { status } => Ok(*status),
        Answer::Refused { reason } => bail!("the node does not tell its status: {reason}"),
        other => bail!("the node answers {other:?} when asked for its status"),
    }
}

fn describe(status: &StatusReport) -> String {
    let mut text = output::pairs(&identity(status));
    let counts = &status.counts;
    let rows = [
        ("entries", counts.entries),
        ("valid", counts.valid),
        ("deprecated", counts.deprecated),
        ("expired", counts.expired),
        ("superseded", counts.superseded),
        ("contested", counts.contested),
        ("images", counts.images),
        ("endorsers", counts.endorsers),
        ("refused", counts.refused),
    ];
    // Writing to a String does not fail.
    let _ = write!(text, "\n{}", output::pairs(&rows.map(|(name, count)| (name, count.to_string()))));
    let mail = mail(&status.mail);
    if !mail.is_empty() {
        let _ = write!(text, "\n{}", output::pairs(&mail));
    }
    let _ = write!(text, "\n{}", peer::table(&status.peers));
    if !status.refusals.is_empty() {
        let rows: Vec<_> = status.refusals.iter().map(|(rule, count)| vec![rule.clone(), count.to_string()]).collect();
        let _ = write!(text, "\n{}", output::table(&["REFUSED BY", "ENTRIES"], &rows));
    }
    text
}

/// Nothing where no mail was ever queued.
fn mail(mail: &MailReport) -> Vec<(&'static str, String)> {
    if *mail == MailReport::default() {
        return Vec::new();
    }
    let mut pairs = vec![
        ("mails queued", mail.queued.to_string()),
        ("mails sent", mail.sent.to_string()),
        ("mails failed", mail.failed.to_string()),
    ];
    pairs.extend(mail.last_error.iter().map(|error| ("last mail error", output::visible(error))));
    pairs.push(("awaiting confirmation", mail.awaiting_confirmation.to_string()));
    pairs
}

fn identity(status: &StatusReport) -> Vec<(&'static str, String)> {
    let mut pairs = vec![
        ("node", format!("{} ({})", status.name, status.version)),
        ("peer id", status.peer_id.clone()),
        ("federation", status.federation.clone()),
        ("http", status.http.clone()),
    ];
    pairs.extend(status.public_url.iter().map(|url| ("public url", url.clone())));
    pairs.extend(status.p2p.iter().map(|address| ("address", address.clone())));
    pairs.extend(status.config.iter().map(|config| ("config", config.clone())));
    let fault = |fault: &String| ("config fault", format!("{fault}; the settings from before count on"));
    pairs.extend(status.config_fault.iter().map(fault));
    if let Some(clock) = &status.clock {
        pairs.push(("clock", format!("{}, started at {}", status.now, clock.started_at)));
    }
    let (ledger, graph) = (status.storage.ledger_position, status.storage.graph_position);
    let behind = ledger.saturating_sub(graph);
    pairs.extend(federation(status));
    pairs.extend(trust(&status.trust));
    pairs.push(("ledger", ledger.to_string()));
    pairs.push(("graph", if behind == 0 { graph.to_string() } else { format!("{graph}, {behind} behind") }));
    pairs
}

fn federation(status: &StatusReport) -> Vec<(&'static str, String)> {
    let mut pairs = Vec::new();
    if status.in_sync.of > 0 {
        let as_of = status.in_sync.as_of.as_ref().map_or_else(String::new, |as_of| format!(" as of {as_of}"));
        pairs.push(("in sync with", format!("{} of {}{as_of}", status.in_sync.peers, status.in_sync.of)));
    }
    if let Some(roster) = &status.roster {
        let expires = if roster.is_expired { "EXPIRED" } else { "expires" };
        let members = format!("version {}, {} members, {expires} {}", roster.version, roster.members, roster.expires);
        pairs.push(("roster", members));
    }
    pairs
}

fn trust(trust: &TrustReport) -> Vec<(&'static str, String)> {
    let mut pairs = vec![("trust anchors", format!("{}, read {}", trust.anchors, trust.anchors_read))];
    pairs.extend(trust.overdue_revocation_lists.iter().map(|file| ("overdue list", file.clone())));
    pairs.extend(trust.anchor_findings.iter().map(|finding| ("anchor file", finding.clone())));
    pairs.extend(trust.reevaluation_running.iter().map(|so_far| ("judging anew", changes(so_far) + " so far")));
    pairs.extend(trust.reevaluation_last.iter().map(|last| ("last judged", changes(last))));
    pairs
}

fn changes(changed: &Reevaluation) -> String {
    let withdrawn: u64 = changed.withdrawn.values().sum();
    let rules: Vec<_> = changed.withdrawn.iter().map(|(rule, count)| format!("{rule} {count}")).collect();
    let rules = if rules.is_empty() { String::new() } else { format!(" ({})", rules.join(", ")) };
    format!("{} moved, {withdrawn} withdrawn{rules}, {} admitted", changed.moved, changed.admitted)
}

#[cfg(test)]
mod tests {
    use super::super::output::Format;
    use super::*;
    use crate::control::{ClockReport, PeerReport, StorageReport};

    #[test]
    fn a_status_tells_the_clock_the_lag_and_the_refusals() {
        let status = StatusReport {
            name: "a".to_owned(),
            now: "2015-01-01T00:00:05.000Z".to_owned(),
            clock: Some(ClockReport { started_at: "2015-01-01T00:00:00Z".to_owned() }),
            storage: StorageReport { ledger_position: 12, graph_position: 10 },
            peers: vec![PeerReport { id: "12D3".to_owned(), lag: Some(4), ..PeerReport::default() }],
            refusals: [("unbound-email".to_owned(), 3)].into(),
            trust: TrustReport {
                anchors: 2,
                overdue_revocation_lists: vec!["/etc/grid/1.r0".to_owned()],
                reevaluation_last: Some(Reevaluation {
                    moved: 5,
                    withdrawn: [("image-denied".to_owned(), 1)].into(),
                    admitted: 6,
                }),
                ..TrustReport::default()
            },
            mail: MailReport {
                failed: 1,
                last_error: Some("permanent error (550)".to_owned()),
                ..MailReport::default()
            },
            ..StatusReport::default()
        };
        let text = describe(&status);
        for told in [
            "started at 2015-01-01T00:00:00Z",
            "10, 2 behind",
            "12D3",
            "unbound-email  3",
            "/etc/grid/1.r0",
            "5 moved, 1 withdrawn (image-denied 1), 6 admitted",
            "permanent error (550)",
        ] {
            assert!(text.contains(told), "{told}: {text}");
        }
    }

    #[test]
    fn that_no_node_runs_is_said_with_the_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let data_dir = Some(folder.path().to_owned());
        let global = Global { config: None, data_dir, format: Format::Text, quiet: true };
        let error = Status { watch: false }.run(&global, Output::new(Format::Text, true)).expect_err("no node");
        assert!(error.to_string().contains(&folder.path().display().to_string()), "{error}");
    }
}

//! What an operator does with the ledger of a node that does not run: verify it, rebuild its graph, import into it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use indicatif::{ProgressBar, ProgressStyle};
use proto::admission::Admission;
use proto::intake::examine;
use proto::signature::Algorithms;
use serde::Serialize;
use tokio::task::JoinSet;
use web::registry::{Scope, Uploaded};

use crate::clock::Clock;
use crate::config::Config;
use crate::identity;
use crate::intake::{Intake, Rules};
use crate::serve;
use crate::storage::ledger::{Held, Ledger};
use crate::terms::Terms;

/// What `ledger verify` found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// Entries that were verified again.
    pub entries: u64,
    /// Admissions that were verified again.
    pub admissions: u64,
    /// What is wrong, each with the entry or file that it concerns; empty where all is well.
    pub faults: Vec<String>,
}

/// What `ledger rebuild` did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RebuildReport {
    /// Entries of the ledger, all of which the graph shows now.
    pub entries: u64,
}

/// What `ledger import` did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Entries that are new.
    pub created: u64,
    /// Documents whose entries were held already.
    pub already_held: u64,
    /// Documents that were not taken.
    pub refused: Vec<ImportRefusal>,
}

/// A document that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportRefusal {
    /// Where it is.
    pub path: String,
    /// Why.
    pub reason: String,
}

impl ImportRefusal {
    fn of(path: &Path, reason: &str) -> Self {
        Self { path: path.display().to_string(), reason: reason.to_owned() }
    }
}

/// Entries that are read from the ledger at once.
const BATCH: usize = 256;

/// Documents that an import takes in at once.
const IMPORTED_AT_ONCE: usize = 64;

/// Deepest folder that an import enters; the original's tree has three levels.
const FOLDER_DEPTH_MAX: usize = 16;

/// Verifies every document and admission again, the files, and that every entry stands where the view puts it.
pub fn verify(config: &Config) -> anyhow::Result<VerifyReport> {
    offline(config, async |ledger| {
        let key = identity::load(&config.node.data_dir)?;
        let mut report = VerifyReport::default();
        let check = ledger.check(Terms::load(config.clone())?.trust(key.node_id())).await?;
        report.faults.extend(check.faults.iter().map(|fault| format!("ledger.sqlite: {fault}")));
        report.faults.extend(check.misplaced.iter().map(|entry| format!("{entry}: it stands in another place")));
        let bar = progress("verifying", entry_count(&ledger).await?);
        let mut after = 0;
        loop {
            let batch = ledger.stored_after(after, BATCH).await?;
            let Some(last) = batch.last().map(|stored| stored.seq) else { break };
            for stored in batch {
                let held = ledger.entry(stored.claim.entry).await?.context("an entry vanished while it was read")?;
                verify_entry(&held, &mut report);
                bar.inc(1);
            }
            after = last;
        }
        bar.finish_and_clear();
        Ok(report)
    })
}

fn verify_entry(held: &Held, report: &mut VerifyReport) {
    let id = held.summary.entry;
    report.entries += 1;
    match examine(&held.raw, Algorithms::Legacy) {
        Ok(entry) if entry.id() == id => (),
        Ok(entry) => report.faults.push(format!("{id}: the document is that of {}", entry.id())),
        Err(error) => report.faults.push(format!("{id}: {error}")),
    }
    if held.admissions.is_empty() {
        report.faults.push(format!("{id}: nobody admitted it"));
    }
    for bytes in &held.admissions {
        report.admissions += 1;
        match Admission::verify(bytes) {
            Ok(admission) if admission.receipt().entry == id => (),
            Ok(admission) => report.faults.push(format!("{id}: an admission is for {}", admission.receipt().entry)),
            Err(error) => report.faults.push(format!("{id}: {error}")),
        }
    }
}

/// Makes the graph anew from the ledger.
pub fn rebuild(config: &Config) -> anyhow::Result<RebuildReport> {
    offline(config, async |ledger| {
        let graph = serve::open_graph(config, &ledger).await?;
        let bar = progress("rebuilding", ledger.last_change().await?);
        let shown = bar.clone();
        graph.rebuild(Box::new(move |position| shown.set_position(position))).await?;
        bar.finish_and_clear();
        graph.close().await;
        Ok(RebuildReport { entries: entry_count(&ledger).await? })
    })
}

/// Takes in documents from files and folders of XML, oldest endorsement first, by every rule but that of their age.
pub fn import(config: &Config, clock: &Clock, paths: &[PathBuf]) -> anyhow::Result<ImportReport> {
    let files = find_documents(paths)?;
    offline(config, async |ledger| {
        let key = identity::load(&config.node.data_dir)?;
        // An archive's endorsers are not asked: the operator vouches for what they import.
        let rules = serve::rules(&Terms::load(config.clone())?, key.node_id(), clock.now())?;
        let rules = Rules { created_ms_max_age: u64::MAX, confirmation: None, ..rules };
        let intake = Intake::new(ledger, Arc::new(key), clock.clone(), rules);
        let bar = progress("importing", u64::try_from(files.len()).unwrap_or(u64::MAX));
        let mut report = ImportReport::default();
        let mut waiting = oldest_first(files).into_iter();
        // Several at once share the commits of the ledger.
        let mut taking = JoinSet::new();
        loop {
            for path in waiting.by_ref().take(IMPORTED_AT_ONCE - taking.len()) {
                let intake = intake.clone();
                taking.spawn(async move { (take(&intake, &path).await, path) });
            }
            let Some(taken) = taking.join_next().await else { break };
            let (taken, path) = taken.context("an import was not ended in order")?;
            match taken {
                Ok(Uploaded::Created(_)) => report.created += 1,
                Ok(Uploaded::AlreadyHeld(_)) => report.already_held += 1,
                Ok(Uploaded::Awaiting(_)) => report.refused.push(ImportRefusal::of(&path, "it awaits a confirmation")),
                Err(reason) => report.refused.push(ImportRefusal::of(&path, &reason)),
            }
            bar.inc(1);
        }
        report.refused.sort_by(|one, other| one.path.cmp(&other.path));
        bar.finish_and_clear();
        Ok(report)
    })
}

async fn take(intake: &Intake, path: &Path) -> Result<Uploaded, String> {
    let document = read(path).map_err(|error| format!("{error:#}"))?;
    let taken = intake.upload(Bytes::from(document), Scope::Federated).await;
    taken.map(|taken| taken.uploaded).map_err(|refusal| refusal.to_string())
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    crate::files::read(path, proto::bounds::DOCUMENT_BYTES_MAX).with_context(|| path.display().to_string())
}

/// By the moment of endorsement where it can be read, so that an endorser's later words find the earlier ones there.
fn oldest_first(files: BTreeSet<PathBuf>) -> Vec<PathBuf> {
    let created = |path: &PathBuf| {
        let document = read(path).ok()?;
        Some(examine(&document, Algorithms::Legacy).ok()?.document().created())
    };
    let mut files: Vec<PathBuf> = files.into_iter().collect();
    files.sort_by_cached_key(|path| (created(path), path.clone()));
    files
}

/// The files themselves, and every `.xml` file below the folders.
fn find_documents(paths: &[PathBuf]) -> anyhow::Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    let mut waiting: Vec<(PathBuf, usize)> = paths.iter().map(|path| (path.clone(), 0)).collect();
    while let Some((path, depth)) = waiting.pop() {
        let metadata = fs::metadata(&path).with_context(|| format!("cannot read {}", path.display()))?;
        if !metadata.is_dir() {
            found.insert(path);
        } else if depth < FOLDER_DEPTH_MAX {
            for entry in fs::read_dir(&path).with_context(|| format!("cannot read {}", path.display()))? {
                let entry = entry?;
                // Links are not followed: they could lead in a circle.
                let kind = entry.file_type()?;
                let is_document = entry.path().extension().is_some_and(|extension| extension == "xml");
                if kind.is_dir() || (kind.is_file() && is_document) {
                    waiting.push((entry.path(), depth + 1));
                }
            }
        }
    }
    Ok(found)
}

/// Runs `work` on the ledger of a node that does not run.
fn offline<T>(config: &Config, work: impl AsyncFnOnce(Ledger) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let folder = &config.node.data_dir;
    if !folder.is_dir() {
        bail!("there is no data folder {}; `marketplace init` makes one", folder.display());
    }
    let _lock = serve::lock(folder).context("stop the node first")?;
    let key = identity::load(folder)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let now = Clock::system().now();
    let ledger = Ledger::open(folder, serve::rules(&Terms::load(config.clone())?, key.node_id(), now)?.judge(now))?;
    runtime.block_on(async {
        ledger.reevaluate_held().await?;
        let outcome = work(ledger.clone()).await;
        ledger.close().await;
        outcome
    })
}

async fn entry_count(ledger: &Ledger) -> anyhow::Result<u64> {
    Ok(ledger.counts(proto::timestamp::Instant::default().timestamp()).await?.entries)
}

/// A progress bar on standard error; it hides itself where that is no terminal.
fn progress(what: &'static str, steps: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:12} [{bar:40}] {pos}/{len} {eta}").expect("the template is fixed");
    let bar = ProgressBar::new(steps).with_style(style).with_message(what);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

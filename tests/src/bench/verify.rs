//! User CPU of one verification, beside xmlsec1 and the bare RSA verification.

use std::hint::black_box;
use std::time::Duration;

use anyhow::Context as _;
use node::clock::{Clock, Stopwatch};
use proto::document::{Document, Strength};
use proto::intake;
use proto::signature::{self, Algorithms};

use super::machine::user_cpu_of_thread;
use super::report::Report;
use super::{bare_rsa, documents, xmlsec1};

/// Ours may cost this part of what xmlsec1 does (issue 2).
const GOAL: f64 = 0.5;
/// Each figure is the median of so many, taken in turns, so that a busy moment hits all alike.
const ROUNDS: usize = 3;
/// User CPU of one round; the clock of the CPU ticks every 10 ms.
const ROUND: Duration = Duration::from_secs(2);
const BATCH: u32 = 200;
const HOSTILE_RUNS: usize = 5;

/// One figure of each kind in µs.
struct Round {
    verify: f64,
    examine: f64,
    xmlsec1: f64,
    rsa: f64,
}

/// Measures a document of the usual size, and the time of hostile ones.
pub(super) fn measure(clock: &Clock) -> anyhow::Result<Report> {
    let document = documents::signed(1, clock.now())?.remove(0);
    let file = tempfile::NamedTempFile::new().context("no temporary file")?;
    std::fs::write(file.path(), &document).context("cannot write the document")?;
    let rounds = (0..ROUNDS).map(|_| round(&document, file.path())).collect::<anyhow::Result<Vec<_>>>()?;
    let median = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure).collect());
    let (verify, examine) = (median(|round| round.verify), median(|round| round.examine));
    let (xmlsec1, rsa) = (median(|round| round.xmlsec1), median(|round| round.rsa));

    let bytes = document.len();
    let mut report = Report::new(&format!("verify: user CPU for one RSA-2048 SHA-256 document of {bytes} bytes"));
    let us = |figure: f64| format!("{figure:.1} µs");
    let beside_xmlsec1 = format!("{} xmlsec1", us(xmlsec1));
    let ratio = verify / xmlsec1;
    report.held_below("signature, certificate known", us(verify), beside_xmlsec1.clone(), (ratio, GOAL));
    report.beside("signature and document rules", us(examine), beside_xmlsec1, examine / xmlsec1);
    report.beside("signature, certificate known", us(verify), format!("{} bare RSA", us(rsa)), verify / rsa);
    report.note(format!("median of {ROUNDS} rounds in turns; xmlsec1 without its start, bare RSA by openssl speed"));
    for (name, text) in documents::hostile() {
        report.figure(&format!("hostile: {name} ({} KiB)", text.len() / 1024), format!("{:.1} ms", read_ms(&text)));
    }
    report.note(format!("hostile: Document::read until it refuses, the least of {HOSTILE_RUNS} wall times"));
    Ok(report)
}

fn round(document: &[u8], path: &std::path::Path) -> anyhow::Result<Round> {
    Ok(Round {
        verify: user_us(|| signature::verify(document, Algorithms::Modern).is_ok())?,
        xmlsec1: xmlsec1::verification_us(path)?,
        examine: user_us(|| intake::examine(document, Algorithms::Modern).is_ok())?,
        rsa: bare_rsa::rsa_2048_verification_us()?,
    })
}

/// User CPU of one run of `verify` in µs.
fn user_us(verify: impl Fn() -> bool) -> anyhow::Result<f64> {
    anyhow::ensure!(verify(), "the document is refused");
    let before = user_cpu_of_thread()?;
    let mut runs = 0;
    loop {
        for _ in 0..BATCH {
            black_box(verify());
        }
        runs += BATCH;
        let spent = user_cpu_of_thread()? - before;
        if spent >= ROUND {
            return Ok(spent.as_secs_f64() * 1e6 / f64::from(runs));
        }
    }
}

fn read_ms(text: &str) -> f64 {
    let time = |_| {
        let stopwatch = Stopwatch::start();
        let _ = black_box(Document::read(text.as_bytes(), Strength::Server));
        stopwatch.elapsed().as_secs_f64() * 1e3
    };
    (0..HOSTILE_RUNS).map(time).fold(f64::INFINITY, f64::min)
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

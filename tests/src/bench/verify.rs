//! User CPU of one verification, beside xmlsec1 and the bare RSA verification.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use node::clock::Clock;
use proto::intake;
use proto::signature::{self, Algorithms};

use super::machine::user_cpu_of_thread;
use super::report::Report;
use super::{bare_rsa, certificates, documents, xmlsec1};

/// With the certificate known, ours may cost this part of what xmlsec1 does, which decodes it each time.
const GOAL_KNOWN: f64 = 0.2;
/// With a new certificate.
const GOAL_NEW: f64 = 0.5;
/// With the certificate known, ours may cost so many bare RSA verifications.
const GOAL_RSA: f64 = 3.0;
/// What no document may cost, in ms.
const HOSTILE_MS_MAX: f64 = 20.0;
/// Each figure is the median of so many, taken in turns, so that a busy moment hits all alike.
const ROUNDS: usize = 3;
/// User CPU of one round; the clock of the CPU ticks every 10 ms.
const ROUND: Duration = Duration::from_secs(2);

/// One figure of each kind in µs.
struct Round {
    known: f64,
    new: f64,
    examine: f64,
    xmlsec1: f64,
    rsa: f64,
}

/// Measures a document of the usual size, and hostile ones.
pub(super) fn measure(clock: &Clock) -> anyhow::Result<Report> {
    let documents = certificates::documents(clock.now())?;
    let file = tempfile::NamedTempFile::new().context("no temporary file")?;
    std::fs::write(file.path(), &documents[0]).context("cannot write the document")?;
    let rounds = (0..ROUNDS).map(|_| round(&documents, file.path())).collect::<anyhow::Result<Vec<_>>>()?;
    let median = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure).collect());
    let (known, new, examine) = (median(|round| round.known), median(|round| round.new), median(|round| round.examine));
    let (xmlsec1, rsa) = (median(|round| round.xmlsec1), median(|round| round.rsa));

    let bytes = documents[0].len();
    let mut report = Report::new(&format!("verify: user CPU for one RSA-2048 SHA-256 document of {bytes} bytes"));
    let us = |figure: f64| format!("{figure:.1} µs");
    let beside_xmlsec1 = || format!("{} xmlsec1", us(xmlsec1));
    report.held_below("certificate known", us(known), beside_xmlsec1(), (known / xmlsec1, GOAL_KNOWN));
    report.held_below("certificate new", us(new), beside_xmlsec1(), (new / xmlsec1, GOAL_NEW));
    report.held_below("certificate known", us(known), format!("{} bare RSA", us(rsa)), (known / rsa, GOAL_RSA));
    report.beside("with the document rules", us(examine), beside_xmlsec1(), examine / xmlsec1);
    report.note(format!("median of {ROUNDS} rounds in turns; xmlsec1 without its start, bare RSA by openssl speed"));
    for (name, document) in documents::hostile(clock.now())? {
        let spent_ms = user_us(10, |_| drop(black_box(intake::examine(&document, Algorithms::Modern))))? / 1e3;
        let what = format!("hostile: {name} ({} KiB)", document.len() / 1024);
        let goal = (spent_ms / HOSTILE_MS_MAX, 1.0);
        report.held_below(&what, format!("{spent_ms:.1} ms"), format!("{HOSTILE_MS_MAX} ms"), goal);
    }
    report.note("hostile: verified and read until it is taken or refused".to_owned());
    Ok(report)
}

fn round(documents: &[Vec<u8>], path: &Path) -> anyhow::Result<Round> {
    let verify = |document: &[u8]| drop(black_box(signature::verify(document, Algorithms::Modern)));
    for document in documents {
        signature::verify(document, Algorithms::Modern).context("a document to measure with is refused")?;
    }
    Ok(Round {
        known: user_us(200, |_| verify(&documents[0]))?,
        xmlsec1: xmlsec1::verification_us(path)?,
        new: user_us(200, |run| verify(&documents[run % documents.len()]))?,
        examine: user_us(200, |_| drop(black_box(intake::examine(&documents[0], Algorithms::Modern))))?,
        rsa: bare_rsa::rsa_2048_verification_us()?,
    })
}

/// User CPU of one run of `verify`, which is told its number, in µs; the clock is read every `batch` runs.
fn user_us(batch: usize, verify: impl Fn(usize)) -> anyhow::Result<f64> {
    let before = user_cpu_of_thread()?;
    let mut runs: usize = 0;
    loop {
        (runs..runs + batch).for_each(&verify);
        runs += batch;
        let spent = user_cpu_of_thread()? - before;
        if spent >= ROUND {
            return Ok(spent.as_secs_f64() * 1e6 / runs as f64);
        }
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

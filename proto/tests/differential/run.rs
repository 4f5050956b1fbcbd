//! A run: mutants in any number, judged on all cores, counted by rule and by mutation.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use proto::signature::{Algorithms, SignatureRule};

use super::judge::{Judged, KINDS_OF_XML, judge};
use super::make::{Original, Template, signed_by_us};
use super::mutate::{self, Materials};
use super::oracle::{Oracle, Workshop};
use super::random::Random;

const ORIGINALS: usize = 64;
/// Disagreements above which a run stops telling of them.
const TOLD_MAX: usize = 20;

/// A changed document and how it came about.
pub(crate) struct Mutant {
    pub(crate) bytes: Vec<u8>,
    pub(crate) algorithms: Algorithms,
    pub(crate) mutations: Vec<&'static str>,
}

/// What a run counted.
#[derive(Default)]
pub(crate) struct Tally {
    /// By our verdict: how many, and how many of them libxmlsec1 accepts.
    verdicts: BTreeMap<&'static str, (u64, u64)>,
    mutations: BTreeMap<&'static str, u64>,
    pub(crate) disagreements: Vec<String>,
}

/// Mutants from a seed, with the documents that they are made of.
pub(crate) struct Run<'a> {
    pub(crate) seed: u64,
    workshop: &'a Workshop,
    originals: Vec<Original>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(seed: u64, workshop: &'a Workshop) -> Self {
        let mut random = Random::of(seed, u64::MAX);
        let mut oracle = workshop.oracle();
        let original = |number| {
            if number % 8 == 0 {
                return signed_by_us(&mut random, &workshop.keys);
            }
            Template::make(&mut random, &workshop.keys).sign(&workshop.keys, &mut oracle)
        };
        Self { seed, workshop, originals: (0..ORIGINALS).map(original).collect() }
    }

    /// The mutant of a number, which depends on no other but through the originals.
    pub(crate) fn mutant(&self, number: u64, oracle: &mut Oracle) -> Mutant {
        let mut random = Random::of(self.seed, number);
        let materials = Materials { keys: &self.workshop.keys, originals: &self.originals };
        if random.percent(30) {
            return self.signed_afterwards(&mut random, &materials, oracle);
        }
        let original = random.one(&self.originals).expect("there are some");
        let (bytes, mutations) = mutate::mutate(&mut random, &original.text, &materials);
        let algorithms = if random.percent(10) { Algorithms::Legacy } else { original.algorithms };
        Mutant { bytes, algorithms, mutations }
    }

    /// A mutant that is signed once its content was changed, so that much of what is strange is accepted.
    fn signed_afterwards(&self, random: &mut Random, materials: &Materials<'_>, oracle: &mut Oracle) -> Mutant {
        let mut template = Template::make(random, materials.keys);
        let (bytes, mut mutations) = mutate::mutate_content(random, &template.text, materials);
        if let Ok(text) = String::from_utf8(bytes) {
            template.text = text;
        }
        let signed = template.sign(materials.keys, oracle);
        mutations.push("signed afterwards");
        let bytes = if random.percent(20) {
            let (bytes, more) = mutate::mutate(random, &signed.text, materials);
            mutations.extend(more);
            bytes
        } else {
            signed.text.into_bytes()
        };
        Mutant { bytes, algorithms: signed.algorithms, mutations }
    }

    /// Judges mutants on all cores; `progress` is told how many were judged, now and then.
    pub(crate) fn judge(&self, count: u64, progress: impl Fn(u64) + Sync) -> Tally {
        let workers = std::thread::available_parallelism().map_or(1, NonZero::get) as u64;
        let judged = AtomicU64::new(0);
        let share = |worker: u64| {
            let mut oracle = self.workshop.oracle();
            let mut tally = Tally::default();
            for number in (worker..count).step_by(workers as usize) {
                self.judge_one(number, &mut oracle, &mut tally);
                progress(judged.fetch_add(1, Ordering::Relaxed) + 1);
            }
            tally
        };
        std::thread::scope(|scope| {
            let share = &share;
            let handles: Vec<_> = (0..workers).map(|worker| scope.spawn(move || share(worker))).collect();
            let tallies = handles.into_iter().map(|handle| handle.join().expect("a worker does not panic"));
            tallies.fold(Tally::default(), Tally::with)
        })
    }

    fn judge_one(&self, number: u64, oracle: &mut Oracle, tally: &mut Tally) {
        let mutant = self.mutant(number, oracle);
        let mut random = Random::of(!self.seed, number);
        let judged = judge(&mut random, &mutant.bytes, mutant.algorithms, oracle);
        tally.count(&judged, &mutant);
        if let Some(reason) = judged.disagreement {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("differential-{}-{number}.xml", self.seed));
            fs::write(&path, &mutant.bytes).expect("the test's folder is writable");
            let (seed, mutations) = (self.seed, mutant.mutations.join(", "));
            let told = format!("seed {seed}, mutant {number} ({mutations}): {reason}; see {}", path.display());
            tally.disagreements.push(told);
        }
    }
}

impl Tally {
    fn count(&mut self, judged: &Judged, mutant: &Mutant) {
        let (all, theirs) = self.verdicts.entry(judged.verdict).or_default();
        *all += 1;
        *theirs += u64::from(judged.theirs_is_valid);
        for name in &mutant.mutations {
            *self.mutations.entry(name).or_default() += 1;
        }
    }

    fn with(mut self, other: Self) -> Self {
        for (verdict, (all, theirs)) in other.verdicts {
            let counted = self.verdicts.entry(verdict).or_default();
            *counted = (counted.0 + all, counted.1 + theirs);
        }
        for (name, count) in other.mutations {
            *self.mutations.entry(name).or_default() += count;
        }
        self.disagreements.extend(other.disagreements);
        self
    }

    /// How many mutants of a hundred we accept.
    pub(crate) fn accepted_percent(&self) -> u64 {
        let all: u64 = self.verdicts.values().map(|(all, _)| all).sum();
        self.verdicts.get("accepted").map_or(0, |(accepted, _)| accepted * 100 / all.max(1))
    }

    /// The rules that no mutant broke, and the kinds of bad XML that none was.
    pub(crate) fn rules_not_met(&self) -> Vec<&'static str> {
        // The kinds stand for `xml`; and what OpenSSL lacks is no document's fault.
        let is_met_by_chance = |rule: &&str| !["xml", "algorithm-unavailable"].contains(rule);
        let rules =
            SignatureRule::ALL.iter().map(|rule| rule.published().name).filter(is_met_by_chance).chain(KINDS_OF_XML);
        rules.filter(|rule| !self.verdicts.contains_key(rule)).collect()
    }

    /// The mutations that found no place.
    pub(crate) fn mutations_not_met(&self) -> Vec<&'static str> {
        mutate::names().filter(|name| !self.mutations.contains_key(name)).collect()
    }

    pub(crate) fn table(&self) -> String {
        let mut out = format!("{:<24} {:>9} {:>16}\n", "our verdict", "mutants", "xmlsec accepts");
        for (verdict, (all, theirs)) in &self.verdicts {
            let _ = writeln!(out, "{verdict:<24} {all:>9} {theirs:>16}");
        }
        let _ = writeln!(out, "\n{:<38} {:>9}", "mutation", "applied");
        for (name, count) in &self.mutations {
            let _ = writeln!(out, "{name:<38} {count:>9}");
        }
        out
    }

    /// The disagreements, or as many as one wants to read.
    pub(crate) fn told(&self) -> String {
        let told = self.disagreements.iter().take(TOLD_MAX);
        format!("{} disagreements\n{}", self.disagreements.len(), told.cloned().collect::<Vec<_>>().join("\n"))
    }
}

//! Judging anew, in the background and in bounded steps, what was judged by other settings.

use std::collections::BTreeMap;

use proto::email::Email;
use proto::standing::Address;
use proto::trust::{Endorser, PolicyRefusal};
use rusqlite::types::FromSql;
use rusqlite::{OptionalExtension as _, Row, ToSql};
use serde::{Deserialize, Serialize};

use super::claims;
use super::columns;
use super::error::LedgerError;
use super::judge::Judge;
use super::withdraw::Part;
use super::writer::Session;
use crate::bounds::{REEVALUATED_ADDRESSES_MAX, REEVALUATED_ENTRIES_MAX};

/// What new settings changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reevaluation {
    /// Entries whose standing or place in the history changed.
    pub moved: u64,
    /// Entries that are refused now, by the rule that refuses them.
    pub withdrawn: BTreeMap<String, u64>,
    /// Entries that were refused and are held now.
    pub admitted: u64,
}

/// How far the judging anew has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// There is more of what is held.
    Held,
    /// All that is held was judged; refusals are left to be tried.
    Refusals,
    /// Everything was judged by the settings in force; what it changed, where this was the last step.
    Done(Option<Reevaluation>),
}

/// The judging anew as it is kept, so that an end in between loses nothing.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Progress {
    /// The last address that was judged.
    after: String,
    is_held_done: bool,
    /// Whether chains are to be verified again.
    has_new_anchors: bool,
    so_far: Reevaluation,
}

const TRUST: &str = "trust";
const ANCHORS: &str = "anchors";
const JUDGEMENT: &str = "judgement";
const PROGRESS: &str = "reevaluation";
const LAST: &str = "reevaluated";

impl Session {
    /// Works by other settings from now on; what was judged by the former ones waits to be judged anew.
    pub(super) fn rejudge(&mut self, judge: Judge) -> Result<(), LedgerError> {
        let (trust, anchors) = (judge.fingerprint(), judge.anchors_fingerprint());
        let is_known = self.setting(TRUST)? == Some(*trust.as_bytes());
        if !is_known {
            let has_new_anchors = self.setting(ANCHORS)? != Some(*anchors.as_bytes());
            let before = self.progress()?.is_some_and(|progress| progress.has_new_anchors);
            let progress = Progress { has_new_anchors: has_new_anchors || before, ..Progress::default() };
            let number = self.setting::<i64>(JUDGEMENT)?.unwrap_or(0) + 1;
            self.set(TRUST, trust.as_bytes())?;
            self.set(ANCHORS, anchors.as_bytes())?;
            self.set(JUDGEMENT, &number)?;
            self.keep_progress(&progress)?;
            self.tell_work();
        }
        self.replace_judge(judge);
        Ok(())
    }

    /// The number of the judgement in force, for refusals; 0 while what they depend on is not judged yet.
    pub(super) fn judgement(&self) -> Result<i64, LedgerError> {
        match self.progress()? {
            Some(progress) if !progress.is_held_done => Ok(0),
            _ => Ok(self.setting(JUDGEMENT)?.unwrap_or(0)),
        }
    }

    /// Judges some of what is held anew; says what is left.
    pub(super) fn reevaluate(&mut self) -> Result<Step, LedgerError> {
        let Some(mut progress) = self.progress()? else { return self.step_of_refusals(None) };
        if progress.is_held_done {
            return self.step_of_refusals(Some(progress));
        }
        let emails = claims::emails_after(&self.connection, &progress.after, REEVALUATED_ADDRESSES_MAX)?;
        progress.is_held_done = emails.is_empty();
        let mut room = REEVALUATED_ENTRIES_MAX;
        for email in emails {
            if !self.reevaluate_address(&email, &mut progress, &mut room)? {
                break;
            }
            email.as_str().clone_into(&mut progress.after);
            if room == 0 {
                break;
            }
        }
        self.keep_progress(&progress)?;
        Ok(Step::Held)
    }

    /// Judges an address whose turn has not come yet, for something arrives there.
    pub(super) fn reevaluate_early(&mut self, email: &Email) -> Result<(), LedgerError> {
        match self.progress()? {
            Some(mut progress) if !progress.is_held_done && progress.after.as_str() < email.as_str() => {
                self.reevaluate_address(email, &mut progress, &mut REEVALUATED_ENTRIES_MAX.clone())?;
                self.keep_progress(&progress)
            }
            _ => Ok(()),
        }
    }

    /// Counts an entry that was refused and is held now.
    pub(super) fn count_admitted(&self) -> Result<(), LedgerError> {
        match self.progress()? {
            Some(mut progress) => {
                progress.so_far.admitted += 1;
                self.keep_progress(&progress)
            }
            None => Ok(()),
        }
    }

    fn step_of_refusals(&self, progress: Option<Progress>) -> Result<Step, LedgerError> {
        let has_due: bool = self
            .connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM refusal WHERE judged < ?1)")?
            .query_row((self.judgement()?,), |row| row.get(0))?;
        if has_due {
            return Ok(Step::Refusals);
        }
        if let Some(progress) = &progress {
            self.set(LAST, &written(&progress.so_far)?)?;
            self.connection.prepare_cached("DELETE FROM setting WHERE name = ?1")?.execute((PROGRESS,))?;
        }
        Ok(Step::Done(progress.map(|progress| progress.so_far)))
    }

    /// Withdraws what is refused now, at most as much as there is room for, then places the rest; whether all was done.
    fn reevaluate_address(
        &mut self,
        email: &Email,
        progress: &mut Progress,
        room: &mut usize,
    ) -> Result<bool, LedgerError> {
        self.forget_address(email);
        for (seq, part, refusal) in self.refused_content(email)? {
            if *room == 0 {
                return Ok(false);
            }
            self.withdraw(seq, part, &refusal, self.judge.now.into())?;
            progress.count_withdrawn(&refusal);
            *room -= 1;
        }
        if progress.has_new_anchors {
            self.recertify(email)?;
        }
        let (address, is_done) = self.withdraw_refused(email, progress, room)?;
        if is_done {
            let held = claims::of_email(&self.connection, email)?;
            *room = room.saturating_sub(held.len());
            progress.so_far.moved +=
                u64::try_from(self.replace(&held, &address, self.judge.now.into())?).unwrap_or(u64::MAX);
        }
        Ok(is_done)
    }

    /// Withdraws what its standing refuses; gives the fold of what is left.
    fn withdraw_refused(
        &mut self,
        email: &Email,
        progress: &mut Progress,
        room: &mut usize,
    ) -> Result<(Address, bool), LedgerError> {
        let held = claims::of_email(&self.connection, email)?;
        let address = Address::of(held.iter().map(|held| &held.claim), &self.judge.trust);
        for held in &held {
            if let Some(refusal) = self.refused_standing(held, &address) {
                if *room == 0 {
                    return Ok((address, false));
                }
                self.withdraw(held.seq, Part::Whole, &refusal, self.judge.now.into())?;
                progress.count_withdrawn(&refusal);
                *room -= 1;
            }
        }
        Ok((self.fold_address(email)?, true))
    }

    /// Entries of an address that the lists refuse, and those with documents that only old algorithms make good.
    fn refused_content(&self, email: &Email) -> Result<Vec<(i64, Part, PolicyRefusal)>, LedgerError> {
        let policy = &self.judge.trust.policy;
        let mut statement =
            self.connection.prepare_cached("SELECT seq, subject, key, image, checksums FROM entry WHERE email = ?1")?;
        let read = |row: &Row<'_>| {
            let (subject, key): (String, _) = (row.get(1)?, columns::digest(row, 2)?);
            let endorser = Endorser { email, subject: &subject, key };
            let judged = policy.judge_content(&endorser, columns::image(row, 3)?, &columns::checksums(row, 4)?);
            Ok((row.get::<_, i64>(0)?, judged))
        };
        let mut refused = Vec::new();
        for judged in statement.query_map((email.as_str(),), read)? {
            match judged? {
                (seq, Err(refusal)) => refused.push((seq, Part::Whole, refusal)),
                (seq, Ok(())) => {
                    let legacy = self.legacy(seq)?;
                    if let Err(refusal) = policy.judge_algorithms(legacy.as_deref()) {
                        refused.push((seq, Part::Legacy, refusal));
                    }
                }
            }
        }
        Ok(refused)
    }

    fn progress(&self) -> Result<Option<Progress>, LedgerError> {
        self.setting::<String>(PROGRESS)?.map(|text| read(&text)).transpose()
    }

    fn keep_progress(&self, progress: &Progress) -> Result<(), LedgerError> {
        self.set(PROGRESS, &written(progress)?)
    }

    fn setting<T: FromSql>(&self, name: &str) -> Result<Option<T>, LedgerError> {
        setting(&self.connection, name)
    }

    fn set(&self, name: &str, value: &dyn ToSql) -> Result<(), LedgerError> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)")?
            .execute((name, value))?;
        Ok(())
    }
}

impl Progress {
    fn count_withdrawn(&mut self, refusal: &PolicyRefusal) {
        *self.so_far.withdrawn.entry(refusal.rule().to_owned()).or_default() += 1;
    }
}

/// What the judging anew has changed so far, where one is under way, and what the last one did.
pub(super) fn reports(
    connection: &rusqlite::Connection,
) -> Result<(Option<Reevaluation>, Option<Reevaluation>), LedgerError> {
    let progress: Option<Progress> = setting::<String>(connection, PROGRESS)?.map(|text| read(&text)).transpose()?;
    let last = setting::<String>(connection, LAST)?.map(|text| read(&text)).transpose()?;
    Ok((progress.map(|progress| progress.so_far), last))
}

fn setting<T: FromSql>(connection: &rusqlite::Connection, name: &str) -> Result<Option<T>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT value FROM setting WHERE name = ?1")?;
    Ok(statement.query_row((name,), |row| row.get(0)).optional()?)
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, LedgerError> {
    serde_json::from_str(text).map_err(|error| LedgerError::Corrupt(error.to_string()))
}

fn written<T: Serialize>(value: &T) -> Result<String, LedgerError> {
    serde_json::to_string(value).map_err(|error| LedgerError::Machine(error.to_string()))
}

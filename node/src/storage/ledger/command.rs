//! What is asked of the ledger's writer: work on its session, the outcome, and whoever waits for it.

use tokio::sync::oneshot;

use super::error::LedgerError;
use super::writer::Session;

/// Work whose outcome is told after the commit.
pub(super) trait Command: Send {
    /// Whether the work can be done again after its writes were undone.
    fn is_repeatable(&self) -> bool;
    /// Does the work and keeps its outcome.
    fn work(&mut self, session: &mut Session) -> Result<(), Failed>;
    /// Keeps an error for an outcome.
    fn fail(&mut self, error: LedgerError);
    /// Tells the outcome, or why it was not committed.
    fn tell(self: Box<Self>, committed: Result<(), LedgerError>);
}

/// Work failed: by this error, or by one that its command keeps.
#[derive(Debug)]
pub(super) struct Failed(pub(super) Option<LedgerError>);

impl From<LedgerError> for Failed {
    fn from(error: LedgerError) -> Self {
        Self(Some(error))
    }
}

struct Asked<W, T, E> {
    work: W,
    is_repeatable: bool,
    outcome: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

/// A command that is done once at most.
pub(super) fn once<T, E>(
    work: impl FnOnce(&mut Session) -> Result<T, E> + Send + 'static,
    answer: oneshot::Sender<Result<T, E>>,
) -> Box<dyn Command>
where
    T: Send + 'static,
    E: From<LedgerError> + Send + 'static,
{
    let mut work = Some(work);
    let work = move |session: &mut Session| match work.take() {
        Some(work) => work(session),
        None => Err(LedgerError::Machine("work was asked for twice".to_owned()).into()),
    };
    Box::new(Asked { work, is_repeatable: false, outcome: None, answer })
}

/// A command that may be done several times, each time as if it were the first.
pub(super) fn repeatable<T, E>(
    work: impl Fn(&mut Session) -> Result<T, E> + Send + 'static,
    answer: oneshot::Sender<Result<T, E>>,
) -> Box<dyn Command>
where
    T: Send + 'static,
    E: From<LedgerError> + Send + 'static,
{
    Box::new(Asked { work, is_repeatable: true, outcome: None, answer })
}

impl<W, T, E> Command for Asked<W, T, E>
where
    W: FnMut(&mut Session) -> Result<T, E> + Send,
    T: Send,
    E: From<LedgerError> + Send,
{
    fn is_repeatable(&self) -> bool {
        self.is_repeatable
    }

    fn work(&mut self, session: &mut Session) -> Result<(), Failed> {
        let outcome = self.outcome.insert((self.work)(session));
        if outcome.is_ok() { Ok(()) } else { Err(Failed(None)) }
    }

    fn fail(&mut self, error: LedgerError) {
        self.outcome = Some(Err(error.into()));
    }

    fn tell(self: Box<Self>, committed: Result<(), LedgerError>) {
        let Self { outcome, answer, .. } = *self;
        let nothing = || Err(LedgerError::Machine("work was left undone".to_owned()).into());
        // The asker may have left; what was committed stays.
        let _ = answer.send(committed.map_err(E::from).and_then(|()| outcome.unwrap_or_else(nothing)));
    }
}

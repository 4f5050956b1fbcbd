//! Telling an operator of events, line after line.

use std::sync::Arc;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::serve::write_line;
use super::{Answer, Handler, Refused};
use crate::bounds;
use crate::events::{Event, Events};

/// Tells of events until the operator leaves, does not read what it is told, or `stop`.
pub(super) async fn tell<H: Handler>(
    handler: &H,
    after: Option<u64>,
    (reading, writing): (&mut BufReader<OwnedReadHalf>, &mut OwnedWriteHalf),
    stop: &CancellationToken,
) {
    // What happens from here on waits while what happened before is told.
    let mut live = handler.follow_events();
    let mut told = after.unwrap_or(0);
    if after.is_some() {
        match tell_again(handler, told, writing).await {
            Some(last) => told = last,
            None => return,
        }
    }
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => return,
            // Whoever follows has nothing more to say: it has left.
            _ = reading.fill_buf() => return,
            received = live.recv() => Events::taken(received, handler.now()),
        };
        let Some(event) = event else { return };
        if event.change.is_some_and(|change| change <= told) {
            continue;
        }
        if !send(writing, event).await {
            return;
        }
    }
}

/// Tells of all that happened to entries after the change `told`; gives the last one, none where nobody listens.
async fn tell_again<H: Handler>(handler: &H, mut told: u64, writing: &mut OwnedWriteHalf) -> Option<u64> {
    loop {
        let page = match handler.events_after(told).await {
            Ok(page) => page,
            Err(Refused(reason)) => {
                // It ends here whether or not anybody reads why.
                let _ = write_line(writing, &Answer::Refused { reason }).await;
                return None;
            }
        };
        let Some(last) = page.last().and_then(|event| event.change) else { return Some(told) };
        for event in page {
            if !send(writing, Arc::new(event)).await {
                return None;
            }
        }
        told = last;
    }
}

async fn send(writing: &mut OwnedWriteHalf, event: Arc<Event>) -> bool {
    let answer = Answer::Event { event: Box::new(Arc::unwrap_or_clone(event)) };
    matches!(timeout(bounds::CONTROL_TIMEOUT, write_line(writing, &answer)).await, Ok(Ok(())))
}

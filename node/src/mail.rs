//! E-mail: what is written, how it is sent, and who is reminded. The home of lettre; its types do not leave it.
//!
//! A mail is queued in the ledger in the transaction that makes it due, and its end is committed before the next one
//! is tried. So none is lost, and none is sent twice unless the node or the relay dies between the relay's receipt and
//! that commit.

pub(crate) mod letters;

mod message;
mod smtp;

mod delivery;
mod housekeeping;

pub use delivery::{Bell, Delivery, Round};
pub use housekeeping::Housekeeping;
pub use letters::Links;
pub use smtp::{Relay, RelayError, SendError, is_deliverable};

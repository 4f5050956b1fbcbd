//! `marketplace metadata`: documents, for endorsers.

use std::path::Path;

use anyhow::Context as _;
use clap::Subcommand;

use super::Verdict;
use super::output::Output;
use crate::files;

mod draft;
mod evidence;
mod show;
mod sign;
mod upload;
mod validate;

/// Commands on documents.
#[derive(Debug, Subcommand)]
pub(super) enum Metadata {
    /// Say whether documents are valid, as every node will judge them
    Validate(validate::Validate),
    /// Endorse a document: fill in who endorses it when, and sign it
    Sign(sign::Sign),
    /// Upload signed documents to the first node that answers
    Upload(upload::Upload),
    /// Fetch entries and verify them here
    Show(show::Show),
}

impl Metadata {
    pub(super) fn run(self, output: Output) -> anyhow::Result<Verdict> {
        match self {
            Self::Validate(validate) => validate.run(output),
            Self::Sign(sign) => sign.run(output),
            Self::Upload(upload) => upload.run(output),
            Self::Show(show) => show.run(output),
        }
    }
}

/// Reads a document; one past the bound is cut off behind it, and is refused for its size.
fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    files::read_start(file, proto::bounds::DOCUMENT_BYTES_MAX + 1)
        .with_context(|| format!("cannot read {}", file.display()))
}

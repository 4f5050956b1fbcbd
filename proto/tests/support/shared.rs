//! Where data lies that is read by interoperability tests and never copied here.

use std::env;
use std::path::{Path, PathBuf};

/// The folder `name` of `$MARKETPLACE_SHARED`, by default of `../shared` beside the repository; `None` where absent.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let root = env::var_os("MARKETPLACE_SHARED").map_or(beside, PathBuf::from);
    let folder = root.join(name);
    folder.is_dir().then_some(folder)
}

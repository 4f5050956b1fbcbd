//! Queries as portals ask them: files below `tests/queries/catalogue`, about entries that the registry has.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::bench::running::Running;
use crate::http::Http;

/// A query of a file.
pub(super) struct Asked {
    pub(super) name: String,
    pub(super) text: String,
}

/// The entry that they are about.
pub(super) struct Subject {
    entry: String,
    identifier: String,
    email: String,
    location: String,
}

/// One of those endorsed last has all that others have.
const SUBJECT: &str = "PREFIX dcterms: <http://purl.org/dc/terms/> PREFIX slreq: <http://mp.stratuslab.eu/slreq#> \
    PREFIX slterms: <http://mp.stratuslab.eu/slterms#> SELECT ?entry ?identifier ?email ?location WHERE { \
    ?entry slterms:os \"Debian\" ; dcterms:identifier ?identifier ; slterms:location ?location ; \
    slreq:endorsement ?endorsement . ?endorsement slreq:endorser ?endorser . ?endorser slreq:email ?email } LIMIT 1";

impl Subject {
    pub(super) fn find(node: &Running) -> anyhow::Result<Self> {
        let found = Http::new(node.client.node()).select(SUBJECT).pop().context("the registry has no such entry")?;
        let [entry, identifier, email, location] = found.try_into().ok().context("four columns")?;
        Ok(Self { entry, identifier, email, location })
    }

    /// The last part of its IRI.
    pub(super) fn entry_id(&self) -> &str {
        self.entry.rsplit('/').next().unwrap_or_default()
    }

    /// A text with what stands for it replaced.
    pub(super) fn put_into(&self, text: &str) -> String {
        let known = [
            ("$ENTRY", &self.entry),
            ("$IDENTIFIER", &self.identifier),
            ("$EMAIL", &self.email),
            ("$LOCATION", &self.location),
        ];
        known.into_iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// The queries of the folder, in order of their names.
    pub(super) fn catalogue(&self) -> anyhow::Result<Vec<Asked>> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("queries/catalogue");
        let files = std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        let mut paths = files.map(|file| Ok(file?.path())).collect::<std::io::Result<Vec<_>>>()?;
        paths.sort();
        let asked = |path: PathBuf| {
            let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            Ok(Asked { name, text: self.put_into(&text) })
        };
        paths.into_iter().map(asked).collect()
    }
}

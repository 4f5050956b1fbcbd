//! The manifests of the W3C suites.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oxigraph::io::{RdfFormat, RdfParser};
use oxigraph::model::vocab::{rdf, rdfs};
use oxigraph::model::{Graph, NamedNode, NamedOrBlankNode, Term, TermRef, Triple};

const BASE: &str = "https://w3c.github.io/rdf-tests/sparql/sparql11/";
const MF: &str = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#";
const QT: &str = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#";
const UT: &str = "http://www.w3.org/2009/sparql/tests/test-update#";

/// A folder of cases.
pub(super) struct Suite {
    pub(super) name: String,
    folder: PathBuf,
    manifest: Arc<Graph>,
}

/// A case; its files are named by their IRIs.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) iri: String,
    pub(super) kind: String,
    pub(super) request: String,
    pub(super) data: Vec<String>,
    pub(super) graphs: Vec<(String, String)>,
    pub(super) result: Option<String>,
    /// What is done, where it is no file.
    pub(super) action: Option<NamedOrBlankNode>,
    pub(super) manifest: Arc<Graph>,
    suites: PathBuf,
}

impl Suite {
    pub(super) fn all(suites: &Path) -> Vec<Self> {
        let mut folders: Vec<_> = fs::read_dir(suites).unwrap().map(|entry| entry.unwrap().path()).collect();
        folders.retain(|folder| folder.join("manifest.ttl").is_file());
        folders.sort();
        folders.into_iter().map(Self::read).collect()
    }

    fn read(folder: PathBuf) -> Self {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(folder.join("manifest.ttl")).unwrap();
        let parser = RdfParser::from_format(RdfFormat::Turtle).with_base_iri(format!("{BASE}{name}/manifest.ttl"));
        let manifest: Graph = parser.unwrap().for_slice(&bytes).map(|quad| Triple::from(quad.unwrap())).collect();
        Self { name, folder, manifest: Arc::new(manifest) }
    }

    /// The cases in the order of the manifest.
    pub(super) fn cases(&self) -> Vec<Case> {
        let mut entries = Vec::new();
        let list = self.manifest.triples_for_predicate(&term(MF, "entries")).next();
        let mut next = list.map(|triple| triple.object.into_owned());
        while let Some(Term::BlankNode(node)) = next {
            entries.extend(self.manifest.object_for_subject_predicate(&node, rdf::FIRST).map(TermRef::into_owned));
            next = self.manifest.object_for_subject_predicate(&node, rdf::REST).map(TermRef::into_owned);
        }
        entries.iter().filter_map(|entry| self.case(entry)).collect()
    }

    fn case(&self, entry: &Term) -> Option<Case> {
        let Term::NamedNode(iri) = entry else { return None };
        let kinds = self.manifest.objects_for_subject_predicate(iri, rdf::TYPE);
        let kind = kinds.filter_map(named).find_map(|kind| kind.strip_prefix(MF).map(str::to_owned))?;
        let action = self.object(&iri.clone().into(), MF, "action");
        let mut case = Case {
            iri: iri.as_str().to_owned(),
            kind,
            request: String::new(),
            data: Vec::new(),
            graphs: Vec::new(),
            result: self.object(&iri.clone().into(), MF, "result").and_then(|result| named(result.as_ref())),
            action: None,
            manifest: Arc::clone(&self.manifest),
            suites: self.folder.parent().unwrap().to_owned(),
        };
        match action {
            Some(Term::NamedNode(request)) => case.request = request.into_string(),
            Some(Term::BlankNode(action)) => {
                self.read_action(&action.clone().into(), &mut case);
                case.action = Some(action.into());
            }
            _ => {}
        }
        self.read_graphs(&iri.clone().into(), UT, &mut case);
        Some(case)
    }

    fn read_action(&self, action: &NamedOrBlankNode, case: &mut Case) {
        let request = self.object(action, QT, "query").or_else(|| self.object(action, UT, "request"));
        case.request = request.and_then(|request| named(request.as_ref())).unwrap_or_default();
        let data = term(QT, "data");
        case.data = self.manifest.objects_for_subject_predicate(action, &data).filter_map(named).collect();
        self.read_graphs(action, QT, case);
    }

    fn read_graphs(&self, of: &NamedOrBlankNode, prefix: &str, case: &mut Case) {
        for graph in self.manifest.objects_for_subject_predicate(of, &term(prefix, "graphData")) {
            match graph.into_owned() {
                Term::NamedNode(graph) => case.graphs.push((graph.as_str().to_owned(), graph.into_string())),
                Term::BlankNode(node) => {
                    let node = node.into();
                    let file = self.object(&node, prefix, "graph").and_then(|file| named(file.as_ref()));
                    let name = self.manifest.object_for_subject_predicate(&node, rdfs::LABEL);
                    if let (Some(file), Some(TermRef::Literal(name))) = (file, name) {
                        case.graphs.push((name.value().to_owned(), file));
                    }
                }
                Term::Literal(_) => {}
            }
        }
    }

    fn object(&self, subject: &NamedOrBlankNode, prefix: &str, name: &str) -> Option<Term> {
        self.manifest.object_for_subject_predicate(subject, &term(prefix, name)).map(TermRef::into_owned)
    }
}

impl Case {
    /// The bytes of a file of the case.
    pub(super) fn read(&self, iri: &str) -> Vec<u8> {
        let path = iri.strip_prefix(BASE).unwrap_or_else(|| panic!("{iri} is no file of the suites"));
        fs::read(self.suites.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The text of its query or update.
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.read(&self.request)).unwrap()
    }
}

fn term(prefix: &str, name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("{prefix}{name}"))
}

fn named(term: TermRef<'_>) -> Option<String> {
    match term {
        TermRef::NamedNode(node) => Some(node.as_str().to_owned()),
        _ => None,
    }
}

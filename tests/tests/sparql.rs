//! SPARQL at a real node: by programs that others wrote, and by clients that leave.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tests::http::Http;
use tests::sites::{JANE, Sites, moment, template, wait_until};

/// Has no end, and takes no memory either.
const ENDLESS: &str = "SELECT%20(COUNT(*)%20AS%20?n)%20%7B%20?a%20?b%20?c%20LATERAL%20%7B%20?d%20?e%20?f%20\
    LATERAL%20%7B%20?g%20?h%20?i%20LATERAL%20%7B%20?j%20?k%20?l%20LATERAL%20%7B%20?m%20?n1%20?o%20\
    LATERAL%20%7B%20?p%20?q%20?r%20%7D%20%7D%20%7D%20%7D%20%7D%20%7D";

fn with_two_entries() -> Sites {
    let sites = Sites::start(1);
    for name in ["debian", "fedora"] {
        let document = JANE.sign(&template(name), moment("2026-02-01T10:00:00Z")).expect("signed");
        assert_eq!(sites.http(0).upload(&document).status, 201);
    }
    sites
}

/// What a program of `tests/clients` prints; none where what it needs is not installed, which is said.
fn client(check: &[&str], program: &[&str], http: &Http) -> Option<Value> {
    let is_there = Command::new(check[0]).args(&check[1..]).output().is_ok_and(|output| output.status.success());
    if !is_there {
        eprintln!("skipped: {} does not find its library", check.join(" "));
        return None;
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(program[1]);
    let output = Command::new(program[0]).arg(file).arg(format!("{}/sparql", http.base())).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}

#[test]
fn sparqlwrapper_reads_every_form_and_format() {
    let sites = with_two_entries();
    // Debian's own Python, for which the package python3-sparqlwrapper is.
    let python = "/usr/bin/python3";
    let check = [python, "-c", "import SPARQLWrapper, rdflib"];
    let Some(read) = client(&check, &[python, "wrapper.py"], &sites.http(0)) else { return };
    for form in ["json", "posted", "posted directly", "xml", "csv", "tsv", "turtle"] {
        assert_eq!(read[form], json!(["debian", "fedora"]), "{form}: {read}");
    }
    assert_eq!(read["ask"], json!(true));
}

#[test]
fn comunica_plans_and_reads_queries() {
    let sites = with_two_entries();
    let check = ["node", "-e", "require('@comunica/query-sparql')"];
    let Some(read) = client(&check, &["node", "comunica.cjs"], &sites.http(0)) else { return };
    assert_eq!(read["titles"], json!(["debian", "fedora"]), "{read}");
    assert_eq!(read["joined"], json!([["debian", "Debian"], ["fedora", "Debian"]]), "{read}");
    assert_eq!(read["constructed"], json!(["debian", "fedora"]), "{read}");
    assert_eq!(read["ask"], json!(true), "{read}");
}

/// Processor time that the processes of a node's queries have used, in ticks.
fn ticks(node: u32) -> Vec<(u32, u64)> {
    let tasks = std::fs::read_dir(format!("/proc/{node}/task")).expect("the node runs");
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("children")).ok());
    let children: Vec<u32> =
        lists.flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>()).collect();
    let used = |child: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{child}/stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        Some((*child, fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?))
    };
    children.iter().filter_map(used).collect()
}

fn connect(http: &Http, target: &str) -> TcpStream {
    let address = http.base().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).expect("the node listens");
    write!(stream, "GET {target} HTTP/1.1\r\nhost: {address}\r\n\r\n").expect("sent");
    stream
}

#[test]
fn a_query_ends_when_its_client_hangs_up() {
    let sites = with_two_entries();
    let node = sites.process(0);
    let stream = connect(&sites.http(0), &format!("/sparql?query={ENDLESS}"));
    wait_until("the query works", || ticks(node).iter().any(|(_, ticks)| *ticks > 30));
    let working: Vec<u32> = ticks(node).into_iter().filter(|(_, ticks)| *ticks > 30).map(|(child, _)| child).collect();
    drop(stream);
    wait_until("its process is gone", || ticks(node).iter().all(|(child, _)| !working.contains(child)));
}

#[test]
fn who_does_not_read_an_answer_keeps_nobody_from_theirs() {
    let sites = with_two_entries();
    let http = sites.http(0);
    // An answer of some megabytes, of which nothing is read once it has begun to come.
    let large = "SELECT%20*%20%7B%20?a%20?b%20?c%20.%20?d%20?e%20?f%20%7D%20LIMIT%2010000";
    let unread: Vec<TcpStream> = (0..16).map(|_| connect(&http, &format!("/sparql?query={large}"))).collect();
    for stream in &unread {
        let mut first = [0; 12];
        assert!(stream.peek(&mut first).expect("an answer") > 0);
    }
    for _ in 0..20 {
        assert_eq!(http.select("SELECT (1 AS ?x) {}"), [["1"]]);
    }
    drop(unread);
}

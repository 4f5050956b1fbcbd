//! The server as clients of every kind meet it: TLS, HTTP/2, slow clients, and followers, at real nodes.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output};

use tests::sites::{JANE, Sites, moment, template, wait_until};

const A: usize = 0;

fn run(program: &str, folder: &Path, arguments: &[&str]) -> Output {
    let output = Command::new(program).args(arguments).current_dir(folder).output();
    output.unwrap_or_else(|error| panic!("{program} is needed: {error}"))
}

fn curl(folder: &Path, arguments: &[&str]) -> String {
    let output = run("curl", folder, &[&["-sS", "--max-time", "60"], arguments].concat());
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A certificate for loopback whose name is `name`, as `certificate.pem` and `key.pem`.
fn make_certificate(folder: &Path, name: &str) {
    let arguments = format!(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -keyout key.pem -out certificate.pem \
         -subj /CN={name} -addext subjectAltName=IP:127.0.0.1"
    );
    let output = run("openssl", folder, &arguments.split_whitespace().collect::<Vec<_>>());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn set_http(sites: &mut Sites, keys: &str) {
    sites.sites[A].set_http(keys).expect("written");
}

/// A node with these keys in `[http]`.
fn start(keys: &str) -> Sites {
    let mut sites = Sites::prepare(1, "");
    set_http(&mut sites, keys);
    sites.boot(A);
    sites
}

fn address(sites: &Sites) -> String {
    let base = sites.http(A).base().to_owned();
    base.split_once("://").map(|(_, address)| address.to_owned()).expect("an address")
}

#[test]
fn tls_is_spoken_with_http_2_and_renewed_certificates_are_read_on_sighup() {
    let mut sites = Sites::prepare(1, "");
    let folder = sites.sites[A].folder().to_owned();
    make_certificate(&folder, "first");
    set_http(&mut sites, "tls_certificate = \"certificate.pem\"\ntls_key = \"key.pem\"\n");
    sites.boot(A);
    let base = sites.http(A).base().to_owned();
    assert!(base.starts_with("https://"), "{base}");
    let url = format!("{base}/metadata?media=json");
    let ask = |version| curl(&folder, &["--cacert", "certificate.pem", version, "-w", " %{http_version}", &url]);
    assert!(ask("--http2").ends_with(" 2"), "{}", ask("--http2"));
    assert!(ask("--http1.1").ends_with(" 1.1"), "{}", ask("--http1.1"));
    assert!(ask("--http2").contains("\"total\":0"));

    std::fs::write(folder.join("key.pem"), "half written").expect("written");
    sites.hang_up(A);
    make_certificate(&folder, "second");
    // The old certificate is not the new one's authority, so that only the renewal makes this succeed.
    sites.hang_up(A);
    wait_until("the new certificate counts", || ask("--http2").ends_with(" 2"));
}

#[test]
fn http_2_is_spoken_without_tls_by_prior_knowledge() {
    let sites = Sites::start(1);
    let folder = sites.sites[A].folder().to_owned();
    let url = format!("{}/healthz", sites.http(A).base());
    assert_eq!(curl(&folder, &["--http2-prior-knowledge", "-w", "%{http_version}", &url]), "ok\n2");
}

#[test]
fn a_client_that_does_not_begin_or_does_not_go_on_loses_its_place() {
    let sites = start("header_timeout = \"100ms\"\nmax_connections = 1\n");
    for begun in ["", "P", "GET /healthz HTTP/1.1\r\nhost: a\r\n"] {
        let mut client = TcpStream::connect(address(&sites)).expect("it listens");
        client.write_all(begun.as_bytes()).expect("it takes bytes");
        // It ends where the node gives the client up; a reset is as good.
        let _ = client.read_to_end(&mut Vec::new());
        assert_eq!(sites.http(A).get("/healthz", "").text(), "ok\n");
    }
}

#[test]
fn a_body_that_does_not_arrive_is_given_up() {
    let sites = start("request_timeout = \"100ms\"\n");
    let mut client = TcpStream::connect(address(&sites)).expect("it listens");
    let head = "POST /metadata HTTP/1.1\r\nhost: a\r\ncontent-type: application/xml\r\ncontent-length: 100\r\n\r\n<a";
    client.write_all(head.as_bytes()).expect("it takes bytes");
    let mut answer = vec![0; 12];
    client.read_exact(&mut answer).expect("an answer");
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 408");
}

#[test]
fn a_body_past_the_limit_is_413_whether_it_is_announced_or_not() {
    let sites = start("max_document_bytes = 4096\n");
    let head = "POST /metadata HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/xml\r\n";
    let announced = format!("{head}content-length: 1000000000\r\n\r\n{}", "a".repeat(8_000));
    let in_chunks = format!("{head}transfer-encoding: chunked\r\n\r\n1800\r\n{}\r\n1800\r\n", "a".repeat(0x1800));
    for request in [announced, in_chunks] {
        let mut client = TcpStream::connect(address(&sites)).expect("it listens");
        client.write_all(request.as_bytes()).expect("it takes bytes");
        let mut answer = vec![0; 12];
        client.read_exact(&mut answer).expect("an answer");
        assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 413");
    }
}

#[test]
fn limits_and_what_is_taken_of_them_are_among_the_figures() {
    let sites = start("max_connections = 9\nmax_followers = 3\nmax_uploads = 5\n");
    let mut follower = TcpStream::connect(address(&sites)).expect("it listens");
    let asked = b"GET /changes HTTP/1.1\r\nhost: a\r\naccept: text/event-stream\r\n\r\n";
    follower.write_all(asked).expect("it takes bytes");
    follower.read_exact(&mut [0; 15]).expect("the answer begins");
    let figures = sites.http(A).get("/metrics", "").text();
    for line in [
        "marketplace_limit{setting=\"http.max_connections\"} 9.0",
        "marketplace_limit_used{setting=\"http.max_connections\"} 2",
        "marketplace_limit{setting=\"http.max_followers\"} 3.0",
        "marketplace_limit{setting=\"http.max_uploads\"} 5.0",
        "marketplace_limit_used{setting=\"http.max_uploads\"} 0",
        "marketplace_limit_used{setting=\"http.max_followers\"} 1",
        "marketplace_limit_used{setting=\"query.max_concurrent\"} 0",
        "marketplace_queries_waiting 0",
        "marketplace_uploads_running 0",
        "marketplace_changes_behind 0",
    ] {
        assert!(figures.lines().any(|own| own == line), "{line}: {figures}");
    }
}

#[test]
fn a_head_past_the_limit_is_431() {
    let sites = start("max_header_bytes = 8192\n");
    let folder = sites.sites[A].folder().to_owned();
    let (header, url) = (format!("x-long: {}", "a".repeat(16_384)), format!("{}/healthz", sites.http(A).base()));
    let status = |version| curl(&folder, &[version, "-H", &header, "-o", "answer", "-w", "%{http_code}", &url]);
    assert_eq!(status("--http1.1"), "431");
    assert_eq!(status("--http2-prior-knowledge"), "431");
    assert_eq!(sites.http(A).get("/healthz", "").text(), "ok\n");
}

#[test]
fn a_follower_takes_up_where_it_was_after_the_node_was_killed() {
    let mut sites = Sites::start(1);
    let upload = |sites: &Sites, name: &str| {
        let document = JANE.sign(&template(name), moment("2026-02-01T10:00:00Z")).expect("signed");
        assert_eq!(sites.http(A).upload(&document).status, 201);
    };
    upload(&sites, "one");
    upload(&sites, "two");
    let page = sites.http(A).get("/changes?after=0&limit=1", "application/json").json();
    assert_eq!((page["items"][0]["change"].as_u64(), page["items"].as_array().map(Vec::len)), (Some(1), Some(1)));
    sites.kill(A);
    sites.restart(A);
    upload(&sites, "three");
    let stream = TcpStream::connect(address(&sites)).expect("it listens");
    let mut reader = std::io::BufReader::new(stream);
    let asked = "GET /changes HTTP/1.1\r\nhost: a\r\naccept: text/event-stream\r\nlast-event-id: 1\r\n\r\n";
    reader.get_mut().write_all(asked.as_bytes()).expect("it takes bytes");
    let mut heard = Vec::new();
    for line in std::io::BufRead::lines(reader) {
        heard.extend(line.expect("the node goes on").strip_prefix("id: ").map(str::to_owned));
        if heard.len() == 2 {
            break;
        }
    }
    assert_eq!(heard, ["2", "3"]);
}

#[test]
fn a_node_with_followers_stops_at_once_and_in_order() {
    let mut sites = Sites::start(1);
    let mut follower = TcpStream::connect(address(&sites)).expect("it listens");
    follower
        .write_all(b"GET /changes HTTP/1.1\r\nhost: a\r\naccept: text/event-stream\r\n\r\n")
        .expect("it takes bytes");
    follower.read_exact(&mut [0; 15]).expect("the answer begins");
    assert!(sites.stop(A));
    let mut rest = Vec::new();
    follower.read_to_end(&mut rest).expect("the stream ends in order");
    assert!(rest.ends_with(b"0\r\n\r\n"), "{}", String::from_utf8_lossy(&rest));
}

#[test]
fn every_request_is_a_line_of_the_log_without_what_is_nobodys_business() {
    let mut sites = Sites::prepare(1, "[log]\nfilter = \"access=info\"\nformat = \"json\"\n");
    sites.boot(A);
    let http = sites.http(A);
    assert_eq!(http.get("/metadata?search=secret", "application/json").status, 200);
    assert_eq!(http.get("/action/5ec2e7/confirm", "").status, 404);
    let lines = || -> Vec<serde_json::Value> {
        let log = std::fs::read_to_string(node::demo::log_of(sites.sites[A].folder())).expect("there is a log");
        log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
    };
    // A line is written when its answer is on its way.
    wait_until("both are told", || lines().len() >= 2);
    let told: Vec<_> = lines().iter().map(|line| line["fields"].clone()).collect();
    assert_eq!((&told[0]["method"], &told[0]["path"]), (&"GET".into(), &"/metadata".into()));
    assert_eq!((&told[0]["status"], &told[1]["status"]), (&200.into(), &404.into()));
    assert!(told[0]["request"].is_string() && told[0]["ms"].is_u64(), "{told:?}");
    assert_eq!(told[1]["path"], "/action/…");
    assert!(!format!("{told:?}").contains("127.0.0.1"), "{told:?}");
}

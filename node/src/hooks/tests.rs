//! Hooks against real programs and a real receiver.

use proto::timestamp::Instant;

use super::act::HookError;
use super::*;
use crate::events::Happening;

fn event(name: &str) -> Event {
    let happening = Happening::PeerUp { peer: "12D3".to_owned(), name: name.to_owned() };
    Event { at: Instant::default().to_string(), change: None, happening }
}

fn command(words: &[&str]) -> Hook {
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    Hook { events: BTreeSet::new(), action: Action::Command(words), timeout_ms: 60_000 }
}

#[tokio::test]
async fn a_program_gets_the_event_as_its_input() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("told");
    let script = format!("cat > {}", file.display());
    command(&["sh", "-c", &script]).tell(&event("site B"), 1).await;
    let told: Event = serde_json::from_slice(&std::fs::read(&file).expect("it was told")).expect("it is JSON");
    assert_eq!(told, event("site B"));
}

#[tokio::test]
async fn a_program_that_fails_says_why() {
    let error = command(&["sh", "-c", "echo no such image >&2; exit 3"]).act(b"{}").await.expect_err("it fails");
    assert!(error.to_string().contains("no such image"), "{error}");
    let error = command(&["/nowhere"]).act(b"{}").await.expect_err("there is none").to_string();
    assert!(error.contains("/nowhere"), "{error}");
}

#[tokio::test]
async fn a_program_that_does_not_read_and_says_much_holds_nobody_up() {
    let says_much = command(&["sh", "-c", "head -c 1000000 /dev/zero >&2"]);
    says_much.act(&vec![b' '; 1_000_000]).await.expect("it ends");
}

#[tokio::test]
async fn a_program_that_does_not_end_is_cut_off() {
    let endless = Hook { timeout_ms: 50, ..command(&["sleep", "600"]) };
    assert!(matches!(endless.act(b"{}").await, Err(HookError::Slow(50))));
}

#[tokio::test]
async fn a_hook_hears_of_the_events_that_it_names() {
    let hook = Hook { events: ["peer_up".to_owned()].into(), ..command(&["true"]) };
    assert!(hook.wants(&event("a")));
    let other = Event { happening: Happening::Missed { count: 1 }, ..event("a") };
    assert!(!hook.wants(&other));
    assert!(command(&["true"]).wants(&other));
}

#[tokio::test]
async fn an_event_is_posted_and_a_redirect_is_not_followed() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url: PublicUrl = format!("http://{}/hook", listener.local_addr().expect("an address")).parse().expect("a URL");
    let serving = std::thread::spawn(move || {
        let mut seen = Vec::new();
        for answer in ["204 No Content", "302 Found\r\nLocation: http://127.0.0.1:1/elsewhere"] {
            seen.push(serve_once(&listener, answer));
        }
        seen
    });
    let hook = Hook { action: Action::Post(url), ..command(&[]) };
    hook.act(b"{\"event\":\"peer_up\"}").await.expect("it is taken");
    let error = hook.act(b"{}").await.expect_err("it is not taken").to_string();
    assert!(error.contains("302"), "{error}");
    let seen = serving.join().expect("it served");
    assert!(seen[0].starts_with("POST /hook") && seen[0].ends_with("{\"event\":\"peer_up\"}"), "{}", seen[0]);
}

/// Takes one request and gives this answer; the request as it came.
fn serve_once(listener: &std::net::TcpListener, answer: &str) -> String {
    use std::io::{Read as _, Write as _};
    let (mut stream, _) = listener.accept().expect("a client");
    let mut request = String::new();
    let mut buffer = [0; 1024];
    while !request.contains("\r\n\r\n") || !request.ends_with('}') {
        let read = stream.read(&mut buffer).expect("a request");
        assert_ne!(read, 0, "the client left: {request}");
        request.push_str(std::str::from_utf8(&buffer[..read]).expect("text"));
    }
    let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).expect("it is sent");
    request
}

#[test]
fn pauses_double_and_have_an_end() {
    assert_eq!([1, 2, 3].map(pause_after).map(|pause| pause.as_secs()), [1, 2, 4]);
    assert_eq!([10, 40, 300].map(pause_after), [bounds::HOOK_PAUSE_MAX; 3]);
}

#[tokio::test]
async fn a_place_is_kept_and_one_of_another_ledger_is_not_believed() {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = Ledger::open(folder.path(), proto::trust::Trust::default()).expect("a ledger");
    let action = command(&["true"]).action;
    let place = Place::find(folder.path(), &action, &ledger).await;
    assert_eq!(place.change(), 0);
    let file = std::fs::read_dir(folder.path().join("hooks")).expect("a folder").next().expect("a file").expect("it");
    for (text, change) in [("0\n", 0), ("7\n", 0), ("no number", 0), ("99999999999999999999999", 0)] {
        std::fs::write(file.path(), text).expect("it is written");
        assert_eq!(Place::find(folder.path(), &action, &ledger).await.change(), change, "{text}");
        assert_eq!(std::fs::read_to_string(file.path()).expect("it is there"), "0\n", "{text}");
    }
}

#[tokio::test]
async fn what_is_passed_over_is_noted_now_and_then() {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = Ledger::open(folder.path(), proto::trust::Trust::default()).expect("a ledger");
    let mut place = Place::find(folder.path(), &command(&["true"]).action, &ledger).await;
    let file = std::fs::read_dir(folder.path().join("hooks")).expect("a folder").next().expect("a file").expect("it");
    let noted = || std::fs::read_to_string(file.path()).expect("it is there");
    place.pass(bounds::HOOK_PASSED_MAX - 1).await;
    assert_eq!((place.change(), noted().as_str()), (bounds::HOOK_PASSED_MAX - 1, "0\n"));
    place.pass(bounds::HOOK_PASSED_MAX).await;
    assert_eq!(noted(), format!("{}\n", bounds::HOOK_PASSED_MAX));
    place.keep(bounds::HOOK_PASSED_MAX + 1).await;
    assert_eq!(noted(), format!("{}\n", bounds::HOOK_PASSED_MAX + 1));
}

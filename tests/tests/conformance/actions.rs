//! Sections 1.8 and 1.9: what mailed links do, and what became of `/sync`.

use tests::relay::Relay;
use tests::sites::{Sites, wait_until};

use super::row::{form, get, hold, post};
use super::world::{A, BROWSER, JANE, WEB, WINDOW, by_jane, library, node, of_jane, template};

/// A node that asks by mail before it publishes, with these further sections.
pub(crate) fn asking(relay: &Relay, sections: &str) -> Sites {
    asking_at(relay.port(), sections)
}

/// The same with a relay at this port.
pub(crate) fn asking_at(port: u16, sections: &str) -> Sites {
    let settings = format!(
        "{WINDOW}email_confirmation = true\nconfirm_url_base = \"https://mp.example.org/marketplace\"\n\n\
         [mail]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"mp@node.example.org\"\n\
         admin = \"admin@node.example.org\"\n\n{sections}"
    );
    node(&settings, "")
}

/// Uploads and waits for the mail; the path of its link that does `command`.
fn asked(sites: &Sites, relay: &Relay, name: &str, command: &str) -> String {
    let mails = || relay.caught().into_iter().filter(|mail| mail.to == JANE).collect::<Vec<_>>();
    let before = mails().len();
    assert_eq!(sites.http(A).upload(&by_jane(&template(name, name), WEB)).status, 202);
    wait_until("a mail arrives", || mails().len() > before);
    let link = mails().remove(before).link(command);
    link.strip_prefix("https://mp.example.org/marketplace").expect("a link below the base").to_owned()
}

#[test]
fn links_of_mails_confirm_discard_and_report() {
    let relay = Relay::start(&[]);
    let sites = asking(&relay, "");
    let acts = "GET shows, POST acts (W16)";
    let confirm = asked(&sites, &relay, "a", "confirm");
    let abort = asked(&sites, &relay, "b", "abort");
    let abuse = asked(&sites, &relay, "c", "abuse");
    let act = |claim, path: &str| post(claim, path, "text/plain", "").with("host", "mp.example.org");
    hold(
        &sites.http(A),
        [
            get("1.8: the link confirms", confirm.as_str()).otherwise(acts).is(200).has("Nothing was done yet"),
            get("1.8: a browser is shown a button", confirm.as_str()).accept(BROWSER).is(200).has("<button"),
            get("1.8: nothing is published by it", of_jane("a", WEB)).is(404),
            act("1.8: confirm is 201 with Location", &confirm)
                .is(201)
                .media("text/plain")
                .header("location", format!("http://mp.example.org{}", of_jane("a", WEB)))
                .body("metadata entry created\n"),
            get("1.8: the entry is published", of_jane("a", WEB)).is(200),
            act("1.8: a link works once", &confirm).is(404),
            get("1.8: abort does not act by GET", abort.as_str()).otherwise(acts).is(200),
            act("1.8: abort is 200", &abort).is(200).has("aborted addition of metadata entry "),
            get("1.8: the entry is gone", abort.as_str()).is(404),
            act("1.8: abuse is 200", &abuse).is(200).has("administrators have been notified"),
            get("1.8: what is reported stays confirmable", abuse.replace("abuse", "confirm"))
                .otherwise("it is discarded (W16)")
                .is(404),
        ],
    );
    wait_until("the administrator is told", || relay.caught().iter().any(|mail| mail.to == "admin@node.example.org"));
}

#[test]
fn a_link_that_leads_nowhere_tells_nothing_of_the_server() {
    let relay = Relay::start(&[]);
    let sites = asking(&relay, "");
    let confirm = asked(&sites, &relay, "a", "confirm");
    let folder = sites.sites[A].folder().display().to_string();
    let unknown = "/action/123e4567-e89b-12d3-a456-426614174000/confirm";
    hold(
        &sites.http(A),
        [
            get("1.8: an unknown link shows a path of the server", unknown)
                .otherwise("it does not (W16)")
                .is(404)
                .has_not(folder),
            post("1.8: an unknown link does nothing", unknown, "text/plain", "").is(404),
            get("1.8: an unknown command is 204 [I]", confirm.replace("confirm", "publish"))
                .otherwise("404 says which there are")
                .is(404)
                .has("invalid action"),
            get("1.8: the entry waits still", confirm).is(200),
        ],
    );
}

#[test]
fn sync_is_done_by_the_federation() {
    let sites = library();
    let replaced = "404: entries come signed from peers, and none unverified (W6, W17)";
    hold(
        &sites.http(A),
        [
            form("1.9: a path is indexed without validation", "/sync", "path=../../etc/passwd")
                .otherwise(replaced)
                .is(404),
            form("1.9: a list of paths is processed", "/sync", "").otherwise(replaced).is(404),
        ],
    );
}

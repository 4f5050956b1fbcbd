//! What the nodes of the suite hold: a small registry of the original's time.

use std::sync::LazyLock;

use node::demo::endorser::Endorser;
use proto::crypto::Hash;
use proto::document::Template;
use proto::identifier::ImageIdentifier;
use tests::http::Http;
use tests::sites::{Sites, moment};

/// The only node of most rows.
pub(crate) const A: usize = 0;

/// When the clocks of all nodes start: what the original's own documents say holds then.
pub(crate) const CLOCK: [&str; 2] = ["--clock", "2015-01-01T00:00:00Z"];

/// Documents of any age are taken, as by the original.
pub(crate) const WINDOW: &str = "[admission]\ncreated_max_age = \"36500d\"\n";

pub(crate) const JANE: &str = "jane.tester@example.org";
pub(crate) const JIM: &str = "jim.tester@example.org";
pub(crate) const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

pub(crate) static JANE_SIGNS: LazyLock<Endorser> = LazyLock::new(|| endorser("Jane Tester", JANE));
static JIM_SIGNS: LazyLock<Endorser> = LazyLock::new(|| endorser("Jim Tester", JIM));

pub(crate) fn endorser(name: &str, email: &str) -> Endorser {
    Endorser::create(name, email, moment("2014-01-01T00:00:00Z")).expect("a certificate")
}

/// What is said of the image that is known by `image`.
pub(crate) fn template(image: &str, title: &str) -> Template {
    let mut template = Template::new(identifier(image), 1024, "machine");
    template.title = Some(title.to_owned());
    template.valid = Some(moment("2036-01-01T00:00:00Z"));
    template
}

pub(crate) fn identifier(image: &str) -> ImageIdentifier {
    ImageIdentifier::from_sha1(Hash::Sha1.digest(image.as_bytes()).try_into().expect("20 bytes"))
}

/// The document as Jane signs it.
pub(crate) fn by_jane(template: &Template, created: &str) -> Vec<u8> {
    JANE_SIGNS.sign(template, moment(created)).expect("signed")
}

/// The document as Jim signs it.
pub(crate) fn by_jim(template: &Template, created: &str) -> Vec<u8> {
    JIM_SIGNS.sign(template, moment(created)).expect("signed")
}

/// A node with these sections in its configuration, and these keys in `[http]`.
pub(crate) fn node(sections: &str, http: &str) -> Sites {
    let mut sites = Sites::prepare(1, sections);
    sites.sites[A].set_http(http).expect("written");
    sites.set_arguments(&CLOCK);
    sites.boot(A);
    sites
}

/// A node that holds nothing.
pub(crate) fn empty() -> Sites {
    node(WINDOW, "")
}

/// A node that holds [`documents`].
pub(crate) fn library() -> Sites {
    let sites = empty();
    fill(&sites.http(A));
    sites
}

pub(crate) fn fill(http: &Http) {
    for document in documents() {
        upload(http, &document);
    }
}

/// Uploads what must be taken; its path.
pub(crate) fn upload(http: &Http, document: &[u8]) -> String {
    let answer = http.upload(document);
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.location_path()
}

/// One superseded entry, five current ones, an expired and a deprecated one, oldest first. Their titles are their names.
pub(crate) fn documents() -> Vec<Vec<u8>> {
    let some = |text: &str| Some(text.to_owned());
    let system = |template: &mut Template, os: &str, version: &str, arch: &str| {
        (template.os, template.os_version, template.os_arch) = (some(os), some(version), some(arch));
    };

    let old = template("web", "old");

    let mut web = template("web", "web");
    system(&mut web, "CentOS", "6.5", "x86_64");
    web.kind = some("machine");
    web.description = some("Serves <pages> & \"more\"");
    web.locations = vec!["https://images.example.org/web.img".to_owned()];
    web.tags = vec!["Alternative".to_owned()];

    let mut disk = template("disk", "disk");
    system(&mut disk, "Ubuntu", "12.04", "i686");
    disk.kind = some("disk");
    disk.locations = vec!["pdisk:0123".to_owned()];

    let mut both = template("both", "both");
    system(&mut both, "Debian", "7.3", "x86_64");
    both.kind = some("machine");
    both.locations = vec!["http://images.example.org/both.img".to_owned(), "pdisk:4567".to_owned()];

    let mut nowhere = template("nowhere", "nowhere");
    system(&mut nowhere, "Fedora", "19", "x86_64");
    nowhere.kind = some("machine");
    nowhere.description = some("Debian users like this");

    let bare = template("bare", "bare");

    let mut expired = template("expired", "expired");
    expired.valid = Some(moment("2014-12-01T00:00:00Z"));

    let mut gone = template("gone", "gone");
    gone.deprecated = some("a hole in it");

    vec![
        by_jane(&old, OLD),
        by_jane(&web, WEB),
        by_jane(&disk, "2014-04-01T10:00:00Z"),
        by_jim(&both, "2014-05-01T10:00:00Z"),
        by_jim(&nowhere, "2014-06-01T10:00:00Z"),
        by_jim(&bare, "2014-12-15T10:00:00Z"),
        by_jane(&expired, EXPIRED),
        by_jane(&gone, GONE),
    ]
}

pub(crate) const OLD: &str = "2014-03-08T14:10:40Z";
pub(crate) const WEB: &str = "2014-03-08T14:23:18Z";
pub(crate) const EXPIRED: &str = "2014-07-01T10:00:00Z";
pub(crate) const GONE: &str = "2014-12-20T10:00:00Z";

/// Where the entry of the image stands that Jane endorsed then.
pub(crate) fn of_jane(image: &str, created: &str) -> String {
    format!("/metadata/{}/{JANE}/{created}", identifier(image))
}

//! The large registry: made once, kept in the cache folder, and measured as a copy.

use std::cell::Cell;
use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use node::clock::Clock;
use node::demo::endorser::Endorser;
use node::demo::site::{self, Site};
use proto::crypto::{Hash, NewKey};
use proto::document::Template;
use proto::identifier::ImageIdentifier;
use proto::timestamp::Instant;
use tempfile::TempDir;

use crate::bench::join;
use crate::bench::running::Running;

/// Endorsements of each image by its endorser, of which the last is current.
pub(super) const VERSIONS: usize = 10;
const ENDORSERS: usize = 200;
/// Documents that are imported at once; so many files are there meanwhile.
const PORTION: usize = 5_000;
const DAY_MS: u64 = 86_400_000;
/// Lies in the folder of a registry that was made to its end.
const COMPLETE: &str = "complete";
/// Tables of the graph, which are never written again once they are complete.
const TABLE: &str = "sst";

/// A registry in the cache folder.
pub(super) struct Registry(Site);

/// A copy of one to measure with; it is removed in the end.
pub(super) struct Copied {
    folder: TempDir,
    site: Site,
}

impl Registry {
    /// The registry with so many current entries, which is made where it is not there yet.
    pub(super) fn prepared(program: &Path, clock: &Clock, entries: usize) -> anyhow::Result<Self> {
        let folder = cache()?.join(format!("bench-http-{entries}"));
        if !folder.join(COMPLETE).exists() {
            if folder.exists() {
                fs::remove_dir_all(&folder).context("cannot remove what was not completed")?;
            }
            fs::create_dir_all(&folder).context("cannot make the folder of the registry")?;
            make(&folder, program, clock, entries)?;
            fs::write(folder.join(COMPLETE), "").context("cannot say that the registry is complete")?;
        }
        Ok(Self(site_in(&folder)?))
    }

    pub(super) fn copied(&self) -> anyhow::Result<Copied> {
        let folder = tempfile::Builder::new().prefix("bench-http-").tempdir_in(cache()?).context("no folder")?;
        copy(self.0.folder(), &folder.path().join(self.0.name()))?;
        Ok(Copied { site: site_in(folder.path())?, folder })
    }
}

impl Copied {
    pub(super) const fn site(&self) -> &Site {
        &self.site
    }

    /// A copy of the graph for another program, as it is before the node has changed it.
    pub(super) fn graph(&self) -> anyhow::Result<PathBuf> {
        let folder = self.folder.path().join("graph-of-the-peer");
        copy(&self.site.folder().join("graph"), &folder)?;
        Ok(folder)
    }
}

fn cache() -> anyhow::Result<PathBuf> {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home);
    Ok(cache.context("there is no cache folder")?.join("marketplace"))
}

fn site_in(folder: &Path) -> anyhow::Result<Site> {
    site::line_on_loopback(folder, 1)?.pop().context("a line of one has a site")
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let (source, target) = (entry?.path(), to);
        let target = target.join(source.file_name().context("an entry has a name")?);
        if source.is_dir() {
            copy(&source, &target)?;
        } else if source.extension().is_some_and(|extension| extension == TABLE) {
            fs::hard_link(&source, &target).with_context(|| format!("cannot link {}", target.display()))?;
        } else if source.is_file() {
            fs::copy(&source, &target).with_context(|| format!("cannot copy {}", source.display()))?;
        }
    }
    Ok(())
}

fn make(folder: &Path, program: &Path, clock: &Clock, entries: usize) -> anyhow::Result<()> {
    let site = site_in(folder)?;
    let now = clock.now();
    let start = Instant::from_unix_ms(now.unix_ms() - (VERSIONS as u64 + 1) * DAY_MS);
    let create = |number: usize| {
        Endorser::create_with(
            NewKey::EcP256,
            &format!("Person {number}"),
            &format!("person{number}@example.org"),
            start.timestamp(),
        )
    };
    let endorsers = (0..ENDORSERS).map(create).collect::<anyhow::Result<Vec<_>>>()?;
    let all: Vec<(usize, usize)> =
        (0..VERSIONS).flat_map(|version| (0..entries).map(move |image| (version, image))).collect();
    let mut made = 0;
    for portion in all.chunks(PORTION) {
        let documents = signed(portion, &endorsers, start)?;
        let files = folder.join("documents");
        join::import(&site, clock, &files, &documents)?;
        fs::remove_dir_all(&files).context("cannot remove the documents")?;
        made += portion.len();
        progress(&format!("making the registry: {made} of {} entries", all.len()));
    }
    progress("making the registry: its graph");
    let node = Running::start(&site, program)?;
    let shown = Cell::new(0);
    join::wait_until(all.len(), || {
        let held = join::queryable(&node.client)?;
        if shown.replace(held) != held {
            progress(&format!("making the registry: {held} of {} entries are in its graph", all.len()));
        }
        Ok(held)
    })?;
    ensure!(node.process.stop(), "the node did not end in order");
    ensure!(site.folder().join("graph").is_dir(), "the node keeps its graph elsewhere");
    Ok(())
}

#[expect(clippy::print_stderr, reason = "making half a million entries takes a while")]
fn progress(text: &str) {
    eprintln!("{text}");
}

/// Signs a portion on all cores, in its order.
fn signed(portion: &[(usize, usize)], endorsers: &[Endorser], start: Instant) -> anyhow::Result<Vec<Vec<u8>>> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let sign = |&(version, image): &(usize, usize)| {
        // Each a second later than the one before, so that the order of all is one.
        let created = start.plus_ms(version as u64 * DAY_MS + image as u64 * 1_000);
        endorsers[image % endorsers.len()].sign(&template(version, image, created), created.timestamp())
    };
    std::thread::scope(|scope| {
        let sign_all = |share: &[(usize, usize)]| share.iter().map(sign).collect::<anyhow::Result<Vec<_>>>();
        let workers: Vec<_> =
            portion.chunks(portion.len().div_ceil(cores)).map(|share| scope.spawn(move || sign_all(share))).collect();
        let shares = workers.into_iter().map(|worker| worker.join().expect("signing does not panic"));
        Ok(shares.collect::<anyhow::Result<Vec<_>>>()?.concat())
    })
}

/// What an endorser says of an image; the later versions say more.
fn template(version: usize, image: usize, created: Instant) -> Template {
    const SYSTEMS: [(&str, [&str; 3]); 6] = [
        ("Debian", ["11", "12", "13"]),
        ("Ubuntu", ["20.04", "22.04", "24.04"]),
        ("Fedora", ["40", "41", "42"]),
        ("Rocky", ["8", "9", "10"]),
        ("AlmaLinux", ["8", "9", "10"]),
        ("openSUSE", ["15.4", "15.5", "15.6"]),
    ];
    let name = format!("image-{image}");
    let sha1: [u8; 20] = Hash::Sha1.digest(name.as_bytes()).try_into().expect("a SHA-1 has 20 bytes");
    let (os, versions) = SYSTEMS[image % SYSTEMS.len()];
    let os_version = versions[image / SYSTEMS.len() % versions.len()];
    let arch = if image % 4 == 3 { "aarch64" } else { "x86_64" };
    let format = if image % 5 == 4 { "raw" } else { "qcow2" };
    let some = |text: &str| Some(text.to_owned());
    let description = format!(
        "{os} {os_version} for {arch}, release {version}, with cloud-init, the tools of the laboratory and the security \
         updates of the week; number {image} of the series."
    );
    let mut template = Template::new(ImageIdentifier::from_sha1(sha1), 64 << 20, "machine");
    template.title = Some(format!("{os} {os_version} image {image}"));
    template.description = Some(description);
    template.kind = some("machine");
    template.os = some(os);
    template.os_version = some(os_version);
    template.os_arch = some(arch);
    template.format = some(format);
    template.version = Some(format!("1.{version}"));
    template.publisher = some("The laboratory");
    template.valid = Some(created.plus_ms(365 * DAY_MS).timestamp());
    template.locations = vec![format!("https://images.example.org/{name}.{format}")];
    template
}

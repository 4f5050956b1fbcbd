//! `marketplace federation roster`: the signed list of members.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use proto::federation::Membership;
use proto::roster::{Member, Roster as Members, RosterAuthority, RosterRefusal, SignedRoster};
use proto::timestamp::{Instant, Timestamp};
use serde::Serialize;

use super::super::output::{self, Output, visible};
use super::super::{Global, Verdict};
use crate::clock::Clock;
use crate::config::{self, Config, Overrides};
use crate::control::{self, Answer, AskError, Request};
use crate::files::{self, Readers};
use crate::roster::RosterError;
use crate::terms::Terms;
use crate::{identity, roster};

/// Commands on the roster.
#[derive(Debug, Subcommand)]
pub(in super::super) enum Roster {
    /// Write an unsigned roster: this node, its member peers and those of the roster in force
    Create(Create),
    /// Add a signature to a roster
    Sign(Sign),
    /// Show the roster in force, or that of a file, with who has signed it
    Show(Show),
    /// Put a signed roster in force; it spreads to the other nodes by itself
    Apply(Apply),
}

/// Options of `federation roster create`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  marketplace federation roster create --output roster.json --expires 90d
Look through the file and change it: every member has an id, a name, addresses, and perhaps a url and a contact. A node \
that leaves goes from \"members\" to \"former\": [{\"id\": \"12D3KooW…\", \"until\": \"2026-01-01T00:00:00Z\"}].")]
pub(in super::super) struct Create {
    /// The file to write
    #[arg(long, value_name = "FILE", env = "MARKETPLACE_OUTPUT", hide_env = true)]
    output: PathBuf,
    /// How long it is valid; a new one is due by then
    #[arg(long, value_name = "DURATION", default_value = "90d", value_parser = config::parse_duration_ms, env = "MARKETPLACE_EXPIRES", hide_env = true)]
    expires: u64,
}

/// Options of `federation roster sign`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  marketplace federation roster sign --key operator.key roster.json
The file then holds the roster and the signature; the next operator signs it in turn.")]
pub(in super::super) struct Sign {
    /// The roster: as it was created, or as others have signed it
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The key file [default: this node's own key]
    #[arg(long, value_name = "FILE", env = "MARKETPLACE_KEY", hide_env = true)]
    key: Option<PathBuf>,
}

/// Options of `federation roster show`.
#[derive(Debug, Args)]
pub(in super::super) struct Show {
    /// A roster [default: the one in force]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Options of `federation roster apply`.
#[derive(Debug, Args)]
pub(in super::super) struct Apply {
    /// The signed roster
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// A roster as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    federation: String,
    version: u64,
    issued: String,
    expires: String,
    is_expired: bool,
    members: Vec<ShownMember>,
    former: Vec<ShownFormer>,
    signers: Vec<String>,
    /// Why it does not count here; none where it does.
    refusal: Option<String>,
}

#[derive(Debug, Serialize)]
struct ShownMember {
    id: String,
    name: String,
    url: Option<String>,
    addresses: Vec<String>,
    contact: Option<String>,
}

#[derive(Debug, Serialize)]
struct ShownFormer {
    id: String,
    until: String,
}

#[derive(Serialize)]
struct Written {
    file: PathBuf,
    version: u64,
    signers: Vec<String>,
}

#[derive(Serialize)]
struct Applied {
    version: u64,
    running: bool,
}

impl Roster {
    pub(in super::super) fn run(self, global: &Global, output: Output) -> anyhow::Result<Verdict> {
        let config = global.configuration(Overrides::default())?;
        match self {
            Self::Create(create) => create.run(config, output),
            Self::Sign(sign) => sign.run(&config, output),
            Self::Show(show) => show.run(&config, output),
            Self::Apply(apply) => apply.run(config, output),
        }
    }
}

impl Create {
    fn run(self, config: Config, output: Output) -> anyhow::Result<Verdict> {
        let now = Clock::system().now();
        let roster = draft(config, now, now.plus_ms(self.expires).timestamp())?;
        let signed = SignedRoster::unsigned(&roster)?;
        files::create(&self.output, signed.payload(), Readers::Everyone)
            .with_context(|| format!("cannot write {}", self.output.display()))?;
        let written = Written { file: self.output, version: roster.version, signers: Vec::new() };
        output.result(|| format!("{}: version {}, unsigned", written.file.display(), written.version), &written)?;
        output.note("Look through the file, then sign it: marketplace federation roster sign FILE");
        Ok(Verdict::Yes)
    }
}

/// The members that this node knows, in the next version.
fn draft(config: Config, now: Instant, expires: Timestamp) -> anyhow::Result<Members> {
    let own = identity::load(&config.node.data_dir)?.node_id();
    let terms = Terms::load(config)?;
    let mut members = terms.roster().map(|roster| roster.members.clone()).unwrap_or_default();
    for (peer, _) in terms.peers(own).into_iter().filter(|(peer, _)| peer.membership == Membership::Member) {
        let member = members.entry(peer.id).or_default();
        member.addresses = peer.addresses;
        member.name = if peer.name.is_empty() { peer.id.to_string() } else { peer.name };
    }
    let config = &terms.config;
    let federation = &config.federation;
    let known = if federation.external.is_empty() { &federation.listen } else { &federation.external };
    let itself = Member {
        name: config.node.name.clone(),
        url: config.node.public_url.as_ref().map(|url| url.as_str().to_owned()),
        addresses: known.clone(),
        contact: config.mail.as_ref().and_then(|mail| mail.admin.as_ref()).map(ToString::to_string),
    };
    members.entry(own).or_insert(itself);
    let mut former = terms.roster().map(|roster| roster.former.clone()).unwrap_or_default();
    former.extend(&federation.former_members);
    former.retain(|node, _| !members.contains_key(node));
    let version = terms.roster().map_or(0, |roster| roster.version) + 1;
    Ok(Members { federation: federation.name.clone(), version, issued: now.timestamp(), expires, members, former })
}

impl Sign {
    fn run(self, config: &Config, output: Output) -> anyhow::Result<Verdict> {
        let key = match &self.key {
            Some(file) => identity::load_file(file)?,
            None => identity::load(&config.node.data_dir)?,
        };
        let mut signed = roster::read(&self.file)?;
        let authority = config.roster_authority();
        show(&signed, authority.as_ref(), output)?;
        if authority.is_some_and(|authority| !authority.keys.contains(&key.node_id())) {
            output.note(&format!("{} is not among roster_keys here: its signature will not count", key.node_id()));
        }
        signed.sign(&key);
        files::replace(&self.file, &signed.to_bytes())
            .with_context(|| format!("cannot write {}", self.file.display()))?;
        output.note(&format!("{}: signed by {}", self.file.display(), key.node_id()));
        Ok(Verdict::Yes)
    }
}

impl Show {
    fn run(self, config: &Config, output: Output) -> anyhow::Result<Verdict> {
        let authority = config.roster_authority();
        let path = self.file.clone().unwrap_or_else(|| roster::path(&config.node.data_dir));
        if self.file.is_none() && !path.exists() {
            bail!("no roster is in force at this node");
        }
        show(&roster::read(&path)?, authority.as_ref(), output)
    }
}

impl Apply {
    fn run(self, config: Config, output: Output) -> anyhow::Result<Verdict> {
        let authority = config.roster_authority().ok_or(RosterError::NoAuthority)?;
        let verified = roster::read(&self.file)?.verify(&authority)?;
        let version = verified.roster().version;
        let envelope = String::from_utf8(verified.signed().to_bytes().to_vec()).context("the roster is not text")?;
        let running = match control::ask(&config.node.data_dir, &Request::ApplyRoster { envelope }) {
            Ok(Answer::Done) => true,
            Ok(Answer::Refused { reason }) => bail!("the running node does not apply it: {reason}"),
            Ok(other) => bail!("the node answers {other:?} when given a roster"),
            Err(AskError::NotRunning(_)) => {
                keep(&config.node.data_dir, &authority, &verified)?;
                false
            }
            Err(error) => return Err(error.into()),
        };
        let applied = Applied { version, running };
        let how = if running { "the running node works by it and tells its peers" } else { "no node is running" };
        output.result(|| format!("version {version} is in force; {how}"), &applied)?;
        Ok(Verdict::Yes)
    }
}

fn keep(
    data_dir: &Path,
    authority: &RosterAuthority,
    verified: &proto::roster::VerifiedRoster,
) -> Result<(), RosterError> {
    let held = roster::load(data_dir, Some(authority))?;
    verified.may_replace(held.as_ref())?;
    roster::keep(data_dir, verified)
}

/// Shows a roster; the answer is no where it does not count here.
fn show(signed: &SignedRoster, authority: Option<&RosterAuthority>, output: Output) -> anyhow::Result<Verdict> {
    let shown = shown(signed, authority, Clock::system().now().timestamp());
    let verdict = if shown.refusal.is_none() { Verdict::Yes } else { Verdict::No };
    output.result(|| describe(&shown), &shown)?;
    Ok(verdict)
}

fn shown(signed: &SignedRoster, authority: Option<&RosterAuthority>, now: Timestamp) -> Shown {
    let roster = signed.roster();
    let refusal = match authority {
        Some(authority) => signed.clone().verify(authority).err().as_ref().map(RosterRefusal::to_string),
        None => Some(RosterError::NoAuthority.to_string()),
    };
    let members = roster.members.iter().map(|(node, member)| ShownMember {
        id: node.to_string(),
        name: member.name.clone(),
        url: member.url.clone(),
        addresses: member.addresses.clone(),
        contact: member.contact.clone(),
    });
    let former = roster.former.iter();
    Shown {
        federation: roster.federation.clone(),
        version: roster.version,
        issued: roster.issued.to_string(),
        expires: roster.expires.to_string(),
        is_expired: roster.is_expired(now),
        members: members.collect(),
        former: former.map(|(node, until)| ShownFormer { id: node.to_string(), until: until.to_string() }).collect(),
        signers: signed.signers().iter().map(ToString::to_string).collect(),
        refusal,
    }
}

fn describe(shown: &Shown) -> String {
    let expired = if shown.is_expired { " (EXPIRED: a newer one is due)" } else { "" };
    let mut pairs = vec![
        ("federation", visible(&shown.federation)),
        ("version", shown.version.to_string()),
        ("issued", shown.issued.clone()),
        ("expires", format!("{}{expired}", shown.expires)),
    ];
    pairs.extend(shown.signers.iter().map(|signer| ("signed by", signer.clone())));
    let verdict = shown.refusal.as_ref().map_or_else(|| "yes".to_owned(), |refusal| format!("no: {refusal}"));
    pairs.push(("counts here", verdict));
    let heading = ["MEMBER", "NAME", "URL", "ADDRESSES", "CONTACT"];
    let or_dash = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), visible);
    let row = |member: &ShownMember| {
        let addresses = visible(&member.addresses.join(" "));
        vec![member.id.clone(), visible(&member.name), or_dash(&member.url), addresses, or_dash(&member.contact)]
    };
    let rows: Vec<_> = shown.members.iter().map(row).collect();
    let mut text = output::pairs(&pairs) + "\n" + &output::table(&heading, &rows);
    for former in &shown.former {
        text.push_str(&format!("\nformer: {} until {}", former.id, former.until));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::super::output::Format;
    use super::*;

    struct Site {
        folder: tempfile::TempDir,
        global: Global,
    }

    /// A site whose own key may sign.
    fn site() -> Site {
        let folder = tempfile::tempdir().expect("a folder");
        let data_dir = folder.path().join("data");
        let key = identity::create(&data_dir).expect("a key");
        let config = folder.path().join("marketplace.toml");
        let other = proto::node_id::NodeId::from_public_key([7; 32]);
        let text = format!(
            "[node]\nname = \"site A\"\ndata_dir = \"data\"\n\
             [federation]\nroster_keys = [\"{}\"]\n\
             [[peer]]\nid = \"{other}\"\naddress = \"/ip4/10.0.0.2/tcp/4040\"\nname = \"site B\"\n",
            key.node_id()
        );
        std::fs::write(&config, text).expect("it is written");
        let global = Global { config: Some(config), data_dir: None, format: Format::Json, quiet: true };
        Site { folder, global }
    }

    fn run(site: &Site, roster: Roster) -> anyhow::Result<Verdict> {
        roster.run(&site.global, Output::new(Format::Json, true))
    }

    fn created(site: &Site, name: &str) -> PathBuf {
        let output = site.folder.path().join(name);
        let create = Create { output: output.clone(), expires: 90 * 86_400_000 };
        run(site, Roster::Create(create)).expect("it is created");
        output
    }

    #[test]
    fn a_roster_is_created_signed_shown_and_applied() {
        let site = site();
        let file = created(&site, "roster.json");
        let drafted = roster::read(&file).expect("it is one");
        let names: Vec<_> = drafted.roster().members.values().map(|member| member.name.as_str()).collect();
        assert_eq!(names.len(), 2);
        assert!(names.contains(&"site A") && names.contains(&"site B"), "{names:?}");
        let show = || Roster::Show(Show { file: Some(file.clone()) });
        assert_eq!(run(&site, show()).expect("it is shown"), Verdict::No);
        assert!(run(&site, Roster::Apply(Apply { file: file.clone() })).is_err());
        run(&site, Roster::Sign(Sign { file: file.clone(), key: None })).expect("it is signed");
        assert_eq!(run(&site, show()).expect("it is shown"), Verdict::Yes);
        run(&site, Roster::Apply(Apply { file: file.clone() })).expect("it is applied");
        assert_eq!(run(&site, Roster::Show(Show { file: None })).expect("it is in force"), Verdict::Yes);
        let next = roster::read(&created(&site, "next.json")).expect("it is one");
        assert_eq!(next.roster().version, 2);
    }

    #[test]
    fn an_older_roster_is_not_applied() {
        let site = site();
        let first = created(&site, "first.json");
        run(&site, Roster::Sign(Sign { file: first.clone(), key: None })).expect("it is signed");
        run(&site, Roster::Apply(Apply { file: first.clone() })).expect("it is applied");
        let second = created(&site, "second.json");
        run(&site, Roster::Sign(Sign { file: second.clone(), key: None })).expect("it is signed");
        run(&site, Roster::Apply(Apply { file: second })).expect("it is applied");
        let error = run(&site, Roster::Apply(Apply { file: first })).expect_err("it is older").to_string();
        assert!(error.contains("version 1 is older than version 2"), "{error}");
    }

    #[test]
    fn a_key_of_its_own_can_sign() {
        let site = site();
        let file = created(&site, "roster.json");
        let key = site.folder.path().join("operator.key");
        let made = identity::create_file(&key).expect("a key");
        run(&site, Roster::Sign(Sign { file: file.clone(), key: Some(key) })).expect("it is signed");
        assert!(roster::read(&file).expect("it is one").signers().contains(&made.node_id()));
    }
}

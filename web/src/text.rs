//! Values as people read them, and as XML and pages carry them.

use proto::node_id::NodeId;
use proto::standing::{Reason, Standing};
use proto::timestamp::{Instant, Timestamp};

use crate::registry::Listing;

/// A size with a unit: `12.3 GiB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} bytes");
    }
    let exponent = (bytes.ilog2() / 10).min(6);
    let tenths = u128::from(bytes) * 10 / (1_u128 << (10 * exponent));
    let unit = UNITS.get(exponent as usize - 1).copied().unwrap_or_default();
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// A moment without the signs of its notation: `2014-03-08 14:10:40 UTC`.
pub(crate) fn moment(moment: Timestamp) -> String {
    let text = moment.to_string();
    format!("{} UTC", text.trim_end_matches('Z').replace('T', " "))
}

/// A moment in milliseconds as people read it: in whole seconds.
pub(crate) fn instant(instant: Instant) -> String {
    moment(instant.timestamp())
}

/// How far `there` is from `now`: `3 days ago`, `in 2 months`.
pub(crate) fn distance(now: Timestamp, there: Timestamp) -> String {
    let seconds = there.unix_seconds() - now.unix_seconds();
    let units =
        [(31_556_952, "year"), (2_629_746, "month"), (86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let passed = seconds.abs();
    let unit = units.into_iter().find(|(length, _)| passed >= *length);
    let Some((length, name)) = unit else { return "now".to_owned() };
    let count = passed / length;
    let plural = if count == 1 { "" } else { "s" };
    if seconds < 0 { format!("{count} {name}{plural} ago") } else { format!("in {count} {name}{plural}") }
}

/// Why an endorser has this standing.
pub(crate) const fn standing_reason(standing: Standing) -> &'static str {
    match standing {
        Standing::Certified => {
            "The signer's certificate was issued by an authority that this node trusts, and it is not revoked."
        }
        Standing::Confirmed => {
            "The operator vouches for the signer's key, or a trusted node confirmed the e-mail address."
        }
        Standing::Bare => {
            "The signature is good and the certificate names this address, with the first key that was seen for it; \
             nobody has confirmed that the address belongs to the signer."
        }
        Standing::Contested => {
            "The signature is good, but another key is established for this address: the signer may be someone else."
        }
    }
}

/// A name for people from a distinguished name: its first common name, else all of it.
pub(crate) fn common_name(subject: &str) -> &str {
    let first = subject.split(',').find_map(|part| part.trim().strip_prefix("CN="));
    first.unwrap_or(subject)
}

/// Foreign text as a part of one line.
pub(crate) fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Text for XML: the five signs escaped, what XML 1.0 cannot carry replaced (section 2.2).
pub(crate) fn escape_xml(text: &str) -> String {
    let readable = |c: char| match c {
        '\t' | '\n' | '\r' => c,
        '\0'..'\u{20}' | '\u{FFFE}' | '\u{FFFF}' => '\u{FFFD}',
        _ => c,
    };
    quick_xml::escape::escape(text.chars().map(readable).collect::<String>()).into_owned()
}

/// Why an entry stands where it does, in a sentence.
pub(crate) fn reason(reason: &Reason) -> String {
    let by =
        |origin: &Option<NodeId>| origin.map_or("first seen here".to_owned(), |node| format!("admitted by {node}"));
    match reason {
        Reason::CertifiedEmail => "an authority that this node trusts certified the name and the address".to_owned(),
        Reason::CertifiedSubject => "an authority that this node trusts certified the name, and another of its \
                                     certificates says that the name has the address"
            .to_owned(),
        Reason::FirstCertifiedSubject { since, origin } => format!(
            "an authority that this node trusts certified the name, the first certified one to claim the address, on {} \
             ({})",
            instant(*since),
            by(origin)
        ),
        Reason::Pinned => "the operator of this node pinned the key to the address".to_owned(),
        Reason::Confirmed { origin, admitted } => {
            format!("{origin} had the address confirmed by e-mail, on {}", instant(*admitted))
        }
        Reason::Established { since, origin } => {
            format!("the key was the first to claim the address, on {} ({})", instant(*since), by(origin))
        }
        Reason::OtherKeyEstablished { key, since, origin } => {
            format!(
                "another key, sha256:{key}, was the first to claim the address, on {} ({})",
                instant(*since),
                by(origin)
            )
        }
        Reason::AddressVouched => "the address has entries that are certified or confirmed, and this is not".to_owned(),
        Reason::OtherSubjectCertified { subjects } => {
            format!("the address is that of another certified name, {}", subjects.join(" or "))
        }
        Reason::Unbound => "nothing binds the address to the key".to_owned(),
    }
}

/// Whether default lists show an entry, and if not, why.
pub(crate) fn listing(listing: Listing) -> String {
    match listing {
        Listing::Listed => "listed".to_owned(),
        Listing::Contested => "not listed: contested entries are shown on request".to_owned(),
        Listing::Superseded => "not listed: a newer entry supersedes it".to_owned(),
        Listing::Deprecated => "not listed: its endorser deprecated it".to_owned(),
        Listing::Expired(moment) => format!("not listed: its validity ended on {}", self::moment(moment)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_human_units() {
        let sizes = [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.0 KiB"), (107_374_182_400, "100.0 GiB")];
        for (bytes, text) in sizes {
            assert_eq!(size(bytes), text);
        }
        assert_eq!(size(u64::MAX), "15.9 EiB");
    }

    #[test]
    fn distances_are_in_the_greatest_whole_unit() {
        let at = |seconds| Timestamp::from_unix_seconds(seconds).expect("the test's moment is good");
        assert_eq!(distance(at(0), at(86_400)), "in 1 day");
        assert_eq!(distance(at(7200), at(0)), "2 hours ago");
        assert_eq!(distance(at(5), at(5)), "now");
    }

    #[test]
    fn what_xml_cannot_carry_is_replaced() {
        assert_eq!(escape_xml("a<b>&'\"\u{0}\n"), "a&lt;b&gt;&amp;&apos;&quot;\u{FFFD}\n");
    }

    #[test]
    fn the_common_name_stands_for_the_subject() {
        assert_eq!(common_name("CN=Jane Tester,OU=Testing,C=EU"), "Jane Tester");
        assert_eq!(common_name("O=StratusLab"), "O=StratusLab");
    }
}

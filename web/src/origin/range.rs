//! A range of network addresses, as the operator names proxies.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A range of network addresses: one, or those that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    first: IpAddr,
    /// At most 32 for IPv4 and 128 for IPv6.
    prefix_bits: u8,
}

/// The text is not a range of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an address or a range like 10.0.0.0/8 or 2001:db8::/32")]
pub struct NotAnAddressRange(String);

impl AddressRange {
    /// Whether the address lies in it; one of IPv4 that is written as IPv6 is the same.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                let differing = u32::from(first) ^ u32::from(address);
                differing.leading_zeros() >= u32::from(self.prefix_bits)
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let differing = u128::from(first) ^ u128::from(address);
                differing.leading_zeros() >= u32::from(self.prefix_bits)
            }
            _ => false,
        }
    }
}

impl FromStr for AddressRange {
    type Err = NotAnAddressRange;

    fn from_str(text: &str) -> Result<Self, NotAnAddressRange> {
        let refusal = || NotAnAddressRange(text.chars().take(80).collect());
        let (first, bits) = text.split_once('/').map_or((text, None), |(first, bits)| (first, Some(bits)));
        let first: IpAddr = first.parse().map_err(|_| refusal())?;
        let most = if first.is_ipv4() { 32 } else { 128 };
        let prefix_bits = bits.map_or(Ok(most), str::parse).map_err(|_| refusal())?;
        (prefix_bits <= most).then_some(Self { first, prefix_bits }).ok_or_else(refusal)
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.first, self.prefix_bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_contains_what_begins_with_its_bits() {
        let contains = |range: &str, address: &str| {
            let range: AddressRange = range.parse().expect("the test's range is good");
            range.contains(address.parse().expect("the test's address is good"))
        };
        assert!(contains("10.0.0.0/8", "10.255.0.1") && !contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("127.0.0.1", "127.0.0.1") && !contains("127.0.0.1", "127.0.0.2"));
        assert!(contains("127.0.0.1", "::ffff:127.0.0.1"));
        assert!(contains("2001:db8::/32", "2001:db8:1::1") && !contains("2001:db8::/32", "2001:db9::1"));
        assert!(contains("0.0.0.0/0", "192.0.2.1") && !contains("0.0.0.0/0", "::1"));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in ["", "10.0.0.0/33", "::/129", "localhost", "10.0.0.0/", "10.0.0.0/-1", "10.0.0/8"] {
            assert!(text.parse::<AddressRange>().is_err(), "{text}");
        }
    }
}

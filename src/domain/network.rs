//! Addresses that somebody trusts.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// A range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    pub address: IpAddr,
    pub prefix: u8,
}

/// So many bits stand before an IPv4 address that is written as IPv6 (RFC 4291 section 2.5.5.2).
const MAPPED: u8 = 96;

/// The text is neither an address nor a range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an IPv4 or IPv6 address, nor a range of them in CIDR notation")]
pub struct NoNetwork;

impl FromStr for Network {
    type Err = NoNetwork;

    /// `192.0.2.0/24`, or one address.
    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let net: IpNet = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| NoNetwork)?;
        // An IPv4 range in the clothes of IPv6: addresses are compared in their canonical form.
        match (net.addr().to_canonical(), net.prefix_len().checked_sub(MAPPED)) {
            (address @ IpAddr::V4(_), Some(prefix)) if net.addr().is_ipv6() => Ok(Self { address, prefix }),
            _ => Ok(Self { address: net.addr(), prefix: net.prefix_len() }),
        }
    }
}

impl Network {
    /// Of an address in its canonical form: an IPv4 one is never written as IPv6.
    pub fn contains(&self, address: IpAddr) -> bool {
        IpNet::new(self.address, self.prefix).is_ok_and(|net| net.contains(&address))
    }

    /// Whether every address is in one of these; none at all means that nobody asked for a restriction.
    pub fn are_everything(networks: &[Self]) -> bool {
        let all = |v4: bool| networks.iter().any(|net| net.prefix == 0 && net.address.is_ipv4() == v4);
        networks.is_empty() || all(true) && all(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_or_a_range_is_read_and_nothing_else() {
        let read = |text: &str| text.parse::<Network>();
        assert_eq!(read("192.0.2.7"), Ok(Network { address: [192, 0, 2, 7].into(), prefix: 32 }));
        assert_eq!(read("::/0").map(|net| net.prefix), Ok(0));
        assert_eq!(read("::ffff:192.0.2.0/120"), read("192.0.2.0/24"));
        assert_eq!(read("::ffff:192.0.2.7"), read("192.0.2.7"));
        // Of more than IPv4: it has no other form.
        assert_eq!(read("::ffff:0.0.0.0/95").map(|net| (net.address.is_ipv6(), net.prefix)), Ok((true, 95)));
        for text in ["", "192.0.2", "192.0.2.0/33", "::1/129", "192.0.2.0/-1", "host", "192.0.2.0 /24"] {
            assert_eq!(read(text), Err(NoNetwork), "{text:?}");
        }
    }

    #[test]
    fn an_address_is_in_the_ranges_that_have_it() {
        let net: Network = "192.0.2.128/25".parse().unwrap();
        assert!(net.contains([192, 0, 2, 200].into()) && !net.contains([192, 0, 2, 1].into()));
        assert!(!net.contains(IpAddr::from([0_u16; 8])));
        // Bytes of a record are not to be believed beyond what they can mean.
        assert!(!Network { address: [0, 0, 0, 0].into(), prefix: 99 }.contains([0, 0, 0, 0].into()));
    }

    #[test]
    fn everything_is_both_kinds_of_address_or_no_restriction() {
        let [v4, v6, some] = ["0.0.0.0/0", "::/0", "10.0.0.0/8"].map(|text| text.parse::<Network>().unwrap());
        assert!(Network::are_everything(&[]) && Network::are_everything(&[v6, some, v4]));
        assert!(!Network::are_everything(&[v4]) && !Network::are_everything(&[v6, some]));
    }
}

//! Ports for servers that have to be told theirs.

use std::{
    hash::{BuildHasher, RandomState},
    net::{Ipv4Addr, TcpListener, UdpSocket},
};

/// Where ports are chosen: neither these nor the cluster bus ports above them lie where the kernel takes the source ports
/// of outgoing connections from (32768 and up on Linux, 49152 on macOS). A server that is down for a moment would
/// otherwise lose its port to any client.
const FIRST: u16 = 12_000;
const COUNT: u16 = 10_000;

/// How far above its port a Redis Cluster node listens for the other nodes.
pub(crate) const CLUSTER_BUS: u16 = 10_000;

/// A free loopback port, kept for its owner also while nothing listens on it.
///
/// Redis takes no port 0. What keeps other testbeds away, those in other processes too, is a UDP socket on the same
/// number: Redis has no use for it, and the kernel frees it however this process ends.
pub(crate) struct Port {
    number: u16,
    _reservation: UdpSocket,
}

impl Port {
    pub(crate) fn reserve() -> Self {
        let offset = RandomState::new().hash_one(()) % u64::from(COUNT);
        let offset = u16::try_from(offset).expect("it is below COUNT");
        (0..COUNT)
            .map(|step| FIRST + (offset + step) % COUNT)
            .find_map(Self::take)
            .expect("a port between 12000 and 21999 should be free on 127.0.0.1, but all are taken")
    }

    pub(crate) fn number(&self) -> u16 {
        self.number
    }

    fn take(number: u16) -> Option<Self> {
        let reservation = UdpSocket::bind((Ipv4Addr::LOCALHOST, number)).ok()?;
        // Bound and released at once: a program that knows nothing of our reservations may sit here.
        TcpListener::bind((Ipv4Addr::LOCALHOST, number)).ok()?;
        TcpListener::bind((Ipv4Addr::LOCALHOST, number + CLUSTER_BUS)).ok()?;
        Some(Self { number, _reservation: reservation })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::until;

    #[tokio::test]
    async fn a_reserved_port_is_given_to_nobody_else_and_is_free_again_afterwards() {
        let port = Port::reserve();
        let number = port.number();
        assert!(Port::take(number).is_none());
        drop(port);
        // A process that is being started elsewhere has what this one had open, for a moment.
        until("it is free again", async || Port::take(number).is_some()).await;
    }

    #[test]
    fn a_port_on_which_somebody_listens_is_passed_over() {
        let port = Port::reserve();
        let number = port.number();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, number)).unwrap();
        drop(port);
        assert!(Port::take(number).is_none());
        drop(listener);
    }
}

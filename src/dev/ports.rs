//! Free ports on the loopback address. The ports of the last start are taken again when nobody else has them.

use std::io;
use std::net::{Ipv4Addr, TcpListener};

use serde::{Deserialize, Serialize};

/// Every port that the private services listen on, all on 127.0.0.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ports {
    pub(super) postgres: u16,
    pub(super) broker: BrokerPorts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BrokerPorts {
    pub(super) amqp: u16,
    pub(super) management: u16,
    /// Erlang distribution, for `rabbitmqctl`.
    pub(super) distribution: u16,
    /// Erlang's port mapper.
    pub(super) mapper: u16,
}

impl Ports {
    /// Ports free at this moment. Another program may still take one before its server binds it; the server then
    /// ends, [`all_free`] says no, and the start is tried again on others.
    pub(super) fn choose() -> io::Result<Self> {
        let [postgres, amqp, management, distribution, mapper] = free()?;
        Ok(Self {
            postgres,
            broker: BrokerPorts {
                amqp,
                management,
                distribution,
                mapper,
            },
        })
    }

    /// These, each server's replaced if somebody took one of them.
    pub(super) fn or_free_ones(self) -> io::Result<Self> {
        Ok(self.or(Self::choose()?, is_free))
    }

    fn or(self, other: Self, is_free: impl Fn(u16) -> bool) -> Self {
        Self {
            postgres: if is_free(self.postgres) {
                self.postgres
            } else {
                other.postgres
            },
            broker: if self.broker.all(&is_free) {
                self.broker
            } else {
                other.broker
            },
        }
    }
}

impl BrokerPorts {
    pub(super) fn all_free(self) -> bool {
        self.all(is_free)
    }

    fn all(self, holds: impl Fn(u16) -> bool) -> bool {
        [self.amqp, self.management, self.distribution, self.mapper]
            .into_iter()
            .all(holds)
    }
}

pub(super) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// A port for whoever must be known by it before it listens.
pub fn free_port() -> io::Result<u16> {
    free().map(|[port]| port)
}

/// All are held until the last is known, so that none is given twice.
fn free<const N: usize>() -> io::Result<[u16; N]> {
    let mut ports = [0; N];
    let mut held = Vec::with_capacity(N);
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn all_ports_differ() {
        let ports: [u16; 5] = free().unwrap();
        assert_eq!(BTreeSet::from(ports).len(), 5);
    }

    #[test]
    fn a_port_that_is_taken_is_not_free() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert!(!is_free(taken.local_addr().unwrap().port()));
    }

    #[test]
    fn only_the_server_with_a_taken_port_moves() {
        let from = |first: u16| Ports {
            postgres: first,
            broker: BrokerPorts {
                amqp: first + 1,
                management: first + 2,
                distribution: first + 3,
                mapper: first + 4,
            },
        };
        let (last, other) = (from(10), from(20));
        for (taken, postgres, broker) in [
            (0, last.postgres, last.broker),
            (10, other.postgres, last.broker),
            (11, last.postgres, other.broker),
            (14, last.postgres, other.broker),
        ] {
            assert_eq!(
                last.or(other, |port| port != taken),
                Ports { postgres, broker },
                "{taken} is taken"
            );
        }
    }
}

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

    /// These, each group replaced if somebody took one of it.
    pub(super) fn or_free_ones(self) -> io::Result<Self> {
        let other = Self::choose()?;
        Ok(Self {
            postgres: if is_free(self.postgres) {
                self.postgres
            } else {
                other.postgres
            },
            broker: if self.broker.all_free() {
                self.broker
            } else {
                other.broker
            },
        })
    }
}

impl BrokerPorts {
    pub(super) fn all_free(self) -> bool {
        [self.amqp, self.management, self.distribution, self.mapper]
            .into_iter()
            .all(is_free)
    }
}

pub(super) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
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
    fn different_ports_that_are_free() {
        let ports: [u16; 5] = free().unwrap();
        assert_eq!(BTreeSet::from(ports).len(), 5);
        assert!(ports.into_iter().all(is_free));
    }

    #[test]
    fn only_the_group_with_a_taken_port_moves() {
        let ports = Ports::choose().unwrap();
        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, ports.broker.amqp)).unwrap();
        let moved = ports.or_free_ones().unwrap();
        assert_eq!(moved.postgres, ports.postgres);
        assert_ne!(moved.broker, ports.broker);
        assert!(moved.broker.all_free());
    }
}

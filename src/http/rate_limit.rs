//! No single person or address takes the service from the others: calls beyond a rate are refused with 429 and the time
//! to ask again.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::problem::Problem;
use crate::config::http::{HttpSettings, Rate};
use crate::domain::ids::{ActorId, Source};
use crate::domain::person::Person;

/// After how many calls those who have long been silent are forgotten.
const SWEEP: u32 = 10_000;

/// What is counted. One per node.
pub struct RateLimits {
    addresses: Limit<IpAddr>,
    people: Limit<(Option<Source>, ActorId)>,
    /// Reverse proxies whose word on the address of a call is taken.
    proxies: Vec<IpAddr>,
}

impl RateLimits {
    pub fn new(settings: &HttpSettings) -> Self {
        Self {
            addresses: Limit::new(settings.rate_limit.per_address()),
            people: Limit::new(settings.rate_limit.per_person()),
            proxies: settings.trusted_proxies.clone(),
        }
    }

    /// Counts a call before anything is known of who calls.
    pub(super) fn of_address(&self, peer: IpAddr, headers: &HeaderMap) -> Result<(), Problem> {
        self.addresses.count(&self.caller(peer, headers))
    }

    /// Counts a call of somebody whose token was believed.
    pub(super) fn of_person(&self, person: &Person) -> Result<(), Problem> {
        self.people.count(&(person.source(), person.id.clone()))
    }

    /// Where a call comes from: what the nearest trusted proxy saw, never what the caller claims. Of an IPv6 address
    /// the network, since one subscriber has all of it.
    fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut address = peer;
        let forwarded: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        let mut hops = forwarded.iter().rev();
        while self.proxies.contains(&address) {
            match hops.next().and_then(|hop| hop.trim().parse().ok()) {
                Some(before) => address = before,
                None => break,
            }
        }
        match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
                Some(v4) => IpAddr::V4(v4),
                None => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
            },
        }
    }
}

struct Limit<K: Clone + Hash + Eq> {
    limiter: DefaultKeyedRateLimiter<K>,
    counted: AtomicU32,
}

impl<K: Clone + Hash + Eq> Limit<K> {
    fn new(rate: Rate) -> Self {
        let quota = Quota::per_second(rate.per_second).allow_burst(rate.burst);
        Self {
            limiter: RateLimiter::keyed(quota),
            counted: AtomicU32::new(0),
        }
    }

    fn count(&self, key: &K) -> Result<(), Problem> {
        if self.counted.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(key).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            Problem::new(StatusCode::TOO_MANY_REQUESTS)
                .code("too_many_requests")
                .detail("Troppe richieste: riprova fra poco.")
                .retry_after(wait.max(Duration::from_secs(1)))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::config::http::RateLimit;

    fn limits(proxies: &[&str]) -> RateLimits {
        let one = NonZeroU32::MIN;
        RateLimits::new(&HttpSettings {
            rate_limit: RateLimit {
                per_address: one,
                per_address_burst: one,
                per_person: one,
                per_person_burst: one,
            },
            trusted_proxies: proxies.iter().map(|proxy| proxy.parse().unwrap()).collect(),
            ..HttpSettings::default()
        })
    }

    fn forwarded(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", value.parse().unwrap());
        headers
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_about_where_a_call_comes_from() {
        let said = forwarded("203.0.113.9, 198.51.100.7");
        let proxy: IpAddr = "192.0.2.1".parse().unwrap();
        assert_eq!(limits(&[]).caller(proxy, &said), proxy);
        let near: IpAddr = "198.51.100.7".parse().unwrap();
        assert_eq!(limits(&["192.0.2.1"]).caller(proxy, &said), near);
        let far: IpAddr = "203.0.113.9".parse().unwrap();
        assert_eq!(limits(&["192.0.2.1", "198.51.100.7"]).caller(proxy, &said), far);
        assert_eq!(
            limits(&["192.0.2.1"]).caller(proxy, &forwarded("nonsense")),
            proxy
        );
    }

    #[test]
    fn one_network_is_one_caller() {
        let limits = limits(&[]);
        let count = |address: &str| limits.of_address(address.parse().unwrap(), &HeaderMap::new());
        assert!(count("2001:db8::1").is_ok());
        assert!(count("2001:db8::ffff").is_err());
        assert!(count("2001:db8:0:1::1").is_ok());
        assert!(count("::ffff:203.0.113.9").is_ok());
        assert!(count("203.0.113.9").is_err());
    }
}

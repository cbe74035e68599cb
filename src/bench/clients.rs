//! Portals that speak HTTP: so many at once, each with one request in the air.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};

use super::load::Load;
use super::{BenchError, PATIENCE, Place};
use crate::clock::Clock;
use crate::domain::ids::RequestId;

pub(super) const CLIENTS: usize = 64;
/// How often a node that starts is asked whether it is ready.
const POLL: Duration = Duration::from_millis(10);

/// The node's address and the word that lets in.
#[derive(Clone)]
pub(super) struct Clients {
    client: Client,
    node: SocketAddr,
    token: String,
}

impl Clients {
    pub(super) fn new(node: SocketAddr, token: &str) -> Result<Self, BenchError> {
        let client = Client::builder().no_proxy().pool_max_idle_per_host(CLIENTS);
        Ok(Self {
            client: client.build()?,
            node,
            token: token.to_owned(),
        })
    }

    /// Waits until the node answers that it is ready.
    pub(super) async fn ready(&self, place: &Place) -> Result<(), BenchError> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            let asked = self
                .client
                .get(format!("http://{}/readyz", self.node))
                .send()
                .await;
            if asked.is_ok_and(|answer| answer.status() == StatusCode::OK) {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
        Err(BenchError::NotReady(place.last_words()))
    }

    /// Submits so many requests: when each was sent.
    pub(super) async fn submit(
        &self,
        load: &Load,
        count: usize,
    ) -> Result<BTreeMap<RequestId, Instant>, BenchError> {
        let next = Arc::new(AtomicUsize::new(0));
        let clients = (0..CLIENTS).map(|_| {
            let (clients, load, next) = (self.clone(), load.clone(), Arc::clone(&next));
            tokio::spawn(async move { clients.one(&load, count, &next).await })
        });
        let mut sent = BTreeMap::new();
        for client in clients.collect::<Vec<_>>() {
            sent.extend(client.await.map_err(std::io::Error::other)??);
        }
        Ok(sent)
    }

    async fn one(
        &self,
        load: &Load,
        count: usize,
        next: &AtomicUsize,
    ) -> Result<Vec<(RequestId, Instant)>, BenchError> {
        let clock = Clock::system();
        let mut sent = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(sent);
            }
            let request = RequestId(clock.new_id());
            let now = Instant::now();
            self.client
                .post(format!("http://{}/api/v1/requests", self.node))
                .bearer_auth(&self.token)
                .header("idempotency-key", request.to_string())
                .header("content-type", "application/json")
                .body(load.body(number, request))
                .send()
                .await?
                .error_for_status()?;
            sent.push((request, now));
        }
    }
}

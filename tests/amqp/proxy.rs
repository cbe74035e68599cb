//! A TCP proxy before the broker that can cut every connection, hold everything back, or change bytes on the way.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A way to the broker that can be broken.
pub(crate) struct Proxy {
    /// `amqp://...` through the proxy.
    pub(crate) url: String,
    /// How often everything was cut.
    cuts: watch::Sender<u32>,
    held: watch::Sender<bool>,
}

/// Bytes of a client that are replaced by others of the same length.
pub(crate) type Change = Option<(&'static [u8], &'static [u8])>;

/// What one connection of the proxy goes by.
#[derive(Clone)]
struct Orders {
    broker: Arc<str>,
    cuts: watch::Receiver<u32>,
    held: watch::Receiver<bool>,
    change: Change,
}

impl Proxy {
    pub(crate) async fn before(broker_url: &str, change: Change) -> Self {
        let mut url = url::Url::parse(broker_url).unwrap();
        let broker = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5672));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let (cuts, held) = (watch::Sender::new(0), watch::Sender::new(false));
        let orders = Orders {
            broker: Arc::from(broker),
            cuts: cuts.subscribe(),
            held: held.subscribe(),
            change,
        };
        tokio::spawn(accept(listener, orders));
        Self {
            url: url.to_string(),
            cuts,
            held,
        }
    }

    /// Breaks every connection; new ones are let through.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Lets nothing more through, and closes nothing.
    pub(crate) fn hold(&self) {
        self.held.send_replace(true);
    }

    pub(crate) fn release(&self) {
        self.held.send_replace(false);
    }
}

async fn accept(listener: TcpListener, orders: Orders) {
    while let Ok((client, _)) = listener.accept().await {
        let mut orders = orders.clone();
        tokio::spawn(async move {
            orders.cuts.mark_unchanged();
            let broker = TcpStream::connect(&*orders.broker).await.unwrap();
            let (from_client, to_client) = client.into_split();
            let (from_broker, to_broker) = broker.into_split();
            tokio::select! {
                () = pump(from_client, to_broker, orders.held.clone(), orders.change) => {}
                () = pump(from_broker, to_client, orders.held.clone(), None) => {}
                _ = orders.cuts.changed() => {}
            }
        });
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut held: watch::Receiver<bool>,
    change: Change,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let Ok(count @ 1..) = from.read(&mut buffer).await else {
            return;
        };
        let bytes = &mut buffer[..count];
        if let Some((old, new)) = change {
            replace(bytes, old, new);
        }
        if held.wait_for(|held| !held).await.is_err() || to.write_all(bytes).await.is_err() {
            return;
        }
    }
}

fn replace(bytes: &mut [u8], old: &[u8], new: &[u8]) {
    assert_eq!(old.len(), new.len(), "lengths stand in the frames");
    while let Some(at) = bytes.windows(old.len()).position(|part| part == old) {
        bytes[at..at + new.len()].copy_from_slice(new);
    }
}

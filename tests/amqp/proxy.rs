//! A TCP proxy before the broker that can cut every connection, hold everything back, change bytes on the way, or
//! speak in the broker's name.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// `connection.blocked` with the reason "alarm", and `connection.unblocked`.
const BLOCKED: &[u8] = b"\x01\0\0\0\0\0\x0a\0\x0a\0\x3c\x05alarm\xce";
const UNBLOCKED: &[u8] = b"\x01\0\0\0\0\0\x04\0\x0a\0\x3d\xce";

/// A way to the broker that can be broken.
pub(crate) struct Proxy {
    /// `amqp://...` through the proxy.
    pub(crate) url: String,
    orders: Arc<watch::Sender<Orders>>,
}

/// Bytes of a client that are replaced by others of the same length.
pub(crate) type Change = Option<(&'static [u8], &'static [u8])>;

#[derive(Clone, Copy, Default)]
struct Orders {
    /// How often everything was cut.
    cuts: u32,
    held: bool,
    alarm: bool,
}

impl Proxy {
    pub(crate) async fn before(broker_url: &str, change: Change) -> Self {
        let mut url = url::Url::parse(broker_url).unwrap();
        let broker = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5672));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let orders = Arc::new(watch::Sender::new(Orders::default()));
        tokio::spawn(accept(listener, broker, orders.clone(), change));
        Self {
            url: url.to_string(),
            orders,
        }
    }

    /// Breaks every connection; new ones are let through.
    pub(crate) fn cut(&self) {
        self.orders.send_modify(|orders| orders.cuts += 1);
    }

    /// Lets nothing more through, and closes nothing.
    pub(crate) fn hold(&self) {
        self.orders.send_modify(|orders| orders.held = true);
    }

    pub(crate) fn release(&self) {
        self.orders.send_modify(|orders| orders.held = false);
    }

    /// Says to the engine's publishing connection what a broker in alarm says to those that publish.
    pub(crate) fn alarm(&self, on: bool) {
        self.orders.send_modify(|orders| orders.alarm = on);
    }
}

async fn accept(listener: TcpListener, broker: String, orders: Arc<watch::Sender<Orders>>, change: Change) {
    while let Ok((client, _)) = listener.accept().await {
        let broker = TcpStream::connect(&broker).await.unwrap();
        let mut cuts = orders.subscribe();
        let cuts_before = cuts.borrow_and_update().cuts;
        let pipe = Pipe {
            orders: orders.subscribe(),
            change,
            publishes: AtomicBool::new(false),
        };
        let (from_client, to_client) = client.into_split();
        let (from_broker, to_broker) = broker.into_split();
        tokio::spawn(async move {
            tokio::select! {
                () = pipe.up(from_client, to_broker) => {}
                () = pipe.down(from_broker, to_client) => {}
                _ = cuts.wait_for(|orders| orders.cuts > cuts_before) => {}
            }
        });
    }
}

/// One connection.
struct Pipe {
    orders: watch::Receiver<Orders>,
    change: Change,
    /// Whether it is the engine's publishing connection: its name says so.
    publishes: AtomicBool,
}

impl Pipe {
    async fn up(&self, mut client: OwnedReadHalf, broker: OwnedWriteHalf) {
        let mut broker = broker;
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = client.read(&mut buffer).await {
            let bytes = &mut buffer[..count];
            if find(bytes, b"usciere test publish").is_some() {
                self.publishes.store(true, Ordering::Relaxed);
            }
            if let Some((old, new)) = self.change {
                replace(bytes, old, new);
            }
            if !self.pass(bytes, &mut broker).await {
                return;
            }
        }
    }

    async fn down(&self, mut broker: OwnedReadHalf, mut client: OwnedWriteHalf) {
        let mut orders = self.orders.clone();
        let mut alarm = orders.borrow_and_update().alarm;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let bytes = tokio::select! {
                count = broker.read(&mut buffer) => match count {
                    Ok(count @ 1..) => &buffer[..count],
                    Ok(0) | Err(_) => return,
                },
                Ok(now) = orders.wait_for(|orders| orders.alarm != alarm) => {
                    alarm = now.alarm;
                    match (self.publishes.load(Ordering::Relaxed), alarm) {
                        (false, _) => continue,
                        (true, true) => BLOCKED,
                        (true, false) => UNBLOCKED,
                    }
                }
            };
            if !self.pass(bytes, &mut client).await {
                return;
            }
        }
    }

    async fn pass(&self, bytes: &[u8], to: &mut OwnedWriteHalf) -> bool {
        let mut orders = self.orders.clone();
        orders.wait_for(|orders| !orders.held).await.is_ok() && to.write_all(bytes).await.is_ok()
    }
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

fn replace(bytes: &mut [u8], old: &[u8], new: &[u8]) {
    assert_eq!(old.len(), new.len(), "lengths stand in the frames");
    while let Some(at) = find(bytes, old) {
        bytes[at..at + new.len()].copy_from_slice(new);
    }
}

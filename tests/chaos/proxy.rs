//! A TCP proxy that breaks: it cuts, cuts after some bytes, swallows answers, holds everything back, delays, refuses.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A way to a service. It stays where it is when the service moves.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) port: u16,
    orders: watch::Sender<Orders>,
    swallowed: Arc<AtomicU64>,
}

#[derive(Debug, Clone, Default)]
struct Orders {
    /// How often everything was cut.
    cuts: u32,
    /// Nothing passes, nothing is closed: a network that went silent.
    held: bool,
    /// Connections are closed as they come.
    refused: bool,
    latency: Duration,
    /// Connections end after so many bytes towards the client.
    bytes: Option<u64>,
    /// A question whose answer never arrives, and what happens to the connection instead.
    swallow: Option<(&'static [u8], Swallow)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Swallow {
    Cut,
    Hold,
}

impl Proxy {
    /// Before a service, wherever that is at the moment.
    pub(crate) async fn before(service: watch::Receiver<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            port: listener.local_addr().unwrap().port(),
            orders: watch::Sender::new(Orders::default()),
            swallowed: Arc::default(),
        };
        tokio::spawn(accept(
            listener,
            service,
            proxy.orders.subscribe(),
            Arc::clone(&proxy.swallowed),
        ));
        proxy
    }

    /// Breaks every connection; new ones are let through.
    pub(crate) fn cut(&self) {
        self.orders.send_modify(|orders| orders.cuts += 1);
    }

    pub(crate) fn hold(&self) {
        self.orders.send_modify(|orders| orders.held = true);
    }

    pub(crate) fn refuse(&self) {
        self.orders.send_modify(|orders| orders.refused = true);
        self.cut();
    }

    pub(crate) fn delay(&self, latency: Duration) {
        self.orders.send_modify(|orders| orders.latency = latency);
    }

    /// New connections end after so many bytes towards the client.
    pub(crate) fn cut_after(&self, bytes: u64) {
        self.orders.send_modify(|orders| orders.bytes = Some(bytes));
        self.cut();
    }

    /// The service gets the question, its answer is lost.
    pub(crate) fn swallow_answers_to(&self, question: &'static [u8], how: Swallow) {
        self.orders
            .send_modify(|orders| orders.swallow = Some((question, how)));
    }

    pub(crate) fn swallowed(&self) -> u64 {
        self.swallowed.load(Ordering::SeqCst)
    }

    /// Everything as it should be, for old connections too.
    pub(crate) fn mend(&self) {
        self.orders.send_modify(|orders| {
            *orders = Orders {
                cuts: orders.cuts,
                ..Orders::default()
            };
        });
    }
}

async fn accept(
    listener: TcpListener,
    service: watch::Receiver<String>,
    orders: watch::Receiver<Orders>,
    swallowed: Arc<AtomicU64>,
) {
    while let Ok((client, _)) = listener.accept().await {
        let (service, mut orders, swallowed) = (service.clone(), orders.clone(), Arc::clone(&swallowed));
        tokio::spawn(async move {
            let before = orders.borrow_and_update().clone();
            let address = service.borrow().clone();
            let Ok(server) = TcpStream::connect(address).await else {
                return;
            };
            if before.refused {
                return;
            }
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            let pipe = Pipe {
                orders: orders.clone(),
                bytes: before.bytes,
                swallowing: AtomicBool::new(false),
                swallowed,
            };
            tokio::select! {
                () = pipe.up(from_client, to_server) => {}
                () = pipe.down(from_server, to_client) => {}
                _ = orders.wait_for(|orders| orders.cuts > before.cuts) => {}
            }
        });
    }
}

/// One connection.
struct Pipe {
    orders: watch::Receiver<Orders>,
    bytes: Option<u64>,
    swallowing: AtomicBool,
    swallowed: Arc<AtomicU64>,
}

impl Pipe {
    async fn up(&self, mut client: OwnedReadHalf, mut server: OwnedWriteHalf) {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = client.read(&mut buffer).await {
            let bytes = &buffer[..count];
            let question = self.orders.borrow().swallow;
            if question.is_some_and(|(question, _)| contains(bytes, question)) {
                self.swallowing.store(true, Ordering::SeqCst);
            }
            if !self.pass(bytes, &mut server).await {
                return;
            }
        }
    }

    async fn down(&self, mut server: OwnedReadHalf, mut client: OwnedWriteHalf) {
        let mut left = self.bytes;
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = server.read(&mut buffer).await {
            if self.swallowing.load(Ordering::SeqCst) {
                self.swallowed.fetch_add(1, Ordering::SeqCst);
                let how = self.orders.borrow().swallow;
                match how {
                    Some((_, Swallow::Hold)) => std::future::pending::<()>().await,
                    Some((_, Swallow::Cut)) | None => return,
                }
            }
            if !self.pass(&buffer[..count], &mut client).await {
                return;
            }
            if let Some(left) = &mut left {
                *left = left.saturating_sub(count as u64);
                if *left == 0 {
                    return;
                }
            }
        }
    }

    async fn pass(&self, bytes: &[u8], to: &mut OwnedWriteHalf) -> bool {
        let mut orders = self.orders.clone();
        let latency = orders.borrow_and_update().latency;
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        orders.wait_for(|orders| !orders.held).await.is_ok() && to.write_all(bytes).await.is_ok()
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

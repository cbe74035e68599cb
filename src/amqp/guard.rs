//! Between the broker and lapin: one message of one publisher must not stop the intake of all.
//!
//! RabbitMQ passes on what lapin cannot survive (measured with 3.10.8 and lapin 4.12.3): a property or routing key
//! that is not UTF-8 breaks the connection, again after every reconnect; header tables nested 4,000 deep overflow
//! the stack of lapin's thread and abort the process. The stream is therefore read frame by frame before lapin sees
//! it; what is unreadable arrives as a message that says so and is dead-lettered like any other.

mod frames;
mod properties;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use async_rs::traits::Reactor;
use async_rs::util::{DummyIO, RuntimeParts};
use async_rs::{Runtime, Tokio};
use futures::Stream;
use futures::io::{AsyncRead, AsyncWrite};
use lapin::tcp::{AMQPUriTcpExt, AsyncTcpStream, OwnedTLSConfig};
use lapin::uri::AMQPUri;
use lapin::{Connection, ConnectionProperties, Error};
use tokio::time::{Sleep, sleep, timeout};

use super::budget::Budget;
use frames::{Frames, HEARTBEAT};
pub use frames::{RAW_PROPERTIES, UNREADABLE};

/// How long connecting, and the broker's first word after it, may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much is read from the broker at once.
const READ_SIZE: usize = 64 * 1024;
/// How often lapin hears a heartbeat while nothing is read: the broker's own wait behind what there is no room for.
const SIGN_OF_LIFE: Duration = Duration::from_millis(400);

/// Opens a connection whose incoming frames are looked at first.
pub(super) async fn connect(
    uri: AMQPUri,
    options: ConnectionProperties,
    budget: Budget,
) -> Result<Connection, Error> {
    budget.forget_what_is_on_its_way();
    let runtime = Runtime::new(RuntimeParts::new(
        Tokio::current(),
        GuardedReactor(Tokio::current()),
    ));
    let connect = async move |uri: AMQPUri, _: Runtime<_>| {
        let tls = OwnedTLSConfig::default();
        let runtime = Runtime::tokio_current();
        let connecting = uri.connect_with_config_async(tls.as_ref(), &runtime);
        let stream = timeout(PATIENCE, connecting).await.map_err(io::Error::from)??;
        Ok(AsyncTcpStream::Plain(Guarded::new(
            stream,
            PATIENCE,
            budget.clone(),
        )))
    };
    Connection::connector(uri, runtime, connect, options).await
}

/// A stream whose incoming bytes pass [`Frames`].
struct Guarded<S> {
    stream: S,
    frames: Frames,
    /// Until the broker has said anything: when to give up. lapin itself would wait for ever, in a thread.
    first_word: Option<Pin<Box<Sleep>>>,
    incoming: Box<[u8]>,
    /// What of it came and was not looked at yet.
    unfed: std::ops::Range<usize>,
    /// What may be read, and how much of it has been.
    readable: Vec<u8>,
    read: usize,
    budget: Budget,
    /// When lapin hears the next heartbeat of ours; made here, for lapin's thread has no reactor to make it in.
    sign_of_life: Pin<Box<Sleep>>,
    /// Whether the last look found no room.
    full: bool,
}

impl<S> Guarded<S> {
    fn new(stream: S, patience: Duration, budget: Budget) -> Self {
        Self {
            stream,
            frames: Frames::default(),
            first_word: Some(Box::pin(sleep(patience))),
            incoming: vec![0; READ_SIZE].into_boxed_slice(),
            unfed: 0..0,
            readable: Vec::new(),
            read: 0,
            budget,
            sign_of_life: Box::pin(sleep(SIGN_OF_LIFE)),
            full: false,
        }
    }
}

impl<S: AsyncRead + Unpin> Guarded<S> {
    /// Reads from the broker, which must not stay silent from the start.
    fn poll_incoming(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_read(cx, &mut self.incoming) {
            Poll::Ready(count) => {
                self.first_word = None;
                Poll::Ready(count)
            }
            Poll::Pending => match &mut self.first_word {
                Some(patience) => patience
                    .as_mut()
                    .poll(cx)
                    .map(|()| Err(io::ErrorKind::TimedOut.into())),
                None => Poll::Pending,
            },
        }
    }

    /// Says in the broker's name that it lives. A broker that does not is noticed by writing, and when reading goes on.
    fn poll_sign_of_life(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.sign_of_life.as_mut().poll(cx));
        let next = tokio::time::Instant::now() + SIGN_OF_LIFE;
        self.sign_of_life.as_mut().reset(next);
        self.readable.extend_from_slice(&HEARTBEAT);
        Poll::Ready(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        while this.read == this.readable.len() {
            this.readable.clear();
            this.read = 0;
            if this.frames.is_full() && this.budget.poll_room(cx).is_pending() {
                if !std::mem::replace(&mut this.full, true) {
                    tracing::debug!(
                        "nothing more is read from the broker for now: amqp.prefetch_bytes are held"
                    );
                }
                ready!(this.poll_sign_of_life(cx));
                continue;
            }
            this.full = false;
            if this.unfed.is_empty() && !this.frames.is_full() {
                let count = ready!(this.poll_incoming(cx))?;
                if count == 0 {
                    return Poll::Ready(Ok(0));
                }
                this.unfed = 0..count;
            }
            let unfed = &this.incoming[this.unfed.clone()];
            this.unfed.start += this.frames.feed(unfed, &mut this.readable, &this.budget);
        }
        let waiting = &this.readable[this.read..];
        let count = waiting.len().min(buffer.len());
        buffer[..count].copy_from_slice(&waiting[..count]);
        this.read += count;
        Poll::Ready(Ok(count))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}

/// Tokio's reactor, except that its streams are guarded: lapin takes no other kind of stream than its reactor's.
#[derive(Debug, Clone)]
struct GuardedReactor(Tokio);

impl Reactor for GuardedReactor {
    type TcpStream = Guarded<AsyncTcpStream<<Tokio as Reactor>::TcpStream>>;
    type Sleep = <Tokio as Reactor>::Sleep;

    /// Never asked for: connections come from [`connect`].
    fn register<H>(&self, _: H) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static> {
        Err::<DummyIO, _>(io::ErrorKind::Unsupported.into())
    }

    fn sleep(&self, duration: Duration) -> Self::Sleep {
        self.0.sleep(duration)
    }

    fn interval(&self, duration: Duration) -> impl Stream<Item = Instant> + Send + 'static {
        self.0.interval(duration)
    }

    fn tcp_connect_addr(
        &self,
        address: SocketAddr,
    ) -> impl Future<Output = io::Result<Self::TcpStream>> + Send + 'static {
        let connecting = self.0.tcp_connect_addr(address);
        async move {
            let stream = AsyncTcpStream::Plain(connecting.await?);
            Ok(Guarded::new(stream, PATIENCE, Budget::unlimited()))
        }
    }
}

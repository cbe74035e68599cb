//! Connections: taken in until the node ends, each bounded by how long its client may say nothing.
//!
//! What is bounded is silence, not time: a large file over a slow line arrives, and a stream of events lasts.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::timeout::TimeoutBody;
use tower_service::Service as _;

/// How long a client may keep a connection without saying anything.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// From the first moment a request could begin to the end of its headers.
    pub(super) headers: Duration,
    /// Between two pieces of a body.
    pub(super) body: Duration,
}

const PATIENCE: Patience = Patience {
    headers: Duration::from_secs(30),
    body: Duration::from_secs(30),
};

/// Answers until `until` is cancelled, and ends once everything begun is answered. Cancel it last: a node that drains
/// still says so.
pub async fn serve(listener: TcpListener, router: Router, until: CancellationToken) {
    serve_patiently(listener, router, until, PATIENCE).await;
}

pub(super) async fn serve_patiently(
    mut listener: TcpListener,
    router: Router,
    until: CancellationToken,
    patience: Patience,
) {
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(patience.headers);
    let connections = GracefulShutdown::new();
    loop {
        let (stream, peer) = tokio::select! {
            // Goes on after an error, as after too many open files.
            accepted = Listener::accept(&mut listener) => accepted,
            () = until.cancelled() => break,
        };
        let router = router.clone();
        let service = service_fn(move |request| {
            let mut router = router.clone();
            async move { router.call(of_peer(request, peer, patience)).await }
        });
        let connection = connections.watch(server.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::trace!(%error, "a connection ended");
            }
        });
    }
    drop(listener);
    connections.shutdown().await;
}

fn of_peer(request: Request<Incoming>, peer: SocketAddr, patience: Patience) -> Request<Body> {
    let mut request = request.map(|body| {
        // An empty one stays recognisable.
        if body.is_end_stream() {
            Body::empty()
        } else {
            Body::new(TimeoutBody::new(patience.body, body))
        }
    });
    request.extensions_mut().insert(ConnectInfo(peer));
    request
}

#[cfg(test)]
mod tests {
    use axum::routing::{get, post};
    use futures::{StreamExt as _, stream};
    use serde_json::Value;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::task::JoinHandle;
    use tokio::time::sleep;

    use super::*;
    use crate::http::body::JsonBody;

    const LONG: Duration = Duration::from_mins(5);
    const SHORT: Duration = Duration::from_millis(50);

    /// A server and what it was told to say, until everybody has gone.
    struct Served {
        address: SocketAddr,
        stop: CancellationToken,
        server: JoinHandle<()>,
    }

    impl Served {
        async fn start(patience: Patience) -> Self {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            let address = listener.local_addr().unwrap();
            let stop = CancellationToken::new();
            let ticks = || async { Body::from_stream(stream::iter(["1\n", "2\n"]).then(slowly)) };
            let router = Router::new()
                .route("/", post(|_: JsonBody<Value>| async { "read" }))
                .route("/ticks", get(ticks));
            let server = tokio::spawn(serve_patiently(listener, router, stop.clone(), patience));
            Self {
                address,
                stop,
                server,
            }
        }

        /// Sends some bytes and then nothing more; answers what comes until the server closes.
        async fn say(&self, bytes: &str) -> String {
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            stream.write_all(bytes.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        }
    }

    async fn slowly(line: &'static str) -> Result<&'static str, std::io::Error> {
        sleep(SHORT * 3).await;
        Ok(line)
    }

    fn post_of(length: usize, body: &str) -> String {
        format!(
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    }

    #[tokio::test]
    async fn headers_that_never_end_are_not_waited_for() {
        let impatient = Served::start(Patience {
            headers: SHORT,
            body: LONG,
        });
        let served = impatient.await;
        for bytes in ["", "POST", "POST / HTTP/1.1\r\nHost: x\r\nX-Slow: "] {
            assert_eq!(served.say(bytes).await, "", "{bytes}");
        }
    }

    #[tokio::test]
    async fn a_body_that_falls_silent_is_answered_408_and_the_connection_closed() {
        let served = Served::start(Patience {
            headers: LONG,
            body: SHORT,
        })
        .await;
        let answer = served.say(&post_of(100, "{\"text\": ")).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains("\"code\":\"request_timeout\""), "{answer}");
    }

    #[tokio::test]
    async fn an_answer_may_take_longer_than_a_client_may_be_silent() {
        let served = Served::start(Patience {
            headers: SHORT,
            body: SHORT,
        })
        .await;
        let answer = served.say("GET /ticks HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(answer.contains("1\n") && answer.contains("2\n"), "{answer}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_line_is_not_silence() {
        let (piece, patience) = (Duration::from_secs(29), PATIENCE.body);
        let pieces = |pause: Duration| {
            let pieces = stream::iter(0..20).then(move |number| async move {
                sleep(pause).await;
                Ok::<_, std::io::Error>(vec![b'x'; number])
            });
            let body = TimeoutBody::new(patience, Body::from_stream(pieces));
            axum::body::to_bytes(Body::new(body), usize::MAX)
        };
        assert_eq!(pieces(piece).await.unwrap().len(), 190);
        assert!(pieces(patience * 2).await.is_err());
    }

    #[tokio::test]
    async fn what_was_begun_is_answered_before_the_end() {
        let served = Served::start(Patience {
            headers: LONG,
            body: LONG,
        })
        .await;
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(post_of(7, "{\"a\"").as_bytes()).await.unwrap();
        // Another one's answer shows that the first was taken in.
        let mut other = TcpStream::connect(served.address).await.unwrap();
        other.write_all(post_of(2, "{}").as_bytes()).await.unwrap();
        let mut first = [0; 12];
        other.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        served.stop.cancel();
        stream.write_all(b":1}").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        drop(other);
        served.server.await.unwrap();
    }
}

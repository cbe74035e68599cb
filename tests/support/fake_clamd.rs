//! A clamd that is none: speaks `INSTREAM`, finds the EICAR test file, and can be away.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinHandle;

/// The file every scanner takes for a virus, written so that no scanner takes this source for one.
pub(crate) fn eicar() -> Vec<u8> {
    [
        &br"X5O!P%@AP[4\PZX54(P^)7CC)7}$"[..],
        b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE",
        b"!$H+H*",
    ]
    .concat()
}

/// A clamd that answers until it is dropped.
pub(crate) struct FakeClamd {
    task: JoinHandle<()>,
    asked: Arc<AtomicUsize>,
}

impl FakeClamd {
    /// On a port of its own.
    pub(crate) async fn on_tcp() -> (Self, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::default();
        let counted = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                talk(stream, &counted);
            }
        });
        (Self { task, asked }, port)
    }

    /// On a socket that is not there before.
    pub(crate) fn on_socket(path: &Path) -> Self {
        let listener = UnixListener::bind(path).unwrap();
        let asked = Arc::default();
        let counted = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                talk(stream, &counted);
            }
        });
        Self { task, asked }
    }

    /// How many files it looked at.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drop for FakeClamd {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn talk(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, asked: &Arc<AtomicUsize>) {
    let asked = Arc::clone(asked);
    tokio::spawn(async move {
        let _client_hung_up = converse(stream, &asked).await;
    });
}

async fn converse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    asked: &AtomicUsize,
) -> std::io::Result<()> {
    let mut command = [0; 10];
    stream.read_exact(&mut command).await?;
    if &command != b"zINSTREAM\0" {
        return stream.write_all(b"UNKNOWN COMMAND\0").await;
    }
    let mut file = Vec::new();
    loop {
        let length = stream.read_u32().await?;
        if length == 0 {
            break;
        }
        let mut chunk = vec![0; usize::try_from(length).unwrap()];
        stream.read_exact(&mut chunk).await?;
        file.extend_from_slice(&chunk);
    }
    asked.fetch_add(1, Ordering::SeqCst);
    let virus = eicar();
    let found = file.windows(virus.len()).any(|part| part == virus);
    let answer: &[u8] = if found {
        b"stream: Eicar-Test-Signature FOUND\0"
    } else {
        b"stream: OK\0"
    };
    stream.write_all(answer).await
}

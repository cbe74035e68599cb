//! The scanner port spoken with clamd: `INSTREAM` over TCP or a Unix socket (clamd(8)).

use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};

use super::scanner::{Scan, ScannerFault, Verdict};
use crate::config::attachments::ClamdAddress;

/// Bytes of one chunk of a stream.
const CHUNK: usize = 64 * 1024;

/// Far more than any answer: what is longer is none.
const LONGEST_ANSWER: u64 = 4_096;

/// Characters of an answer that are repeated; clamd names a file it was given in far fewer.
const LONGEST_LINE: usize = 200;

/// One clamd. A connection per file: clamd closes it after `INSTREAM` anyway.
#[derive(Debug)]
pub(super) struct Clamd {
    address: ClamdAddress,
    timeout: Duration,
}

impl Clamd {
    pub(super) const fn new(address: ClamdAddress, timeout: Duration) -> Self {
        Self { address, timeout }
    }

    async fn ask(&self, question: Question<'_>) -> Result<String, ScannerFault> {
        let asking = async {
            match &self.address {
                ClamdAddress::Tcp { host, port } => {
                    converse(TcpStream::connect((host.as_str(), *port)).await?, question).await
                }
                ClamdAddress::Socket(path) => converse(UnixStream::connect(path).await?, question).await,
            }
        };
        tokio::time::timeout(self.timeout, asking)
            .await
            .map_err(|_| ScannerFault::Late)?
    }
}

impl Scan for Clamd {
    fn scan<'a>(&'a self, bytes: &'a [u8]) -> BoxFuture<'a, Result<Verdict, ScannerFault>> {
        async move {
            let answer = self.ask(Question::Scan(bytes)).await?;
            verdict(&answer)
        }
        .boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), ScannerFault>> {
        async move {
            match said(&self.ask(Question::Ping).await?).as_str() {
                "PONG" => Ok(()),
                other => Err(ScannerFault::Refused(other.to_owned())),
            }
        }
        .boxed()
    }
}

/// What clamd is asked.
enum Question<'a> {
    Ping,
    Scan(&'a [u8]),
}

/// Asks, and reads what clamd says.
async fn converse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    question: Question<'_>,
) -> Result<String, ScannerFault> {
    let sent = match question {
        Question::Ping => stream.write_all(b"zPING\0").await,
        Question::Scan(bytes) => send(&mut stream, bytes).await,
    };
    // A stream over clamd's own limit is cut off by it while we write: its answer tells more than our error.
    let mut answer = Vec::new();
    let read = stream.take(LONGEST_ANSWER).read_to_end(&mut answer).await;
    if answer.is_empty() {
        sent?;
        read?;
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// The file in chunks, each after its length.
async fn send(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> std::io::Result<()> {
    stream.write_all(b"zINSTREAM\0").await?;
    for chunk in bytes.chunks(CHUNK) {
        let length = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
        stream.write_all(&length.to_be_bytes()).await?;
        stream.write_all(chunk).await?;
    }
    stream.write_all(&0_u32.to_be_bytes()).await?;
    stream.flush().await
}

/// `stream: OK`, or `stream: Eicar-Test-Signature FOUND`.
fn verdict(answer: &str) -> Result<Verdict, ScannerFault> {
    let answer = said(answer);
    if answer == "stream: OK" {
        Ok(Verdict::Clean)
    } else if answer.starts_with("stream: ") && answer.ends_with(" FOUND") {
        Ok(Verdict::Infected)
    } else {
        Err(ScannerFault::Refused(answer))
    }
}

/// An answer as a line for people.
fn said(answer: &str) -> String {
    let answer: String = answer
        .chars()
        .filter(|one| !one.is_control())
        .take(LONGEST_LINE)
        .collect();
    answer.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_clamd_says_of_the_file_is_a_verdict() {
        assert_eq!(verdict("stream: OK\0").unwrap(), Verdict::Clean);
        assert_eq!(
            verdict("stream: Eicar-Test-Signature FOUND\0").unwrap(),
            Verdict::Infected
        );
        for other in [
            "",
            "OK",
            "INSTREAM size limit exceeded. ERROR\0",
            "stream: lstat() failed: ERROR",
        ] {
            assert!(matches!(verdict(other), Err(ScannerFault::Refused(_))), "{other}");
        }
    }
}

//! Hands mails to a server, over lettre's connections but not its pool.
//!
//! lettre's pool takes a connection back even when the send it was lent for is given up half way, and the next mail
//! would then read the answer to the last one; and its timeout ends with the connect (RELIABILITY F11). Here a
//! connection goes back only after a whole conversation, and what a timeout meant follows from the stage it hit.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::reply::{Stage, is_gone, said, without_any_address};
use super::{SendOutcome, TransportError};
use crate::config::mail::{Security, SmtpServer, SmtpSettings};
use crate::mail::message::Composed;

/// Servers close idle connections after some minutes; a younger one is worth trying.
const IDLE_LIMIT: Duration = Duration::from_mins(1);
/// Taking leave is a courtesy.
const FAREWELL: Duration = Duration::from_secs(2);

pub struct Smtp {
    server: SmtpServer,
    tls: Option<TlsParameters>,
    hello: ClientId,
    timeout: Duration,
    /// Connections between two mails.
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

/// Why there is no connection.
enum NoConnection {
    Network(std::io::Error),
    Smtp(Error),
    NoStartTls,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smtp")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

impl Smtp {
    pub(super) fn new(server: SmtpServer, settings: &SmtpSettings) -> Result<Self, TransportError> {
        let tls = match server.security {
            Security::Open => None,
            Security::Tls | Security::StartTls => {
                let mut tls = TlsParameters::builder(server.host.clone());
                if let Some(path) = &settings.ca_file {
                    tls = tls.add_root_certificate(authorities(path)?);
                }
                Some(tls.build().map_err(TransportError::Tls)?)
            }
        };
        Ok(Self {
            server,
            tls,
            hello: ClientId::default(),
            timeout: settings.timeout.get(),
            idle: Mutex::new(Vec::new()),
        })
    }

    pub(super) async fn send(&self, mail: &Composed) -> SendOutcome {
        let mut stage = Stage::Connecting;
        match timeout(self.timeout, self.converse(mail, &mut stage)).await {
            Ok(outcome) => outcome,
            // The connection went with the conversation.
            Err(_) => stage.timed_out(),
        }
    }

    pub(super) async fn check(&self) -> Result<(), String> {
        match timeout(self.timeout, self.connect()).await {
            Ok(Ok(connection)) => {
                self.park(connection);
                Ok(())
            }
            Ok(Err(error)) => Err(error.reason()),
            Err(_) => Err("no answer in time while connecting".to_owned()),
        }
    }

    pub(super) async fn close(&self) {
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        let farewells = idle.into_iter().map(|idle| async move {
            let mut connection = idle.connection;
            // Not waiting for the answer is no fault: the socket closes either way.
            timeout(FAREWELL, connection.abort()).await.ok();
        });
        futures::future::join_all(farewells).await;
    }

    async fn converse(&self, mail: &Composed, stage: &mut Stage) -> SendOutcome {
        if let Some(mut connection) = self.unpark().await {
            *stage = Stage::Offering;
            match offer(&mut connection, mail).await {
                Ok(()) => return self.hand_over(connection, mail, stage).await,
                Err(error) if !is_gone(&error) => return self.failed(connection, mail, *stage, &error),
                // It has had its share of mails.
                Err(_) => *stage = Stage::Connecting,
            }
        }
        let mut connection = match self.connect().await {
            Ok(connection) => connection,
            Err(error) => return SendOutcome::Unavailable(error.reason()),
        };
        *stage = Stage::Offering;
        match offer(&mut connection, mail).await {
            Ok(()) => self.hand_over(connection, mail, stage).await,
            Err(error) => self.failed(connection, mail, *stage, &error),
        }
    }

    async fn hand_over(
        &self,
        mut connection: AsyncSmtpConnection,
        mail: &Composed,
        stage: &mut Stage,
    ) -> SendOutcome {
        *stage = Stage::HandingOver;
        match connection.message(&mail.bytes).await {
            Ok(response) => {
                self.park(connection);
                SendOutcome::Sent(said(&response, recipient(mail)))
            }
            Err(error) => self.failed(connection, mail, *stage, &error),
        }
    }

    /// A server that answers no is good for the next mail.
    fn failed(
        &self,
        connection: AsyncSmtpConnection,
        mail: &Composed,
        stage: Stage,
        error: &Error,
    ) -> SendOutcome {
        if !is_gone(error) {
            self.park(connection);
        }
        stage.failed(error, recipient(mail))
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, NoConnection> {
        let address = (self.server.host.as_str(), self.server.port);
        let mut connection = match (self.server.security, &self.tls) {
            (Security::Tls, Some(tls)) => {
                // lettre gives no way to set TCP_NODELAY here: 40 ms a mail until its #1159 is released.
                AsyncSmtpConnection::connect_tokio1(
                    address,
                    Some(self.timeout),
                    &self.hello,
                    Some(tls.clone()),
                    None,
                )
                .await?
            }
            (Security::StartTls | Security::Open | Security::Tls, tls) => {
                let stream = TcpStream::connect(address).await.map_err(NoConnection::Network)?;
                // The end of a mail is a packet of its own and would wait for the server's delayed ack.
                stream.set_nodelay(true).map_err(NoConnection::Network)?;
                let mut connection =
                    AsyncSmtpConnection::connect_with_transport(Box::new(stream), &self.hello).await?;
                if let Some(tls) = tls {
                    if !connection.can_starttls() {
                        return Err(NoConnection::NoStartTls);
                    }
                    connection.starttls(tls.clone(), &self.hello).await?;
                }
                connection
            }
        };
        if let Some(login) = &self.server.login {
            let credentials = Credentials::new(login.user.clone(), login.password.clone());
            connection
                .auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
                .await?;
        }
        Ok(connection)
    }

    /// A connection that still answers, and has forgotten whatever mail it was offered last.
    async fn unpark(&self) -> Option<AsyncSmtpConnection> {
        while let Some(mut connection) = self.youngest() {
            if connection.command(Rset).await.is_ok() {
                return Some(connection);
            }
        }
        None
    }

    fn youngest(&self) -> Option<AsyncSmtpConnection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|idle| idle.since.elapsed() < IDLE_LIMIT);
        idle.pop().map(|idle| idle.connection)
    }

    fn park(&self, connection: AsyncSmtpConnection) {
        let idle = Idle {
            connection,
            since: Instant::now(),
        };
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(idle);
    }
}

/// Sender, recipient and the announcement of the mail: after this the server waits for the mail itself.
async fn offer(connection: &mut AsyncSmtpConnection, mail: &Composed) -> Result<(), Error> {
    connection
        .command(Mail::new(mail.envelope.from().cloned(), Vec::new()))
        .await?;
    connection
        .command(Rcpt::new(recipient(mail).clone(), Vec::new()))
        .await?;
    connection.command(Data).await?;
    Ok(())
}

fn recipient(mail: &Composed) -> &Address {
    mail.envelope
        .to()
        .first()
        .expect("an envelope has a recipient: lettre refuses to build one without")
}

fn authorities(path: &Path) -> Result<Certificate, TransportError> {
    let pem = std::fs::read(path).map_err(|source| TransportError::Authorities {
        path: path.to_owned(),
        source,
    })?;
    // lettre takes a file without any certificate for an authority nobody is certified by.
    let found = CertificateDer::pem_slice_iter(&pem)
        .next()
        .is_some_and(|first| first.is_ok());
    let certificates = Certificate::from_pem(&pem).ok().filter(|_| found);
    certificates.ok_or_else(|| TransportError::NoCertificate {
        path: path.to_owned(),
    })
}

impl From<Error> for NoConnection {
    fn from(error: Error) -> Self {
        Self::Smtp(error)
    }
}

impl NoConnection {
    fn reason(&self) -> String {
        match self {
            Self::Network(error) => format!("while connecting: {error}"),
            Self::Smtp(error) => format!("while connecting: {}", without_any_address(&error.to_string())),
            Self::NoStartTls => {
                "while connecting: the server offers no STARTTLS, and nothing is sent without".to_owned()
            }
        }
    }
}

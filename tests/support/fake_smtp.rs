//! A mail server that does what a test tells it: a real conversation on a real socket, one thread per session.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tokio::sync::watch;

/// Where in the conversation an answer is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Greeting,
    Hello,
    StartTls,
    Login,
    From,
    Recipient,
    Data,
    EndOfMail,
    Reset,
}

/// An answer that is due: the how-manieth session, the how-manieth mail of it, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) session: usize,
    pub(crate) mail: usize,
    pub(crate) moment: Moment,
}

/// What the server does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// What a well-behaved server says.
    Usual,
    Say(&'static str),
    /// Says it and closes the connection.
    SayAndHangUp(&'static str),
    /// Says nothing until the client has gone.
    Stall,
    /// Closes the connection without a word.
    HangUp,
    /// Says what is usual once the test lets it: [`FakeSmtp::release`].
    Hold,
}

/// How the server keeps its connections private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Privacy {
    None,
    StartTls,
    Tls,
}

/// A mail the server took, or at least read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) session: usize,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) data: String,
    pub(crate) encrypted: bool,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        let start = self
            .data
            .find(&format!("\r\n{name}: "))
            .expect("the header is there")
            + name.len()
            + 4;
        self.data[start..].lines().next().unwrap()
    }
}

/// What happened so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) mails: Vec<Received>,
    /// Commands, in the order they came, with their session.
    pub(crate) commands: Vec<(usize, String)>,
    /// Sessions whose client has closed the connection.
    pub(crate) left: Vec<usize>,
    /// Turns an answer was held back at.
    pub(crate) held: Vec<Turn>,
    pub(crate) sessions: usize,
}

type Script = dyn Fn(Turn) -> Answer + Send + Sync;

struct Shared {
    script: Box<Script>,
    privacy: Privacy,
    tls: Option<Arc<ServerConfig>>,
    seen: watch::Sender<Seen>,
    released: (Mutex<bool>, Condvar),
    open: AtomicUsize,
    most_open: AtomicUsize,
}

pub(crate) struct FakeSmtp {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

/// The folder of certificates.
pub(crate) fn certificates() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls")
}

impl FakeSmtp {
    /// A server that takes everything.
    pub(crate) fn start() -> Self {
        Self::scripted(Privacy::None, |_| Answer::Usual)
    }

    pub(crate) fn scripted(
        privacy: Privacy,
        script: impl Fn(Turn) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            script: Box::new(script),
            privacy,
            tls: (privacy != Privacy::None).then(tls),
            seen: watch::Sender::default(),
            released: (Mutex::new(false), Condvar::new()),
            open: AtomicUsize::new(0),
            most_open: AtomicUsize::new(0),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let (shared, stream) = (Arc::clone(&accepting), stream.unwrap());
                thread::spawn(move || shared.attend(number + 1, stream));
            }
        });
        Self { address, shared }
    }

    /// Waits until what was seen satisfies the test, and answers it.
    pub(crate) async fn until(&self, enough: impl FnMut(&Seen) -> bool) -> Seen {
        self.shared
            .seen
            .subscribe()
            .wait_for(enough)
            .await
            .unwrap()
            .clone()
    }

    pub(crate) fn seen(&self) -> Seen {
        self.shared.seen.borrow().clone()
    }

    /// Lets every held answer go.
    pub(crate) fn release(&self) {
        let (released, changed) = &self.shared.released;
        *released.lock().unwrap() = true;
        changed.notify_all();
    }

    /// The most sessions that were open at once.
    pub(crate) fn most_open(&self) -> usize {
        self.shared.most_open.load(Ordering::SeqCst)
    }
}

fn tls() -> Arc<ServerConfig> {
    let chain = CertificateDer::pem_file_iter(certificates().join("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(certificates().join("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.map(Result::unwrap).collect(), key)
        .unwrap();
    Arc::new(config)
}

/// A socket, open or encrypted.
enum Wire {
    Open(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Open(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Open(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Open(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

impl Wire {
    fn encrypted(self, config: &Arc<ServerConfig>) -> Self {
        match self {
            Self::Open(stream) => {
                let connection = ServerConnection::new(Arc::clone(config)).unwrap();
                Self::Tls(Box::new(StreamOwned::new(connection, stream)))
            }
            Self::Tls(_) => self,
        }
    }
}

/// One conversation.
struct Session<'server> {
    shared: &'server Shared,
    number: usize,
    mail: usize,
    wire: BufReader<Wire>,
    from: String,
    to: String,
}

impl Shared {
    fn attend(&self, number: usize, stream: TcpStream) {
        stream.set_nodelay(true).unwrap();
        let ear = stream.try_clone().unwrap();
        self.most_open
            .fetch_max(self.open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        self.seen.send_modify(|seen| seen.sessions += 1);
        let mut wire = Wire::Open(stream);
        if let (Privacy::Tls, Some(config)) = (self.privacy, &self.tls) {
            wire = wire.encrypted(config);
        }
        let wire = BufReader::new(wire);
        let mut session = Session {
            shared: self,
            number,
            mail: 1,
            wire,
            from: String::new(),
            to: String::new(),
        };
        // A client that goes away in the middle is what many tests are about.
        session.converse().ok();
        ear.shutdown(Shutdown::Both).ok();
        self.open.fetch_sub(1, Ordering::SeqCst);
        self.seen.send_modify(|seen| seen.left.push(number));
    }
}

impl Session<'_> {
    fn converse(&mut self) -> io::Result<()> {
        self.answer(Moment::Greeting, "220 fake ESMTP")?;
        loop {
            let line = self.line()?;
            self.shared
                .seen
                .send_modify(|seen| seen.commands.push((self.number, line.clone())));
            let verb = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" | "HELO" => self.answer(Moment::Hello, self.hello())?,
                "STARTTLS" => self.start_tls()?,
                "AUTH" => self.answer(Moment::Login, "235 welcome")?,
                "MAIL" => {
                    self.from = line;
                    self.answer(Moment::From, "250 ok")?;
                }
                "RCPT" => {
                    self.to = line;
                    self.answer(Moment::Recipient, "250 ok")?;
                }
                "DATA" => self.data()?,
                "RSET" => self.answer(Moment::Reset, "250 ok")?,
                "QUIT" => return self.say("221 bye"),
                _ => self.say("250 ok")?,
            }
        }
    }

    fn hello(&self) -> &'static str {
        match (self.shared.privacy, self.wire.get_ref()) {
            (Privacy::StartTls, Wire::Open(_)) => "250-fake\r\n250-8BITMIME\r\n250 STARTTLS",
            (Privacy::None | Privacy::Tls | Privacy::StartTls, _) => {
                "250-fake\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN"
            }
        }
    }

    fn start_tls(&mut self) -> io::Result<()> {
        self.answer(Moment::StartTls, "220 go ahead")?;
        let config = self
            .shared
            .tls
            .as_ref()
            .expect("a server that offers STARTTLS has a certificate");
        if let Wire::Open(stream) = self.wire.get_ref() {
            self.wire = BufReader::new(Wire::Open(stream.try_clone()?).encrypted(config));
        }
        Ok(())
    }

    fn data(&mut self) -> io::Result<()> {
        if !self.answer_positively(Moment::Data, "354 go ahead")? {
            return Ok(());
        }
        let mut data = String::new();
        loop {
            match self.line()? {
                end if end == "." => break,
                line => {
                    data.push_str(line.strip_prefix('.').unwrap_or(&line));
                    data.push_str("\r\n");
                }
            }
        }
        let received = Received {
            session: self.number,
            from: self.from.clone(),
            to: self.to.clone(),
            data,
            encrypted: matches!(self.wire.get_ref(), Wire::Tls(_)),
        };
        self.shared.seen.send_modify(|seen| seen.mails.push(received));
        self.answer(Moment::EndOfMail, "250 queued")?;
        self.mail += 1;
        Ok(())
    }

    fn answer(&mut self, moment: Moment, usual: &str) -> io::Result<()> {
        self.answer_positively(moment, usual).map(drop)
    }

    /// Answers as the script wants; says whether that was a yes.
    fn answer_positively(&mut self, moment: Moment, usual: &str) -> io::Result<bool> {
        let turn = Turn {
            session: self.number,
            mail: self.mail,
            moment,
        };
        match (self.shared.script)(turn) {
            Answer::Usual => self.say(usual).map(|()| true),
            Answer::Say(line) => self.say(line).map(|()| line.starts_with(['2', '3'])),
            Answer::SayAndHangUp(line) => self.say(line).and(Err(io::ErrorKind::ConnectionAborted.into())),
            Answer::HangUp => Err(io::ErrorKind::ConnectionAborted.into()),
            Answer::Stall => loop {
                self.line()?;
            },
            Answer::Hold => {
                self.shared.seen.send_modify(|seen| seen.held.push(turn));
                let (released, changed) = &self.shared.released;
                let guard = changed
                    .wait_while(released.lock().unwrap(), |released| !*released)
                    .unwrap();
                drop(guard);
                self.say(usual).map(|()| true)
            }
        }
    }

    fn say(&mut self, line: &str) -> io::Result<()> {
        let wire = self.wire.get_mut();
        wire.write_all(format!("{line}\r\n").as_bytes())?;
        wire.flush()
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.wire.read_line(&mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
        }
    }
}

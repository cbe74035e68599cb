//! Files in a bucket, against a server that speaks S3 (`scripts/s3-server`).

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use futures::TryStreamExt as _;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use usciere::attachments::{AttachmentError, AttachmentStore};
use usciere::config::attachments::AttachmentsSettings;
use usciere::domain::attachment::Sha256Hex;

/// A server that ends with its test.
struct S3Server {
    child: Child,
    address: String,
}

impl S3Server {
    /// Waits until it says where it listens; ends the test if it never does.
    fn start() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/s3-server");
        let mut child = Command::new(script)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = Vec::new();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines
            .by_ref()
            .map(Result::unwrap)
            .inspect(|line| said.push(line.clone()))
            .find_map(|line| {
                line.split("Running on ")
                    .nth(1)
                    .map(|rest| rest.trim().to_owned())
            });
        let Some(address) = address else {
            panic!("scripts/s3-server ended: {said:?}");
        };
        // Whatever else it says is read, so that it never waits for a reader.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let server = Self { child, address };
        server.make_bucket("allegati");
        server
    }

    fn make_bucket(&self, name: &str) {
        let key = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, \
                   Signature=0";
        ureq::put(format!("{}/{name}", self.address))
            .header("Authorization", key)
            .send_empty()
            .unwrap();
    }

    fn open(&self, prefix: &str) -> AttachmentStore {
        let url = format!("s3://AKIA:se%2Fcret@allegati/{prefix}?endpoint={}", self.address);
        let settings = AttachmentsSettings {
            url: url.parse().unwrap(),
            ..AttachmentsSettings::default()
        };
        AttachmentStore::open(&settings).unwrap()
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        let pid = Pid::from_raw(self.child.id().cast_signed());
        let _already_gone = kill(pid, Signal::SIGTERM);
        let _already_gone = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_keeps_files_as_a_folder_does() {
    let server = tokio::task::spawn_blocking(S3Server::start).await.unwrap();
    let store = server.open("usciere/prod");
    let bytes = vec![b'a'; 6 * 1024 * 1024];
    let sha256 = store.put(bytes.clone()).await.unwrap();
    assert_eq!(store.put(bytes.clone()).await.unwrap(), sha256);
    assert!(store.exists(&sha256).await.unwrap());
    assert_eq!(
        store.get(&sha256).await.unwrap().as_deref(),
        Some(bytes.as_slice())
    );
    let stream = store.stream(&sha256).await.unwrap().unwrap();
    let streamed: Vec<_> = stream.try_collect().await.unwrap();
    assert_eq!(streamed.concat(), bytes);

    let missing = Sha256Hex::of(b"mai caricato");
    assert!(!store.exists(&missing).await.unwrap());
    assert_eq!(store.get(&missing).await.unwrap(), None);
    assert!(store.stream(&missing).await.unwrap().is_none());
    // Another prefix is another place.
    assert!(!server.open("usciere/test").exists(&sha256).await.unwrap());
    assert!(server.open("/usciere/prod/").exists(&sha256).await.unwrap());

    drop(server);
    let away = store.get(&sha256).await;
    assert!(matches!(away, Err(AttachmentError::Unavailable(_))), "{away:?}");
}

//! Whether the store of files is asked at all. One failure opens the circuit; it is closed by a trial beside the traffic,
//! so that no request waits to find out.

use std::sync::{Arc, Weak};
use std::time::Duration;

use object_store::path::Path as Location;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use tokio::sync::watch;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// No pause between two trials is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// What a trial writes: that there is room and that writing is allowed, only writing tells.
const TRIAL: &str = "trial";

/// How the store of files stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Up,
    /// Not asked until a trial succeeds.
    Away,
}

#[derive(Debug)]
pub(super) struct Circuit {
    files: Arc<dyn ObjectStore>,
    standing: watch::Sender<Standing>,
}

impl Circuit {
    pub(super) fn new(files: Arc<dyn ObjectStore>) -> Self {
        Self {
            files,
            standing: watch::Sender::new(Standing::Up),
        }
    }

    pub(super) fn watch(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    pub(super) fn is_open(&self) -> bool {
        *self.standing.borrow() == Standing::Away
    }

    /// Something could not be read or written.
    pub(super) fn open(self: &Arc<Self>) {
        if self.standing.send_replace(Standing::Away) == Standing::Up {
            tracing::warn!("the attachment store does not answer: what needs it is parked");
            tokio::spawn(until_it_answers(Arc::downgrade(self)));
        }
    }
}

/// Ends with a success, or with the store's last user.
async fn until_it_answers(circuit: Weak<Circuit>) {
    let mut pause = FIRST_PAUSE;
    loop {
        tokio::time::sleep(pause.mul_f64(rand::random_range(0.8..1.2))).await;
        let Some(circuit) = circuit.upgrade() else {
            return;
        };
        if trial(&*circuit.files).await.is_ok() {
            circuit.standing.send_replace(Standing::Up);
            tracing::info!("the attachment store answers again");
            return;
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Writes next to nothing, under a name no file has.
async fn trial(files: &dyn ObjectStore) -> Result<(), object_store::Error> {
    let written = files
        .put(&Location::from(TRIAL), PutPayload::from_static(b""))
        .await;
    written.map(|_| ())
}

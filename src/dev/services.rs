//! The private services as their user sees them: options in, addresses out, stopped or gone with this process.

use std::path::{Path, PathBuf};

use url::Url;

use super::error::ServicesError;
use super::guard_handle::GuardHandle;
use super::protocol::Addresses;

#[derive(Debug, Clone)]
pub struct ServicesOptions {
    pub folder: DataFolder,
    pub postgres: Supply,
    pub broker: Supply,
    /// The `usciere` binary: `std::env::current_exe()`, or for tests `env!("CARGO_BIN_EXE_usciere")`.
    pub guard: PathBuf,
}

/// Where the data of the private services lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataFolder {
    /// Made if missing, kept at the end, found again at the next start.
    Kept(PathBuf),
    /// A new one among the temporary files, gone at the end.
    Temporary,
}

/// Whose server is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Supply {
    Private,
    Given(Url),
}

/// Running services. Dropped, they stop as well, only that nobody waits for it.
#[derive(Debug)]
pub struct Services {
    database_url: Url,
    amqp_url: Url,
    private: Option<Private>,
}

#[derive(Debug)]
struct Private {
    guard: GuardHandle,
    addresses: Addresses,
}

impl Services {
    /// Starts what is not given, both at once; complete when both have answered. Dropping this future stops them.
    pub async fn start(options: &ServicesOptions) -> Result<Self, ServicesError> {
        let private = match (&options.postgres, &options.broker) {
            (Supply::Given(_), Supply::Given(_)) => None,
            (Supply::Private, _) | (_, Supply::Private) => {
                let guard = GuardHandle::start(options)?;
                let addresses = guard.addresses().await?;
                Some(Private { guard, addresses })
            }
        };
        let addresses = private.as_ref().map(|private| &private.addresses);
        let database = addresses.and_then(|addresses| addresses.database.clone());
        let amqp = addresses.and_then(|addresses| Some(addresses.broker.as_ref()?.amqp.clone()));
        Ok(Self {
            database_url: options.postgres.address(database)?,
            amqp_url: options.broker.address(amqp)?,
            private,
        })
    }

    /// The database `usciere`; of a private server as its superuser.
    pub fn database_url(&self) -> &Url {
        &self.database_url
    }

    /// The same by the socket of a private server, which costs both ends less than a port; `None` where it has none.
    pub fn database_socket(&self) -> Option<Url> {
        let mut url = self.private.as_ref()?.addresses.database.clone()?;
        let folder = self.folder()?.join("pg");
        let socket = folder.join(format!(".s.PGSQL.{}", url.port()?));
        socket.exists().then(|| {
            url.query_pairs_mut()
                .append_pair("host", &folder.to_string_lossy());
            url
        })
    }

    /// The virtual host `/`; of a private broker as its administrator.
    pub fn amqp_url(&self) -> &Url {
        &self.amqp_url
    }

    /// The management API of the private broker, with name and password; unknown for a given one.
    pub fn management_url(&self) -> Option<&Url> {
        Some(&self.private.as_ref()?.addresses.broker.as_ref()?.management)
    }

    /// Where the private data really lies: for root another place than wanted when [`Services::account`] could not
    /// get in there.
    pub fn folder(&self) -> Option<&Path> {
        Some(&self.private.as_ref()?.addresses.folder)
    }

    /// The unprivileged user that the private servers run as, when we are root.
    pub fn account(&self) -> Option<&str> {
        self.private.as_ref()?.addresses.account.as_deref()
    }

    /// Comes back only when a private server has ended by itself; the others are then being stopped.
    pub async fn failed(&self) -> ServicesError {
        match &self.private {
            Some(private) => private.guard.failure().await,
            None => std::future::pending().await,
        }
    }

    /// Stops the private servers in order; complete when no process of theirs is left.
    pub async fn stop(self) -> Result<(), ServicesError> {
        match self.private {
            Some(private) => private.guard.stop().await,
            None => Ok(()),
        }
    }
}

impl Supply {
    fn address(&self, private: Option<Url>) -> Result<Url, ServicesError> {
        match self {
            Self::Given(url) => Ok(url.clone()),
            Self::Private => private.ok_or_else(|| ServicesError::Guard("did not say an address".to_owned())),
        }
    }
}

//! One set of real services for all tests of a process: private and temporary ones, or those of `DATABASE_URL` and
//! `AMQP_URL`. Nobody stops them: the guard does when the process ends, by a panic or an abort as well.

use std::env;

use tokio::sync::OnceCell;
use url::Url;
use usciere::dev::{DataFolder, Services, ServicesOptions, Supply};

static SERVICES: OnceCell<Services> = OnceCell::const_new();

/// Started by the first test that asks; they answer when this returns.
pub(crate) async fn services() -> &'static Services {
    let start = || async { Services::start(&options()).await };
    SERVICES
        .get_or_try_init(start)
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

fn options() -> ServicesOptions {
    ServicesOptions {
        folder: DataFolder::Temporary,
        postgres: supply("DATABASE_URL"),
        broker: supply("AMQP_URL"),
        guard: env!("CARGO_BIN_EXE_usciere").into(),
    }
}

fn supply(variable: &str) -> Supply {
    let Some(address) = env::var_os(variable).filter(|address| !address.is_empty()) else {
        return Supply::Private;
    };
    let address = address.to_str().and_then(|address| address.parse::<Url>().ok());
    Supply::Given(address.unwrap_or_else(|| panic!("{variable} is not an address")))
}

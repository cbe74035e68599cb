//! `usciere route`: where a request would go, and why.

use clap::Args;

use crate::domain::ids::TopicCode;

/// Say which sede a request would go to, and why
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  usciere route --cap 66034 --comune 069046 --topic pensioni-paesi-non-convenzionati")]
pub struct RouteArgs {
    /// Postal code of the citizen's residence
    #[arg(long)]
    pub cap: Option<String>,
    /// ISTAT code of the citizen's comune
    #[arg(long, value_name = "ISTAT")]
    pub comune: Option<String>,
    /// Topic of the request
    #[arg(long)]
    pub topic: Option<TopicCode>,
}

//! The rows of the failure matrix in docs/reliability.md that kill, stop or cut off a process, each once.

mod broker;
mod database;
mod engine;
mod full_disk;
mod mail;

use crate::world::World;

/// Plays every row, or the one `CHAOS_ROW` names, one after the other on the same services.
pub(crate) async fn play(world: &mut World) {
    let only = std::env::var_os("CHAOS_ROW");
    let wanted = |name: &str| only.as_ref().is_none_or(|only| only == name);
    macro_rules! rows {
        ($($name:literal => $row:path),* $(,)?) => {
            $(if wanted($name) {
                eprintln!("{} {}", $name, stringify!($row));
                let figure = $row(world).await;
                eprintln!("{} {figure}", $name);
            })*
        };
    }
    rows! {
        "K1" => engine::killed_before_reading,
        "K2" => engine::killed_inside_the_transaction,
        "K3" => engine::the_answer_to_the_commit_is_lost,
        "K4" => engine::killed_before_the_acknowledgement,
        "K5" => engine::killed_before_the_confirm,
        "K6" => engine::killed_before_the_mark,
        "K7" => engine::killed_over_a_mail,
        "K8" => engine::a_stopped_node_is_fenced_off,
        "K9" => engine::a_graceful_stop_leaves_nothing_to_repeat,
        "B1" => broker::stopped_and_started_under_load,
        "B2" => broker::killed_under_load,
        "B3" => broker::in_alarm,
        "B4" => broker::silent,
        "B10" => broker::a_permission_is_revoked,
        "P1" => database::stopped_at_once_under_load,
        "P3" => database::transactions_that_lose,
        "P4" => full_disk::a_full_disk,
        "P5" => database::no_connection_left,
        "P6" => database::a_lock_in_other_hands,
        "P10" => database::a_long_foreign_transaction,
        "P2" => database::a_standby_takes_over,
        "S" => mail::a_mail_server_that_stalls_holds_up_nothing,
        // The last: its queue may be beyond help.
        "B12" => broker::a_queue_that_is_down,
    }
}

//! The reference pages of the command line and of the configuration, generated so that they stay true.

use std::fmt::Write;

use clap::{Command, CommandFactory};

use super::Cli;
use super::exit::Exit;
use crate::config::DEFAULTS;
use crate::config::reference::{Documented, keys};

/// `docs/cli.md`.
pub fn command_line() -> String {
    let mut page = String::from(
        "# The command line\n\n<!-- Written by `usciere schema cli`; a test holds it true. -->\n\n\
         Data goes to stdout, talk to stderr. Off a terminal there are no colours, no progress bars and no questions.\n\
         Every command takes the global options of `usciere --help`.\n\n\
         | exit code | meaning |\n|---|---|\n",
    );
    for exit in Exit::ALL {
        line(&mut page, &format!("| {} | {} |", exit.code(), exit.meaning()));
    }
    let mut root = Cli::command().term_width(100);
    root.build();
    describe(&root, "usciere", &mut page);
    page
}

/// One section per command, depth first.
fn describe(command: &Command, name: &str, page: &mut String) {
    let shown = if name == "usciere" {
        command.clone()
    } else {
        without_globals(command.clone())
    };
    let help = shown.bin_name(name).render_long_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    line(
        page,
        &format!("\n## `{name}`\n\n```text\n{}\n```", help.join("\n").trim_end()),
    );
    for inner in command
        .get_subcommands()
        .filter(|inner| inner.get_name() != "help")
    {
        describe(inner, &format!("{name} {}", inner.get_name()), page);
    }
}

fn without_globals(command: Command) -> Command {
    command.mut_args(|argument| {
        if argument.is_global_set() {
            argument.hide(true)
        } else {
            argument
        }
    })
}

/// `docs/configuration.md`.
pub fn configuration() -> String {
    let mut page = String::from(
        "# The configuration\n\n<!-- Written by `usciere schema configuration` from config/default.toml; a test holds it \
         true. -->\n\n\
         Later wins: built-in values, `config/default.toml`, `config/<profile>.toml`, `usciere.toml` in the working\n\
         folder (or the file of `--config`), `DATABASE_URL` and `AMQP_URL`, variables `USCIERE_*`, `--set KEY=VALUE`.\n\n\
         A variable's name is the key in capitals with `__` for each dot: `USCIERE_HTTP__LISTEN` sets `http.listen`.\n\
         With `_FILE` at its end it names a file that holds the value, for secrets. An empty variable is unset.\n\n\
         `usciere config check` lists every mistake at once, `usciere config show` says where each value comes from.\n",
    );
    let mut section = None;
    for key in keys(DEFAULTS) {
        let (of, name) = key.key.rsplit_once('.').unwrap_or(("", &key.key));
        if section.as_deref() != Some(of) {
            let title = if of.is_empty() {
                "Top level".to_owned()
            } else {
                format!("`[{of}]`")
            };
            line(
                &mut page,
                &format!("\n## {title}\n\n| key | default | meaning |\n|---|---|---|"),
            );
            section = Some(of.to_owned());
        }
        line(
            &mut page,
            &format!("| `{name}` | {} | {} |", default_of(&key), key.meaning),
        );
    }
    page
}

fn default_of(key: &Documented) -> String {
    if key.optional {
        format!("none; e.g. `{}`", key.default)
    } else {
        format!("`{}`", key.default)
    }
}

fn line(page: &mut String, text: &str) {
    writeln!(page, "{text}").expect("writing to a String succeeds");
}

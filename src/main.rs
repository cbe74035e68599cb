use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use usciere::dev::{guard, standalone};

#[derive(Parser)]
enum Command {
    #[command(hide = true)]
    Services(standalone::Arguments),
}

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|word| word == guard::WORD) {
        return guard::run(arguments);
    }
    match run() {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "usciere: {error:#}");
            ExitCode::from(69)
        }
    }
}

#[tokio::main]
async fn run() -> anyhow::Result<ExitCode> {
    let Command::Services(arguments) = Command::parse();
    Ok(standalone::run(&arguments, std::env::current_exe()?).await?)
}

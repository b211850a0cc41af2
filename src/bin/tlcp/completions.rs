//! `tlcp completions`: what shells need to complete this program's commands and options.
use crate::problem::Problem;
use clap::{Arg, ArgMatches, Command, value_parser};
use clap_complete::{Shell, generate};

pub(crate) fn command() -> Command {
    Command::new("completions")
        .about("Prints a shell's completion script: bash, elvish, fish, powershell or zsh")
        .arg(Arg::new("shell").value_name("SHELL").required(true).value_parser(value_parser!(Shell)))
}

pub(crate) fn run(matches: &ArgMatches, program: &mut Command) -> Result<(), Problem> {
    if let Some(shell) = matches.get_one::<Shell>("shell") {
        let mut script = Vec::new();
        generate(*shell, program, "tlcp", &mut script);
        say!("{}", String::from_utf8_lossy(&script).trim_end());
    }
    Ok(())
}

//! `mpcsim completions` and `mpcsim man`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Failure, print};
use crate::scenario::errors::alternatives;

/// Arguments of `mpcsim completions`.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    mpcsim completions bash > ~/.local/share/bash-completion/completions/mpcsim\n  \
    mpcsim completions fish > ~/.config/fish/completions/mpcsim.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

/// Prints what a shell must know to complete commands.
pub(crate) fn completions(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "mpcsim", &mut text);
    print(&String::from_utf8_lossy(&text))
}

/// Arguments of `mpcsim man`.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    mpcsim man > mpcsim.1 && man ./mpcsim.1\n  \
    mpcsim man run > mpcsim-run.1 && man ./mpcsim-run.1")]
pub(crate) struct ManArgs {
    /// The command whose page it is; the page of the whole program if left out.
    command: Option<String>,
}

/// Prints a manual page: of the program with every command, or of one command alone.
pub(crate) fn man(args: &ManArgs) -> Result<(), Failure> {
    let mut program = Cli::command();
    program.build();
    let mut page = Vec::new();
    let written = match &args.command {
        None => program_page(&program, &mut page),
        Some(name) => {
            let commands = || program.get_subcommands().filter(|sub| sub.get_name() != "help");
            let Some(command) = commands().find(|sub| sub.get_name() == name) else {
                let names = alternatives(commands().map(|sub| sub.get_name()));
                return Err(Failure::Mistake(format!(
                    "error: there is no command `{name}`: it can be {names}"
                )));
            };
            clap_mangen::Man::new(command.clone()).title(format!("mpcsim-{name}")).render(&mut page)
        }
    };
    written.expect("written to memory");
    print(&String::from_utf8_lossy(&page))
}

fn program_page(program: &clap::Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    let man = clap_mangen::Man::new(program.clone());
    man.render(page)?;
    for sub in program.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let man = clap_mangen::Man::new(sub.clone());
        page.extend(format!(".SH \"MPCSIM {}\"\n", sub.get_name().to_uppercase()).bytes());
        man.render_description_section(page)?;
        man.render_synopsis_section(page)?;
        man.render_options_section(page)?;
        if sub.get_after_help().is_some() {
            man.render_extra_section(page)?;
        }
    }
    Ok(())
}

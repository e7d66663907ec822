//! `mpcsim completions` and `mpcsim man`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Failure, print};

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
    print(&String::from_utf8_lossy(&text));
    Ok(())
}

/// Prints the manual page: the program, then every command.
pub(crate) fn man() -> Result<(), Failure> {
    let mut page = Vec::new();
    let mut command = Cli::command();
    command.build();
    let man = clap_mangen::Man::new(command.clone());
    let written = man.render(&mut page).and_then(|()| {
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            let man = clap_mangen::Man::new(sub.clone());
            page.extend(format!(".SH \"MPCSIM {}\"\n", sub.get_name().to_uppercase()).bytes());
            man.render_description_section(&mut page)?;
            man.render_synopsis_section(&mut page)?;
            man.render_options_section(&mut page)?;
            if sub.get_after_help().is_some() {
                man.render_extra_section(&mut page)?;
            }
        }
        Ok(())
    });
    written.expect("written to memory");
    print(&String::from_utf8_lossy(&page));
    Ok(())
}

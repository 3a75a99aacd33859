//! The `mapwright` command.

fn main() -> std::process::ExitCode {
    mapwright::cli::main()
}

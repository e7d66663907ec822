//! Where results go: what is not ours stays, what cannot be written to is found out before the run, and an interruption
//! leaves nothing behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::command::{BRIEF, SMALL, mpcsim, read, scenario};

fn small_run(out: &Path) -> Output {
    mpcsim(&scenario(SMALL), out, &BRIEF, |_| {})
}

/// Refused before the run, which would have printed its table: gives what was said.
fn refused(output: &Output, code: i32) -> String {
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{told}");
    assert!(output.stdout.is_empty(), "found out after the run only");
    told
}

/// A sweep of the small scenario.
fn sweep_file(folder: &Path, more: &str) -> PathBuf {
    let path = folder.join("sweep.ron");
    let axes = "axes: [(field: \"network.latency_ms\", values: [1, 2])]";
    let base = scenario(SMALL).display().to_string();
    fs::write(&path, format!("(name: \"s\", base: {base:?}, train: false, {axes}{more})")).unwrap();
    path
}

fn sweep(file: &Path, out: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mpcsim"));
    command.arg("sweep").arg(file).arg("--quiet").arg("--out").arg(out).output().unwrap()
}

#[test]
fn files_are_not_ours_because_of_their_names() {
    let folder = TempDir::new().unwrap();
    for name in [
        "epochs.csv",
        "scenario.ron",
        "SHA256SUMS",
        "results.csv",
        "sweep.json",
        "progress",
        ".mpcsim-unfinished",
    ] {
        let out = folder.path().join(format!("with {name}"));
        fs::create_dir(&out).unwrap();
        fs::write(out.join(name), "years of work").unwrap();
        let told = refused(&small_run(&out), 2);
        assert!(told.contains(name) && told.contains("not a result of mpcsim"), "{told}");
        refused(&sweep(&sweep_file(folder.path(), ""), &out), 2);
        assert_eq!(
            read(&out).into_iter().collect::<Vec<_>>(),
            [(name.to_string(), b"years of work".to_vec())]
        );
    }
    for name in ["summary.json", "sweep.json", "results.csv"] {
        let out = folder.path().join(format!("folder {name}"));
        fs::create_dir_all(out.join(name)).unwrap();
        fs::write(out.join(name).join("mine"), "mine").unwrap();
        assert!(refused(&small_run(&out), 2).contains(name));
        refused(&sweep(&sweep_file(folder.path(), ""), &out), 2);
        assert_eq!(read(&out.join(name)).len(), 1);
    }
    // Results that the user went on with are the user's.
    let out = folder.path().join("edited");
    assert!(small_run(&out).status.success());
    assert!(small_run(&out).status.success(), "results replace results");
    fs::write(out.join("epochs.csv"), "with notes").unwrap();
    let before = read(&out);
    assert!(refused(&small_run(&out), 2).contains("epochs.csv was changed after mpcsim had written it"));
    assert!(refused(&sweep(&sweep_file(folder.path(), ""), &out), 2).contains("epochs.csv"));
    assert!(read(&out) == before);
    // Nor does a sweep replace a run.
    let out = folder.path().join("a run");
    assert!(small_run(&out).status.success());
    let told = refused(&sweep(&sweep_file(folder.path(), ""), &out), 2);
    assert!(told.contains("holds results of mpcsim run, not of sweep"), "{told}");
}

#[test]
fn old_results_stay_until_new_ones_are_complete() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let good = sweep_file(folder.path(), "");
    assert!(sweep(&good, &out).status.success());
    let before = read(&out);
    // Data that turn out to be damaged: their header is right.
    let labels = fs::read(scenario("data/bars/train-labels")).unwrap();
    fs::write(folder.path().join("labels"), &labels[..labels.len() - 3]).unwrap();
    let labels = folder.path().join("labels").display().to_string();
    let axis = format!("[(field: \"data.train_labels\", values: [{labels:?}]), ");
    let text = fs::read_to_string(&good).unwrap().replace("axes: [", &format!("axes: {axis}"));
    fs::write(&good, text).unwrap();
    let told = refused(&sweep(&good, &out), 2);
    assert!(told.contains("cut short"), "{told}");
    assert!(read(&out) == before, "old results of a sweep");
    // A disk that is full in the middle.
    let other = sweep_file(folder.path(), ", exclude: [(field: \"network.latency_ms\", is: 2)]");
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" sweep \"$1\" --quiet --force --out \"$2\"";
    let full = |out: &Path| {
        let mut command = Command::new("sh");
        command.args(["-c", script, env!("CARGO_BIN_EXE_mpcsim")]).args([&other, out]).output().unwrap()
    };
    refused(&full(&out), 1);
    for (name, content) in &before {
        assert!(fs::read(out.join(name)).unwrap() == *content, "{name} was touched");
    }
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_the_folder_of_the_call_will_do() {
    let folder = TempDir::new().unwrap();
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    for _ in 0..2 {
        assert!(small_run(&link).status.success());
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink(), "the link was replaced");
        assert_eq!(read(&real).len(), 8);
    }
    let here = folder.path().join("here");
    fs::create_dir(&here).unwrap();
    for _ in 0..2 {
        let output = mpcsim(&scenario(SMALL), Path::new("."), &BRIEF, |command| {
            command.current_dir(&here);
        });
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(read(&here).len(), 8);
    }
    assert!(sweep(&sweep_file(folder.path(), ""), &folder.path().join("new/and/deep")).status.success());
    std::os::unix::fs::symlink(folder.path().join("nowhere"), folder.path().join("dangling")).unwrap();
    for path in ["dangling", "dangling/inside"] {
        let told = refused(&small_run(&folder.path().join(path)), 2);
        assert!(told.contains("is a link to what does not exist"), "{told}");
        refused(&sweep(&sweep_file(folder.path(), ""), &folder.path().join(path)), 2);
    }
    // A file behind a link is replaced, and the link is not.
    fs::write(folder.path().join("picture.svg"), "old").unwrap();
    std::os::unix::fs::symlink("picture.svg", folder.path().join("link.svg")).unwrap();
    let mut trace = Command::new(env!("CARGO_BIN_EXE_mpcsim"));
    let output =
        trace.arg("trace").arg(scenario(SMALL)).arg("-o").arg(folder.path().join("link.svg")).output();
    assert!(output.unwrap().status.success());
    assert!(fs::symlink_metadata(folder.path().join("link.svg")).unwrap().is_symlink());
    assert!(fs::read_to_string(folder.path().join("picture.svg")).unwrap().contains("<svg"));
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_to_is_found_out_before_the_run() {
    let folder = TempDir::new().unwrap();
    let long = "x".repeat(256);
    for out in
        [folder.path().join(&long), folder.path().join("new").join(&long), PathBuf::from("/proc/mpcsim")]
    {
        let told = refused(&small_run(&out), 1);
        assert!(told.contains("results cannot be written to"), "{told}");
        refused(&sweep(&sweep_file(folder.path(), ""), &out), 1);
    }
    fs::write(folder.path().join("file"), "").unwrap();
    for out in ["file", "file/inside"] {
        assert!(refused(&small_run(&folder.path().join(out)), 2).contains("is a file, not a folder"));
    }
    // A disk that can be read only, and one that is mounted: in a name space of our own, where we may mount.
    let script = "mkdir disk && mount -t tmpfs none disk && mkdir disk/lost+found && \
                  \"$0\" run \"$1\" --quiet --out disk --set training.epochs=1 && ls disk && \
                  mount -o remount,ro disk && { \"$0\" run \"$1\" --out disk; echo code $?; }";
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script, env!("CARGO_BIN_EXE_mpcsim")]);
    let output = command.arg(scenario(SMALL)).current_dir(folder.path()).output().unwrap();
    let (printed, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if told.contains("unshare") || told.contains("permission denied") {
        return; // Here we may not.
    }
    assert!(printed.contains("summary.json\n") && printed.ends_with("code 1\n"), "{printed}{told}");
    assert!(told.contains("Read-only file system"), "{told}");
}

#[cfg(unix)]
#[test]
fn an_interruption_leaves_no_temporary_files() {
    use std::os::unix::process::ExitStatusExt;
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let listed = |path: &Path| {
        let names =
            fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    };
    let interrupt = |signal: i32, at_work: &dyn Fn() -> bool| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mpcsim"));
        command
            .arg("run")
            .arg(scenario(SMALL))
            .args(["--set", "training.epochs=100000", "--force", "--out"])
            .arg(&out);
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        while !at_work() {
            assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        let kill = Command::new("kill").arg(format!("-{signal}")).arg(child.id().to_string()).status();
        assert!(kill.unwrap().success());
        assert_eq!(child.wait().unwrap().signal(), Some(signal));
    };
    // Tests in the background of a shell ignore SIGINT, and what they start does so too.
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.map_or(0, |mask| u64::from_str_radix(mask.trim(), 16).unwrap());
    let signals: Vec<i32> = [2, 15].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0).collect();
    for &signal in &signals {
        interrupt(signal, &|| !listed(folder.path()).is_empty());
        assert!(listed(folder.path()).is_empty(), "{:?}", listed(folder.path()));
    }
    assert!(small_run(&out).status.success());
    let before = read(&out);
    for signal in signals {
        interrupt(signal, &|| listed(&out).contains(&".mpcsim-unfinished".to_string()));
        assert!(read(&out) == before);
    }
    // Killed without a chance: the next run takes the rest away.
    interrupt(9, &|| listed(&out).contains(&".mpcsim-unfinished".to_string()));
    assert!(small_run(&out).status.success());
    assert!(read(&out) == before);
}

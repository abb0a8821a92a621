//! One of four machines: a network namespace with an address, directories and users of its own.
//! Holds: what an operator types is run by a shell on a terminal, as the user who types it.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use serde_json::Value;

use crate::harness::namespaces::sh;
use crate::harness::terminal;
use crate::harness::wait;

/// Where the machines' own directories lie.
const PLACE: &str = "/run/machines";

/// A machine.
pub(super) struct Machine {
    pub(super) address: String,
    pub(super) log: PathBuf,
    /// With which command its node was started.
    pub(super) command: String,
    values: Vec<(String, String)>,
    /// Keeps the namespaces while it reads.
    holder: Child,
    node: Option<Child>,
}

/// Stands in for `scp` between the machines, which share a disk here. What root brings belongs to
/// whom it is brought.
const SCP: &str = "#!/bin/sh -e
for last; do :; done
host=${last#*@}; path=${host#*:}; host=${host%%:*}
home=/run/machines/$host/lib/comity
while [ $# -gt 1 ]; do
  cp \"$1\" \"$home/${path:-.}\"
  if [ \"$(id -u)\" = 0 ]; then chown -R comity: \"$home\"; fi
  shift
done
";

/// Lays the cables: a switch, and one machine for each row of the page's table. Only inside
/// namespaces of one's own.
pub(super) fn network(rows: &[Vec<(String, String)>]) -> Vec<Machine> {
    sh("mkdir /run/machines /run/bin");
    install("comity-multicall", &fs::read(env!("CARGO_BIN_EXE_comity-multicall")).unwrap());
    for name in ["comityd", "comity"] {
        let text = format!("#!/bin/sh\nexec /usr/local/bin/comity-multicall {name} \"$@\"\n");
        install(name, text.as_bytes());
    }
    install("scp", SCP.as_bytes());
    sh("mount --bind /run/bin /usr/local/bin");
    sh(
        "ip netns add switch && ip -n switch link add lan type bridge && ip -n switch link set lan up",
    );
    rows.iter().enumerate().map(|(number, row)| Machine::new(number, row)).collect()
}

fn install(name: &str, bytes: &[u8]) {
    let path = Path::new("/run/bin").join(name);
    fs::write(&path, bytes).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

impl Machine {
    fn new(number: usize, values: &[(String, String)]) -> Machine {
        let address = values[0].1.clone();
        let own = format!("{PLACE}/{address}");
        sh(&format!(
            "ip netns add m{number}
             ip -n switch link add p{number} type veth peer name eth0 netns m{number}
             ip -n switch link set p{number} master lan up
             ip -n m{number} address add {address}/24 dev eth0
             ip -n m{number} link set eth0 up
             ip -n m{number} link set lo up
             mkdir -p {own}/etc {own}/lib {own}/admin
             cp -a /etc/. {own}/etc"
        ));
        let prepare = format!(
            "mount --bind {own}/etc /etc && mount --bind {own}/lib /var/lib && echo up && exec cat"
        );
        let mut holder = Command::new("ip")
            .args(["netns", "exec", &format!("m{number}"), "unshare", "--mount", "--"])
            .args(["sh", "-ec", &prepare])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut up = [0; 3];
        std::io::Read::read_exact(holder.stdout.as_mut().unwrap(), &mut up).unwrap();
        let (values, log) = (values.to_vec(), PathBuf::from(format!("{own}/node.log")));
        Machine { address, log, command: String::new(), values, holder, node: None }
    }

    /// The row of the table, as assignments of a shell.
    pub(super) fn assignments(&self) -> Vec<String> {
        let quoted = |value: &str| {
            let plain = !value.contains(' ');
            if plain { value.to_owned() } else { format!("\"{value}\"") }
        };
        self.values.iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect()
    }

    /// A command that what follows runs on this machine.
    fn here(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.holder.id().to_string(), "--mount", "--net", "--"]);
        command.args(["env", "-i", "TZ=UTC", "TERM=dumb", "LANG=C.UTF-8"]);
        command.arg("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        command
    }

    /// Types `text` into a shell on a terminal, which `become_user` opens for the text's file.
    fn types(&self, become_user: &str, text: &str) -> String {
        let file = format!("{PLACE}/{}/typed", self.address);
        fs::write(&file, format!("{}\n{text}", self.assignments().join("\n"))).unwrap();
        let command = become_user.replace("FILE", &file);
        let seen = terminal::run(self.here(), &command, terminal::A_PERSON);
        println!("--- {} ---\n{text}\n{}", self.address, seen.screen);
        assert_eq!(seen.code, Some(0), "on {}", self.address);
        seen.screen
    }

    /// As the user whose node it is.
    pub(super) fn operator(&self, text: &str) -> String {
        self.types("su - comity -c 'bash -e FILE'", text)
    }

    pub(super) fn root(&self, text: &str) -> String {
        self.types("bash -e FILE", text)
    }

    /// On the admin's computer, whose tunnel makes the node's API its own.
    pub(super) fn admin(&self, text: &str) -> String {
        let home = format!("{PLACE}/{}/admin", self.address);
        self.types(&format!("cd {home} && HOME={home} bash -e FILE"), text)
    }

    pub(super) fn try_root(&self, script: &str) -> ExitStatus {
        self.here().args(["sh", "-c", script]).status().unwrap()
    }

    /// Starts the node as the service manager does.
    pub(super) fn start(&mut self, command: &str) {
        let log = File::options().create(true).append(true).open(&self.log).unwrap();
        let mut shell = self.here();
        shell.args(["setpriv", "--reuid=comity", "--regid=comity", "--clear-groups"]);
        shell.args(["sh", "-c", &format!("cd /var/lib/comity && exec {command}")]);
        self.command = command.to_owned();
        self.node = Some(shell.stdin(Stdio::null()).stderr(log).spawn().unwrap());
    }

    /// As a power cut would.
    pub(super) fn kill(&mut self) {
        let mut node = self.node.take().unwrap();
        node.kill().unwrap();
        node.wait().unwrap();
    }

    pub(super) fn until_ready(&self) {
        wait::until(&format!("{} to be ready", self.address), || {
            let answer = self.curl("-f http://127.0.0.1:8080/readyz");
            let log = || fs::read_to_string(&self.log).unwrap_or_default();
            if answer.0 { Ok(()) } else { Err(log()) }
        });
    }

    pub(super) fn status(&self) -> Value {
        let (_, body) = self.curl("http://127.0.0.1:8080/v1/status");
        serde_json::from_str(&body).unwrap_or(Value::Null)
    }

    fn curl(&self, args: &str) -> (bool, String) {
        let output = self.here().args(["sh", "-c", &format!("curl -sS {args}")]).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Some(mut child) = self.node.take() {
            // Where it has ended by itself there is nothing to end.
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

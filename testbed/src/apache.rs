//! An Apache: for what others have made modules of.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::port::Port;
use crate::process::Process;
use crate::until;

/// Where an Apache will be. It is known before anything runs, for others have to be told of it.
pub struct Site {
    port: Port,
    root: TempDir,
}

/// A running Apache.
pub struct Apache {
    process: Process,
    site: Site,
}

/// Where Debian has them.
const PROGRAM: &str = "/usr/sbin/apache2";
const MODULES: &str = "/usr/lib/apache2/modules";

/// What every site needs that serves files.
const USUAL: [&str; 5] = ["mpm_event", "authn_core", "authz_core", "authz_user", "dir"];

impl Site {
    pub fn reserve() -> Self {
        let root = tempfile::tempdir().expect("a folder can be made");
        // It becomes another user, if root has started it.
        fs::set_permissions(root.path(), Permissions::from_mode(0o755)).expect("it is our folder");
        Self { port: Port::reserve(), root }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port.number())
    }

    /// A file of the site.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.root.path().join(name);
        let folder = path.parent().expect("a file lies in a folder");
        fs::create_dir_all(folder).and_then(|()| fs::write(&path, text)).expect("it is our folder");
    }

    /// Starts it, with one more module and its configuration.
    pub async fn serve(self, module: &str, configuration: &str) -> Apache {
        let program = if Path::new(PROGRAM).exists() { PROGRAM } else { "apache2" };
        self.write("apache.conf", &self.configured(module, configuration));
        let mut command = Command::new(program);
        command.args(["-X", "-f"]).arg(self.root.path().join("apache.conf"));
        let started = Process::spawn(&mut command, Some(self.root.path()));
        let process = started.expect("apache2 cannot be started: ./check installs it");
        let address = ("127.0.0.1", self.port.number());
        let apache = Apache { process, site: self };
        until("Apache listens", async || TcpStream::connect(address).await.is_ok()).await;
        apache
    }

    fn configured(&self, module: &str, configuration: &str) -> String {
        let (root, port) = (self.root.path().display(), self.port.number());
        let load = |name: &str| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n");
        let loaded: String = USUAL.into_iter().chain([module]).map(load).collect();
        format!(
            "{loaded}
            ServerName 127.0.0.1
            ServerRoot {root}
            DocumentRoot {root}
            Listen 127.0.0.1:{port}
            PidFile {root}/pid
            Mutex file:{root} default
            ErrorLog /dev/stderr
            LogLevel warn
            User www-data
            Group www-data
            <Directory {root}>
                DirectoryIndex index.html
                Require all granted
            </Directory>
            {configuration}"
        )
    }
}

impl Apache {
    pub fn url(&self) -> String {
        self.site.url()
    }

    /// What it has said so far.
    pub fn said(&self) -> String {
        self.process.printed().stderr
    }
}

//! The documents of `openapi/` are YAML for the people who write them, and JSON for the program that carries them.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

const DOCUMENTS: [&str; 5] = ["shared", "standard", "kajabi", "anghami", "infisical"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=openapi");
    #[expect(clippy::disallowed_methods, reason = "by it cargo tells a build script where to write")]
    let out = env::var_os("OUT_DIR").map(PathBuf::from).ok_or("cargo runs this")?;
    for name in DOCUMENTS {
        let path = Path::new("openapi").join(name).with_extension("yaml");
        let yaml = fs::read_to_string(&path)?;
        // Members keep the order in which they were written.
        let document: serde_json::Value =
            serde_saphyr::from_str(&yaml).map_err(|error| format!("{}: {error}", path.display()))?;
        fs::write(out.join(name).with_extension("json"), serde_json::to_vec(&document)?)?;
    }
    Ok(())
}

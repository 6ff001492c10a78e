//! The key that signs decisions: made on first use, kept in the data directory for the owner of the process alone.

use std::{
    fs,
    io::{ErrorKind, Write as _},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};

use crate::domain::cutover::canonical;

/// What the file is called.
pub const FILE: &str = "decisions.key";

/// Signs decisions.
#[derive(Debug, Default)]
pub struct Signer {
    directory: Option<PathBuf>,
    key: Mutex<Option<Arc<Ed25519KeyPair>>>,
}

impl Signer {
    /// A signer whose key lies in this directory.
    pub fn new(directory: PathBuf) -> Self {
        Self {
            directory: Some(directory),
            key: Mutex::default(),
        }
    }

    /// The key; made now when there is none.
    ///
    /// # Errors
    /// The file cannot be read or written, in a sentence.
    pub fn key(&self) -> Result<Arc<Ed25519KeyPair>, String> {
        let mut kept = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = kept.as_ref() {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(self.read_or_make()?);
        *kept = Some(Arc::clone(&key));
        Ok(key)
    }

    /// The public key, as hexadecimal digits.
    ///
    /// # Errors
    /// As [`Signer::key`].
    pub fn public(&self) -> Result<String, String> {
        Ok(canonical::hex(self.key()?.public_key().as_ref()))
    }

    fn read_or_make(&self) -> Result<Ed25519KeyPair, String> {
        let directory = self
            .directory
            .as_ref()
            .ok_or("There is no data directory for a key.")?;
        let path = directory.join(FILE);
        let place = path.display();
        match fs::read(&path) {
            Ok(bytes) => return Ed25519KeyPair::from_pkcs8(&bytes).map_err(|_| format!("{place} holds no Ed25519 key in PKCS#8. Put the right file back: records that were signed with it name its public key.")),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(format!("{place} cannot be read: {error}")),
        }
        let made = Ed25519KeyPair::generate().and_then(|key| key.to_pkcs8());
        let made = made.map_err(|_| "The system gave no random numbers for a key.".to_owned())?;
        // Readable for the owner alone from the beginning; under its name only when it is whole.
        let failed = |error: std::io::Error| format!("{place} cannot be written: {error}");
        let mut file = tempfile::NamedTempFile::new_in(directory).map_err(failed)?;
        file.write_all(made.as_ref()).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        match file.persist_noclobber(&path) {
            Ok(_) => {}
            // Another server with the same directory was first; its key is the one.
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error.error)),
        }
        let bytes = fs::read(&path).map_err(|error| format!("{place} cannot be read: {error}"))?;
        Ed25519KeyPair::from_pkcs8(&bytes)
            .map_err(|_| format!("{place} holds no Ed25519 key in PKCS#8."))
    }
}

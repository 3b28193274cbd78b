//! Files that are written whole or not at all, and errors that name them.

use crate::base::error::{Error, Result};
use std::fmt::Display;
use std::fs::File;
use std::path::{Path, PathBuf};

/// An error about a file.
pub(crate) fn file_error(path: &Path, message: impl Display) -> Error {
    Error::File {
        path: path.display().to_string(),
        message: message.to_string(),
    }
}

/// A file that cannot be written.
pub(crate) fn unwritable(path: &Path, error: impl Display) -> Error {
    file_error(path, format!("it cannot be written ({error})"))
}

/// A file under a name of its own beside the one it gets when it is complete. What was begun and not finished leaves nothing
/// behind.
pub(crate) struct PartFile {
    /// Where the file will be.
    pub path: PathBuf,
    temporary: PathBuf,
}

impl PartFile {
    /// Only a plain file is replaced.
    pub fn create(path: &Path) -> Result<(Self, File)> {
        if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
            return Err(unwritable(path, "a folder or a device is there"));
        }
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".{}.part", std::process::id()));
        let temporary = path.with_file_name(name);
        let file = File::create(&temporary).map_err(|error| unwritable(path, error))?;
        let part = Self {
            path: path.to_path_buf(),
            temporary,
        };
        Ok((part, file))
    }

    /// Gives the file its name.
    pub fn finish(self, file: &File) -> Result<()> {
        file.sync_all()
            .and_then(|()| std::fs::rename(&self.temporary, &self.path))
            .and_then(|()| sync_folder(&self.path))
            .map_err(|error| unwritable(&self.path, error))
    }
}

/// Makes the names in the folder of a file last. Other systems than Unix do that on their own.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if cfg!(unix) {
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

impl Drop for PartFile {
    fn drop(&mut self) {
        // Without a name of its own the file is of no use; that it cannot be removed is no news to anybody.
        let _ = std::fs::remove_file(&self.temporary);
    }
}

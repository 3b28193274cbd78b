//! Paths of Parquet files, and their library's failures.

use crate::base::error::Result;
use crate::base::files::file_error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Runs code of the Parquet library, which overflows or leaves its bounds on some damaged files.
pub(crate) fn guarded<T>(
    work: impl FnOnce() -> parquet::errors::Result<T>,
) -> std::result::Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("its bytes contradict each other".into()),
    }
}

/// The Parquet files that paths stand for: files as they are, of folders the files that end in `.parquet`, in the order
/// of their names.
///
/// # Errors
/// [`Error::File`](crate::base::error::Error::File) for a path that does not exist or is neither file nor folder, a folder without a Parquet
/// file, and a link in a folder that leads to nothing or out of the folder.
pub fn parquet_files(paths: &[impl AsRef<Path>]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        let path = path.as_ref();
        if path.is_dir() {
            files.extend(files_in(path)?);
        } else if path.is_file() {
            files.push(path.to_path_buf());
        } else if path.exists() {
            return Err(file_error(path, "it is neither a file nor a folder"));
        } else {
            return Err(file_error(path, "there is no such file or folder"));
        }
    }
    Ok(files)
}

fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(|error| file_error(folder, error))?;
    let home = folder.canonicalize().map_err(|error| file_error(folder, error))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| file_error(folder, error))?.path();
        let named = path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("parquet"));
        if !named {
            continue;
        }
        let real = path.canonicalize().map_err(|error| file_error(&path, error))?;
        if !real.starts_with(&home) {
            return Err(file_error(
                &path,
                "it is a link out of the folder; to read it, give its own path",
            ));
        }
        if real.is_file() {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(file_error(
            folder,
            "there is no file in this folder whose name ends in .parquet (its subfolders are not read)",
        ));
    }
    files.sort();
    Ok(files)
}

"""Prints the crates that the workspace in a folder depends on, on any system, with their authors, licences and homes."""

import json
import re
import subprocess
import sys

metadata = subprocess.run(
    ["cargo", "metadata", "--locked", "--format-version", "1"], cwd=sys.argv[1], check=True, capture_output=True
)
crates = [crate for crate in json.loads(metadata.stdout)["packages"] if crate["source"]]
print("The bundle of sources src/rust/vendor.tar.xz has the following Rust crates, of which what each system needs is compiled")
print("into the library (name and version, authors, licence, repository):\n")
for crate in sorted(crates, key=lambda crate: (crate["name"], crate["version"])):
    authors = [re.sub(r"\s*<.*>", "", author) for author in crate["authors"]]
    who = ", ".join(authors) or f"The {crate['name']} developers"
    where = crate["repository"] or f"https://crates.io/crates/{crate['name']}"
    print(f"{crate['name']} {crate['version']} | {who} | {crate['license']} | {where}")

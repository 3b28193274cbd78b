# Calls the Rust library; valgrind.sh watches. Says how many calls gave a value.
.libPaths(c(".cache/symbols", .libPaths()))
source("tools/soak/support/boundary.R")
folder <- tempfile("boundary")
dir.create(folder)
calls <- boundary_calls(folder)
for (name in names(calls)) {
  calls[[name]]()
  cat(sprintf("%s %.0f s\n", name, proc.time()[["elapsed"]]), file = stderr())
}
unlink(folder, recursive = TRUE)
cat(length(calls), "\n")

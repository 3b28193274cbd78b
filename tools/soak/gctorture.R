# Calls every function of the Rust library while R collects garbage at every so many allocations (VAEIRT_GC_STEP), and compares
# what it gives with what it gives without. Run it from the root of the repository with the package in .cache/library.
.libPaths(c(".cache/library", .libPaths()))
source("tools/soak/boundary.R")
step <- as.integer(Sys.getenv("VAEIRT_GC_STEP", "50"))
folder <- tempfile("boundary")
dir.create(folder)
calls <- boundary_calls(folder)

# What a first call loads and caches is no business of the boundary.
plain <- lapply(calls, function(call) call())
rows <- lapply(names(calls), function(name) {
  started <- proc.time()[["elapsed"]]
  gctorture2(step, inhibit_release = FALSE)
  tortured <- tryCatch(calls[[name]](), error = identity)
  gctorture2(0)
  cat(name, "\n", file = stderr())
  data.frame(call = name, same = identical(tortured, plain[[name]]), seconds = round(proc.time()[["elapsed"]] - started, 1))
})
table <- do.call(rbind, rows)
unlink(folder, recursive = TRUE)
print(table, row.names = FALSE)
cat(sprintf("%d of %d calls give the same under gctorture2(%d)\n", sum(table$same), nrow(table), step))
quit(status = as.integer(!all(table$same)))

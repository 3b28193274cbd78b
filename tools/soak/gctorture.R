# Calls every function of the Rust library while R collects garbage at every allocation that they make, and compares what
# they give with what they give without. Run it from the root of the repository with the package in .cache/library.
.libPaths(c(".cache/library", .libPaths()))
source("tools/soak/support/boundary.R")
folder <- tempfile("boundary")
dir.create(folder)
calls <- boundary_calls(folder)
plain <- lapply(calls, function(call) call())

# The functions of Rust, tortured while they run; the R code around them is not.
n_tortured <- 0
space <- asNamespace("vaeirt")
rust <- grep("^rust_", ls(space, all.names = TRUE), value = TRUE)
rust <- setdiff(rust, c("rust_responses", "rust_settings"))
called <- character()
for (name in rust) {
  local({
    name <- name
    original <- get(name, space)
    unlockBinding(name, space)
    assign(name, function(...) {
      values <- list(...)
      called <<- union(called, name)
      n_tortured <<- n_tortured + 1
      on.exit(gctorture(FALSE))
      gctorture(TRUE)
      do.call(original, values)
    }, envir = space)
  })
}
rows <- lapply(names(calls), function(name) {
  started <- proc.time()[["elapsed"]]
  tortured <- tryCatch(calls[[name]](), error = identity)
  data.frame(call = name, same = identical(tortured, plain[[name]]), seconds = round(proc.time()[["elapsed"]] - started, 1))
})
table <- do.call(rbind, rows)
unlink(folder, recursive = TRUE)
print(table, row.names = FALSE)
idle <- setdiff(rust, called)
if (length(idle) > 0) cat("not called:", idle, "\n")
cat(sprintf(
  "%d of %d calls give the same; %d calls of %d functions of Rust under gctorture(TRUE)\n",
  sum(table$same), nrow(table), n_tortured, length(called)
))
quit(status = as.integer(!all(table$same) || length(idle) > 0))

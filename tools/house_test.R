# Tests tools/house.R on small trees of code: a clean one, and that one with one fault each. Stops where a fault is not
# found, is called by other words, or is found where there is none. `Rscript tools/house_test.R`, from the root.
script <- normalizePath("tools/house.R")
source(script)

core <- function(...) file.path(core_folder, ...)
boundary <- function(...) file.path(boundary_folder, ...)

# Ten lines in each module, so that none is too large.
room <- function(...) c("//! A room.", ..., "pub struct Room {", "    pub size: usize,", "}", rep("// more", 8 - length(c(...))))

clean_tree <- function() {
  modules <- order_of_core
  faces <- lapply(modules, function(module) c("//! A face.", "#![allow(dead_code)]", "pub mod room;"))
  below <- sprintf("use crate::%s::room::Room as Below;", modules[-length(modules)])
  tree <- c(
    stats::setNames(faces, core(modules, "mod.rs")),
    stats::setNames(lapply(c(list(character()), below), room), core(modules, "room.rs"))
  )
  tree[[core("base/mod.rs")]] <- c(tree[[core("base/mod.rs")]], "pub(crate) mod cellar;")
  tree[[core("base/cellar.rs")]] <- c("use super::room::{self, Room};", "pub fn one() {}")
  declared <- sprintf("pub mod %s;", modules)
  tree[[core("lib.rs")]] <- c("//! The crate.", "#![deny(unsafe_code)]", declared, "pub use model::room::{Room};")
  extendr <- c("extendr_module! {", "    mod crate_of_r;", "    use a;", "}")
  tree[[boundary("lib.rs")]] <- c("//! R.", "mod a;", "mod b;", "use a::run;", extendr)
  tree[[boundary("a.rs")]] <- c("use crate::b::Value;", "pub fn run() { let x = vae_irt_core::train::room::Room; }")
  tree[[boundary("b.rs")]] <- "pub struct Value;"
  tree[["R/code.R"]] <- c("f <- function(x) {", "  x", "}")
  tree
}

plant <- function(tree) {
  root <- tempfile("house")
  for (path in names(tree)) {
    dir.create(file.path(root, dirname(path)), recursive = TRUE, showWarnings = FALSE)
    writeLines(tree[[path]], file.path(root, path))
  }
  root
}

indent <- function(lines) paste0("  ", lines, "\n", recycle0 = TRUE)

checked <- 0

# The clean tree with these files in place of its own has exactly the faults that hold these words, one each.
expect <- function(what, files, words = character()) {
  tree <- clean_tree()
  tree[names(files)] <- files
  root <- plant(tree)
  on.exit(unlink(root, recursive = TRUE))
  found <- tryCatch(house(root)$failures, error = function(error) conditionMessage(error))
  known <- length(found) == length(words) && all(mapply(grepl, words, sort(found), fixed = TRUE))
  if (!known) {
    stop(what, ": expected\n", indent(words), "but found\n", indent(found), call. = FALSE)
  }
  checked <<- checked + 1
}

files <- function(...) {
  arguments <- list(...)
  odd <- seq(1, length(arguments), 2)
  stats::setNames(arguments[odd + 1], unlist(arguments[odd]))
}

long_rust <- function(lines) c("fn long(", "    x: u8,", ") -> u8 {", rep("    let x = [b'{', 1];", lines - 5), "    x", "}")
long_r <- function(lines) c("long <- function(x) {", rep("  x <- x + 1", lines - 2), "}")

test_circles <- function() {
  expect("a circle of three", files(
    core("model/a.rs"), "use super::b::{B, Other as O};", core("model/b.rs"), "use crate::model::c::*;",
    core("model/c.rs"), "fn f() { super::a::call() }"
  ), paste0(
    "circle of 3 files that import each other:\n",
    "    src/rust/core/src/model/a.rs imports src/rust/core/src/model/b.rs (B, Other)\n",
    "    src/rust/core/src/model/b.rs imports src/rust/core/src/model/c.rs (*)\n",
    "    src/rust/core/src/model/c.rs imports src/rust/core/src/model/a.rs (call)"
  ))
  expect("two circles", files(
    core("model/a.rs"), "use super::b::B;", core("model/b.rs"), "use super::a::A;",
    core("train/a.rs"), "use super::b::B;", core("train/b.rs"), "use super::a::A;"
  ), c("model/a.rs imports", "train/a.rs imports"))
  expect("a circle across modules is upward too", files(
    core("base/room.rs"), room("use crate::responses::room::Room as R;")
  ), c("circle of 2 files", "base/room.rs imports upward: crate::responses::room (Room)"))
  expect("a circle at the boundary", files(boundary("b.rs"), "fn f() { crate::a::run() }"),
         "src/rust/src/b.rs imports src/rust/src/a.rs (run)")
  expect("a circle through lib.rs at the boundary", files(boundary("b.rs"), "use crate::run;"), "circle of 3 files")
}

test_order <- function() {
  upward <- "src/rust/core/src/model/a.rs imports upward: crate::train::room (Room)"
  tree <- function(...) files(core("model/a.rs"), c(...))
  expect("upward", tree("use crate::train::room::Room;"), upward)
  expect("upward among others", tree("use crate::{", "    base::room::Room,", "    train::{room::{self, Room as R}},", "};"),
         "imports upward: crate::train::room (room, Room)")
  expect("upward and public", tree("pub(crate) use super::super::train::room::*;"), "imports upward: crate::train::room (*)")
  expect("upward in the code", tree("fn f() -> Vec<crate::train::room::Room> { Vec::new() }"), upward)
  expect("upward by super", tree("fn f() { super::super::train::room::Room::new() }"), upward)
  expect("upward in a module within the file", tree("mod inner {", "    use super::super::super::train::room::Room;", "}"),
         upward)
  expect("upward in a macro", tree("macro_rules! m { () => { $crate::train::room::Room } }"), upward)
  expect("upward after a test", tree("#[cfg(test)]", "const N: [u8; 2] = [1, 2];", "use crate::train::room::Room;"), upward)
  expect("upward but not in tests", tree("#[cfg(not(test))]", "use crate::train::room::Room;"), upward)
  expect("upward after odd strings", tree("const Q: char = '\"'; const R: &str = r#\"\"\"#;", "use crate::train::room::Room;"),
         upward)
  expect("a module in no order", files(core("attic.rs"), "pub struct Dust;"),
         "the module `attic` stands nowhere in the order of modules")
}

test_faces <- function() {
  expect("through lib.rs", files(core("train/a.rs"), "use crate::{Room, base::room::Room as R};"),
         "src/rust/core/src/train/a.rs imports through lib.rs: crate (Room)")
  expect("through a face", files(core("train/a.rs"), "use crate::model::Room;"),
         "src/rust/core/src/train/a.rs imports through the face src/rust/core/src/model/mod.rs: crate::model (Room)")
  expect("through its own face", files(core("train/a.rs"), "use super::*;"),
         "imports through the face src/rust/core/src/train/mod.rs")
  expect("a mod.rs that defines", files(core("train/mod.rs"), c("pub mod room;", "", "pub fn f() {}", "pub const A: u8 = 1;")),
         "train/mod.rs defines something, but a mod.rs only declares modules; line 3: pub fn f() {} (and 1 more lines)")
  expect("a mod.rs that uses", files(core("train/mod.rs"), c("pub mod room;", "pub use room::Room;")),
         "line 2: pub use room::Room;")
  expect("a lib.rs that defines", files(core("lib.rs"), c("mod base;", "type Result<T> = T;")),
         "core/src/lib.rs may hold only `mod` and `pub use`; line 2")
  expect("a boundary that defines", files(boundary("lib.rs"), c("mod a;", "use a::run;", "#[extendr]", "fn rust_fit() {}")),
         "src/rust/src/lib.rs may hold only `mod`, `use` and extendr_module!; line 4: fn rust_fit() {}")
}

test_sizes <- function() {
  expect("60 lines", files(boundary("b.rs"), long_rust(60), "R/long.R", long_r(60)))
  expect("61 lines of Rust", files(boundary("b.rs"), c("", long_rust(61))),
         "src/rust/src/b.rs:2: long has 61 lines; at most 60 are allowed")
  expect("61 lines in an example", files("src/rust/core/examples/e.rs", long_rust(61)), "core/examples/e.rs:1: long has 61 lines")
  expect("61 lines of what fuzzes", files(
    "src/rust/fuzz/Cargo.toml", "", "src/rust/fuzz/target/o.rs", long_rust(61), "src/rust/fuzz/src/lib.rs", long_rust(61)
  ), "src/rust/fuzz/src/lib.rs:1: long has 61 lines")
  expect("61 lines of R", files("R/long.R", c("", long_r(61))), "R/long.R:2: long has 61 lines; at most 60 are allowed")
  expect("61 lines within a function", files("R/long.R", c("outer <- function() {", long_r(61), "}")),
         c("R/long.R:1: outer has 63 lines", "R/long.R:2: long has 61 lines"))
  expect("61 lines without a name", files("R/long.R", c("lapply(x, \\(x) {", rep("  x", 59), "})")),
         "R/long.R:1: a function without a name has 61")
  expect("61 lines of a test", files(
    boundary("b.rs"), c("#[cfg(test)]", "mod tests {", long_rust(61), "}"), "src/rust/core/tests/t.rs", long_rust(99)
  ))
  expect("a large module", files(core("train/a.rs"), rep("// line", 60)), "the module `train` holds 25.9 %")
  expect("brackets that do not match", files(boundary("b.rs"), "fn f() {"), "src/rust/src/b.rs cannot be read")
}

test_seams <- function() {
  expect("a prior", files(core("train/a.rs"), "// The prior is N(0, I)."), "src/rust/core/src/train/a.rs:1: only the population may")
  expect("a likelihood", files(boundary("b.rs"), "fn softmax() {}"), "only the response models may know this: fn softmax() {}")
  expect("a layout", files(core("train/a.rs"), c("// Rows.", "const A: usize = n_dims + 1;")), "a.rs:2: only the design may")
  expect("a layout of R", files("R/a.R", "x <- function() parameters[, fit$dims + 1]"), "R/a.R:1: only the design may")
  expect("its own place", files(
    core("model/response/a.rs"), "// softmax", core("model/design.rs"), "// row[n_dims]", core("model/population.rs"), "// N(0, I)"
  ))
  expect("other numbers", files(
    core("train/a.rs"), "const PAIRS: usize = n_dims * (n_dims + 1) / 2;", "R/a.R", c("#' N(0, I)", "x <- function(dims) 2^(dims + 1)")
  ))
}

# Tests may import from anywhere, be long, and are not counted; what is no code imports nothing.
test_what_is_allowed <- function() {
  upward <- "    use crate::train::room::Room;"
  expect("nothing", list())
  expect("tests in a file", files(core("model/a.rs"), c(
    "#[cfg(test)]", "#[allow(unused)]", "mod tests {", "    use super::*;", upward, rep("// line", 90), "}"
  )))
  expect("tests in items", files(core("model/a.rs"), c(
    "#[cfg(test)]", "use crate::train::room::{Room, self};", "#[cfg(all(test, feature = \"cuda\"))]",
    "fn f<A, B>() -> [u8; 2] {", upward, "}", "#[test]", "fn g() {", upward, "}"
  )))
  expect("tests in files of their own", files(
    core("model/a.rs"), c("#[cfg(test)]", "mod tests;", "#[cfg(test)]", "#[path = \"far_tests.rs\"]", "mod far;"),
    core("model/a/tests.rs"), c("mod deep;", upward), core("model/a/tests/deep.rs"), upward, core("model/far_tests.rs"), upward
  ))
  expect("what is no code", files(core("model/a.rs"), c(
    "//! [`crate::train::room`] { (", "/* crate::train::room /* nested { */ use crate::train::room::Room; */",
    "const A: &str = \"\\\"use crate::train::room::Room; {\"; const B: &str = r#\"\" crate::train::room { \"#;",
    "const C: [char; 3] = ['{', '\\'', '\u00e4']; fn f<'a>(x: &'a str) -> &'a str { x }",
    "pub(in crate::train::room) fn g() {}", "use std::{fmt::{self}, io};", "use serde::train::room::Room;"
  )))
  expect("a file that moved", files(core("model/a.rs"), c("#[path = \"b.rs\"]", "mod moved;", "use moved::B;"),
                                    core("model/b.rs"), "use super::super::room::Room;"))
}

test_status <- function() {
  run <- function(tree) {
    root <- plant(tree)
    on.exit(unlink(root, recursive = TRUE))
    rscript <- file.path(R.home("bin"), "Rscript")
    output <- suppressWarnings(system2(rscript, shQuote(c(script, root)), stdout = TRUE, stderr = TRUE))
    list(output = output, status = c(attr(output, "status"), 0)[[1]])
  }
  good <- run(clean_tree())
  figures <- "^34 files, 17 imports, circles 0, upward 0, longest function f in R/code.R"
  stopifnot(good$status == 0, length(good$output) == 1, grepl(figures, good$output))
  bad <- clean_tree()
  bad[[core("base/room.rs")]] <- "use crate::train::room::Room;"
  bad <- run(bad)
  stopifnot(bad$status == 1, any(grepl("base/room.rs imports upward: crate::train::room (Room)", bad$output, fixed = TRUE)))
}

test_circles()
test_order()
test_faces()
test_sizes()
test_seams()
test_what_is_allowed()
test_status()
cat(sprintf("%d trees of code, all judged as they should be\n", checked + 2))

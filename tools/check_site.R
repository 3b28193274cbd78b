# Opens every page of a site (docs/) in Chromium, all in one run as frames of one page, and fails on local links, fragments,
# scripts, styles and images that lead nowhere, on pages without content and on anything written to the console. Links to
# other sites are counted and listed; they cannot be followed here.
root <- normalizePath(c(commandArgs(trailingOnly = TRUE), "docs")[[1]])
pages <- paste0("file://", list.files(root, "\\.html$", recursive = TRUE, full.names = TRUE))
stopifnot("There is no page: run `make site`." = length(pages) > 0)

inspection <- "
window.onload = () => {
  const all = (page, query, what) => [...page.querySelectorAll(query)].map(what);
  document.getElementById('report').textContent = JSON.stringify([...document.querySelectorAll('iframe')].map(frame => {
    const page = frame.contentDocument, main = page.querySelector('main');
    return {
      page: frame.src,
      content: main ? main.innerText.trim().length : 0,
      links: all(page, 'a[href]', x => x.href),
      targets: all(page, '[id], a[name]', x => x.id || x.name),
      resources: all(page, 'script[src], link[href]', x => x.src || x.href),
      images: all(page, 'img', x => x.src),
      dead_images: [...page.images].filter(x => x.naturalWidth == 0).map(x => x.getAttribute('src')),
    };
  }));
};"

# What the browser says of all pages: a list with one entry a page, and the lines of its console.
open_pages <- function(pages) {
  frames <- tempfile(fileext = ".html")
  log <- tempfile()
  profile <- tempfile()
  writeLines(c(
    "<!DOCTYPE html><meta charset='utf-8'><pre id='report'></pre>",
    sprintf("<iframe src='%s' width='1200' height='800'></iframe>", utils::URLencode(pages)),
    "<script>", inspection, "</script>"
  ), frames)
  flags <- c(
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--allow-file-access-from-files", "--enable-logging=stderr",
    paste0("--user-data-dir=", profile), "--dump-dom", paste0("file://", frames)
  )
  dom <- system2("chromium", flags, stdout = TRUE, stderr = log, timeout = 300)
  unlink(profile, recursive = TRUE)
  report <- xml2::xml_text(xml2::xml_find_first(xml2::read_html(paste(dom, collapse = "\n")), "//pre[@id='report']"))
  console <- grep("CONSOLE.*source: file://", readLines(log, warn = FALSE), value = TRUE)
  list(pages = jsonlite::fromJSON(report, simplifyDataFrame = FALSE), console = sub("^.*CONSOLE[^\"]*", "", console))
}

# Addresses without their fragment, as paths; NA: elsewhere.
local_path <- function(address) {
  ifelse(startsWith(address, "file://"), utils::URLdecode(sub("#.*$", "", substring(address, 8))), NA)
}
fragment <- function(address) ifelse(grepl("#.", address), utils::URLdecode(sub("^[^#]*#", "", address)), NA)

opened <- open_pages(pages)
names(opened$pages) <- vapply(opened$pages, function(x) local_path(x$page), "")
stopifnot("The browser did not open every page." = identical(names(opened$pages), substring(pages, 8)))

problems_of <- function(page) {
  links <- unique(unlist(page$links))
  links <- links[startsWith(links, "file://")]
  resources <- unique(unlist(c(page$resources, page$images)))
  path <- local_path(c(links, resources))
  missing <- !is.na(path) & !utils::file_test("-f", path)
  lost <- vapply(links, function(link) {
    target <- opened$pages[[local_path(link)]]
    !is.na(fragment(link)) && !is.null(target) && !fragment(link) %in% unlist(target$targets)
  }, NA)
  c(
    if (page$content == 0) "the page is empty",
    sprintf("does not exist: %s", c(links, resources)[missing]),
    sprintf("has no such fragment: %s", links[lost]),
    sprintf("image that does not load: \"%s\"", unique(unlist(page$dead_images)))
  )
}

problems <- Map(function(path, page) {
  found <- problems_of(page)
  if (length(found)) paste0(sub(paste0(root, "/"), "", path, fixed = TRUE), ": ", found)
}, names(opened$pages), opened$pages)
problems <- c(unlist(problems, use.names = FALSE), sprintf("console: %s", unique(opened$console)))

links <- unlist(lapply(opened$pages, function(page) page$links))
elsewhere <- sort(table(sub("#.*$", "", grep("^https?:", links, value = TRUE))), decreasing = TRUE)
cat("Links to other sites, not followed:", sprintf("%5d  %s", elsewhere, names(elsewhere)), sep = "\n")
cat(sprintf("%s\n", gsub(paste0("file://", root, "/"), "", problems, fixed = TRUE)), sep = "")
cat(sprintf(
  "%d pages, %d local links, %d images, %d addresses elsewhere, %d problems\n",
  length(pages), sum(startsWith(links, "file://")), length(unlist(lapply(opened$pages, function(page) page$images))),
  length(elsewhere), length(problems)
))
quit(status = length(problems) > 0)

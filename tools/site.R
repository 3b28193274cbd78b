# Writes the web site to docs/. Its pages need no network: the templates in pkgdown/ link nothing outside, formulas become
# MathML, and the tables of contents, which pkgdown leaves to a script, are written into the pages.
options(pkgdown.internet = FALSE)
unlink("docs", recursive = TRUE)
pkgdown::build_site(devel = FALSE, preview = FALSE, install = FALSE, new_process = FALSE)

write_contents <- function(page) {
  place <- xml2::xml_find_first(page, "//nav[@id='toc']")
  headings <- xml2::xml_find_all(page, "//main//h2")
  if (is.na(place) || length(headings) == 0) {
    return(xml2::xml_remove(place))
  }
  list <- xml2::xml_add_child(place, "ul", class = "nav flex-column")
  for (heading in headings) {
    id <- xml2::xml_find_first(heading, "ancestor-or-self::*[@id][1]/@id")
    link <- xml2::xml_add_child(xml2::xml_add_child(list, "li"), "a", trimws(xml2::xml_text(heading)), class = "nav-link")
    xml2::xml_set_attr(link, "href", paste0("#", xml2::xml_text(id)))
  }
}

# In help pages pkgdown does not mark the formulas.
read_page <- function(path) {
  html <- paste(readLines(path, encoding = "UTF-8"), collapse = "\n")
  if (startsWith(path, "docs/reference/")) {
    html <- gsub("(\\\\\\([^<]+?\\\\\\)|[$]{2}[^<]+?[$]{2})", "<span class=\"math\">\\1</span>", html, perl = TRUE)
  }
  xml2::read_html(html, encoding = "UTF-8")
}

write_formulas <- function(page) {
  formulas <- xml2::xml_find_all(page, "//span[contains(@class, 'math')]")
  if (length(formulas) == 0) return()
  source <- tempfile(fileext = ".md")
  writeLines(paste0(trimws(xml2::xml_text(formulas)), "\n"), source, useBytes = TRUE)
  output <- tempfile(fileext = ".html")
  rmarkdown::pandoc_convert(
    source, to = "html5", from = "markdown+tex_math_single_backslash", output = output, options = "--mathml"
  )
  converted <- xml2::xml_find_all(xml2::read_html(output, encoding = "UTF-8"), "//math")
  stopifnot("A formula cannot be converted." = length(converted) == length(formulas))
  for (i in seq_along(formulas)) xml2::xml_replace(formulas[[i]], converted[[i]])
}

for (path in list.files("docs", "\\.html$", recursive = TRUE, full.names = TRUE)) {
  page <- read_page(path)
  # pkgdown writes one where there is no logo.
  xml2::xml_remove(xml2::xml_find_all(page, "//img[@src='']"))
  write_contents(page)
  write_formulas(page)
  xml2::write_html(page, path, format = FALSE)
}

# Writes codemeta.json (<https://codemeta.github.io>) from DESCRIPTION.
description <- read.dcf("DESCRIPTION")[1, ]
text <- function(x) gsub("\"", "\\\"", gsub("\\s+", " ", x), fixed = TRUE)
author <- eval(parse(text = description[["Authors@R"]]))
maintainer <- Filter(function(person) "cre" %in% person$role, author)[[1]]
values <- c(
  "@context" = "https://doi.org/10.5063/schema/codemeta-2.0",
  "@type" = "SoftwareSourceCode",
  identifier = description[["Package"]],
  name = paste0(description[["Package"]], ": ", description[["Title"]]),
  description = description[["Description"]],
  codeRepository = description[["URL"]],
  issueTracker = description[["BugReports"]],
  license = "https://spdx.org/licenses/MIT",
  version = description[["Version"]],
  runtimePlatform = paste("R", sub(".*R \\((>= [0-9.]+)\\).*", "\\1", description[["Depends"]])),
  softwareRequirements = description[["SystemRequirements"]]
)
of_maintainer <- c("@type" = "Person", name = paste(c(maintainer$given, maintainer$family), collapse = " "), email = maintainer$email)
pairs <- function(x, indent) paste0(indent, "\"", names(x), "\": \"", text(x), "\"", collapse = ",\n")
writeLines(c(
  "{", paste0(pairs(values, "  "), ","), "  \"programmingLanguage\": [\"R\", \"Rust\"],", "  \"maintainer\": [{",
  pairs(of_maintainer, "    "), "  }]", "}"
), "codemeta.json")

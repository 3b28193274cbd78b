# The 109th Senate of the United States: ideal points with intervals, fit statistics, time, and a figure.
library(vaeirt)
data(s109, package = "pscl")

fit <- vae_irt(s109, polarity = "FRIST (R TN)", seed = 1)
senators <- tidy(fit)
senators <- senators[order(senators$estimate), c("respondent", "estimate", "std.error", "conf.low", "conf.high")]

cat("\nMost liberal\n")
print(as.data.frame(head(senators, 8)), digits = 2, row.names = FALSE)
cat("\nMost conservative\n")
print(as.data.frame(tail(senators, 8)), digits = 2, row.names = FALSE)

about <- glance(fit)
cat(sprintf(
  "\n%d respondents, %d roll calls, %d votes: %.1f %% correctly classified, APRE %.2f, GMP %.2f\n",
  about$n_respondents, about$n_items, about$nobs, 100 * about$classification, about$apre, about$gmp
))
cat(sprintf("Fitted in %.1f seconds (%d epochs, %s)\n", about$seconds, about$epochs,
  if (about$converged) "converged" else "not converged"))

dir.create("output", showWarnings = FALSE)
ggplot2::ggsave("output/s109.png", autoplot(fit, colour = party), width = 6, height = 9, dpi = 150)
cat("Figure: output/s109.png\n")

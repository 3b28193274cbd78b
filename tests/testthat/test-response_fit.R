test_that("fit by item and by respondent adds up", {
  fit <- small_fit()
  votes <- small_truth()$responses
  items <- response_fit(fit, "items")
  respondents <- response_fit(fit)
  expect_equal(items$n_responses, unname(colSums(!is.na(votes))))
  expect_equal(respondents$n_responses, unname(rowSums(!is.na(votes))))
  expect_equal(sum(items$log_likelihood), sum(respondents$log_likelihood))
  expect_equal(items$gmp, exp(items$log_likelihood / items$n_responses))
  expect_equal(items$n_correct, items$classification * items$n_responses)
  expect_equal(sum(items$n_correct), sum(respondents$n_correct))
  errors <- (1 - items$classification) * items$n_responses
  minority <- apply(votes, 2, function(x) min(table(x)))
  expect_equal(items$pre, unname(1 - errors / minority))
  # Averages over the posterior are close to the probabilities at its mean.
  shares <- predict(fit, type = "prob")
  observed <- matrix(shares$.prob, nrow = 2)[cbind(as.vector(t(votes)) + 1, seq_along(votes))]
  expect_equal(sum(items$log_likelihood), sum(log(observed), na.rm = TRUE), tolerance = 0.05)
})

test_that("fit by party is that of the party's responses", {
  fit <- senate_fit()
  votes <- senate()$votes
  party <- senate()$legis.data$party
  by_party <- response_fit(fit, party)
  expect_identical(names(by_party), c(
    "party", "n_respondents", "n_responses", "n_correct", "log_likelihood", "gmp", "classification", "apre"
  ))
  expect_identical(by_party$party, factor(c("D", "Indep", "R")))
  expect_identical(by_party$n_respondents, as.vector(table(party)))
  # At the posterior means, with respondents' normal posteriors, the probit model gives the same classes.
  predicted <- predict(fit, type = "response")
  code <- votes[cbind(predicted$respondent, predicted$item)]
  observed <- ifelse(code %in% 1:3, "yea", ifelse(code %in% 4:6, "nay", NA))
  own <- party[match(predicted$respondent, rownames(votes))]
  correct <- tapply(observed == predicted$.pred_class, own, sum, na.rm = TRUE)
  expect_lte(max(abs(by_party$n_correct - correct)), 3)
  # The baseline is the majority of the Senate, half right where there is none.
  yeas <- tapply(observed == "yea", predicted$item, mean, na.rm = TRUE)[predicted$item]
  wrong <- ifelse(yeas == 0.5, 0.5, (observed == "yea") != (yeas > 0.5))
  base_errors <- as.vector(tapply(ifelse(is.na(observed), NA, wrong), own, sum, na.rm = TRUE))
  expect_equal(by_party$apre, 1 - (by_party$n_responses - by_party$n_correct) / base_errors)
  expect_equal(sum(by_party$n_correct), sum(response_fit(fit, "items")$n_correct))
  # Over all items the reduction is that of the fit.
  items <- response_fit(fit, "items")
  cuts <- cutpoints(fit)
  reduction <- 1 - sum(items$n_responses - items$n_correct) / sum(pmin(cuts$n_response, cuts$n_reference))
  expect_equal(reduction, glance(fit)$apre, tolerance = 1e-3)
})

test_that("items by party add up to items and to parties", {
  fit <- senate_fit()
  both <- response_fit(fit, c(items, party))
  expect_identical(names(both)[1:2], c("item", "party"))
  items <- response_fit(fit, "items")
  expect_identical(unique(both$item), items$item)
  expect_equal(as.vector(rowsum(both$n_correct, both$item)[items$item, ]), items$n_correct)
  expect_equal(as.vector(rowsum(both$n_correct, both$party)), response_fit(fit, party)$n_correct)
  expect_identical(both$n_respondents, both$n_responses)
  # Whoever is all in the majority leaves nothing to reduce.
  expect_true(is.na(both$pre[both$item == "1-1" & both$party == "R"]))
})

test_that("groups may be unknown, and two options equally frequent", {
  votes <- cbind(a = c(1, 0, 1, 0), b = c(1, 1, 0, 0), c = c(0, 1, 1, 1))
  rollcall <- structure(
    list(votes = votes, codes = list(yea = 1, nay = 0), legis.data = data.frame(group = c("y", NA, "x", "x"))),
    class = "rollcall"
  )
  fit <- suppressWarnings(vae_irt(rollcall, seed = 1, control = vae_control(threads = 1, max_epochs = 5)))
  groups <- response_fit(fit, "group")
  expect_identical(groups$group, c("x", "y", NA))
  expect_identical(groups$n_respondents, c(2L, 1L, 1L))
  # Half an error of everybody on each of a and b, and one on c of v1.
  expect_equal(groups$apre, 1 - (groups$n_responses - groups$n_correct) / c(2, 2, 1))
})

test_that("what cannot be a group is an error", {
  expect_snapshot(error = TRUE, {
    response_fit(small_fit(), c(respondents, items))
    response_fit(senate_fit(), NULL)
    response_fit(small_fit(), c())
    response_fit(small_fit(), party)
  })
})

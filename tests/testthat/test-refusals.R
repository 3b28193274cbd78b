test_that("what a fit cannot answer is refused with what does", {
  expect_snapshot(error = TRUE, {
    anova(small_fit(), planar_fit())
    model.frame(small_fit())
    formula(small_fit())
  })
  expect_error(stats::model.matrix(small_fit()))
})

"""The pieces of a counterfactual evaluation: the ranking, what the log saw of it, the estimators, the resampling."""

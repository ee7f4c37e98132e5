"""What every kind of variable learns with: rows with folds, regressors, out-of-fold scores, search, calibration."""

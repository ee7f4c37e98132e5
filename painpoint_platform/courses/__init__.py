"""The courses domain: which fixable problems students report in a course, and which of them recur across courses."""

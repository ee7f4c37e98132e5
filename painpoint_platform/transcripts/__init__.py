"""Earnings calls: which question was asked, and what was answered."""

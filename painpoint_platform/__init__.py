"""Painpoint Platform: what people complain about, as ranked, evidenced, stable issues.

Importing the package costs nothing: heavy libraries are imported inside the functions that use them.
"""

"""What is configured, reachable and missing: one module an area, each a list of things that are looked at.

Belongs here: looking, and saying what was found in plain words that hold no secret. Does not belong here: mending
anything, how findings are shown (``painpoint_platform.cli.doctor``).
"""

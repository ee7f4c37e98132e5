"""Judging run folders of Stage 2 and Stage 3, whoever wrote them: every finding at once, in words.

Belongs here: reading such a folder with tolerance, and its rules. Nothing is read by the code that writes runs, so that
its faults are seen. Does not belong here: writing and reading runs (``stage2_folder``, ``stage3_folder``).
"""

"""Taking a post, or everything of one author, down: out of every place the platform wrote to, with a proof.

Belongs here: what is to go, removing it from each kind of store, rewriting files so that nothing of it stays in their
free blocks, searching for what is left, and asking sources whether published evidence is still there. Does not belong
here: keeping it away from later collections (``issues.tombstones``), the command (``cli.forget``).
"""

"""The report: one folder that opens from disk, for analysts and newcomers.

Belongs here: what is read of the warehouse for it (``reading``), how that becomes the payloads of its pages
(``overview``, ``issue_details``, ``day_map``, ``course_feedback``, ``calls``), the pages themselves
(``site/``) and the folder (``folder``). Does not belong here: counting what a SQL model counts already.
"""

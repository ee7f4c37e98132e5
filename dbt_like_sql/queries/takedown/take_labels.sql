-- Labels that say what only a forgotten post said; the next run of their days asks for new ones.
update gold.issues
set canonical_title = null,
    category = null,
    description = null,
    would_pay_signal = null,
    impact_level = null,
    label_failed = true,
    failure_reason = 'its label was made from a post that was taken down; run the day again',
    reused_from = null
where (canonical_title, description) in (select (canonical_title, description) from forgotten_labels)

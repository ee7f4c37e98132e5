"""Issues that last: which cluster is which issue, what people decided, which issues stand out."""

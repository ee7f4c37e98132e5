"""The issues domain: collect, cluster, label and publish what people complain about in public."""

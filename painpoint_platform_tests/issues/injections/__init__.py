"""Posts that try to write their own label, and a harness that measures whether any model lets them."""

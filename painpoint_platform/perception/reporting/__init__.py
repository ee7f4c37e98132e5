"""What a person reads of a trained variable: its report and the pictures in it."""

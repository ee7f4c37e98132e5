"""How good a model is: figures, how sure they are, the best that labels allow, thresholds that must be reached."""

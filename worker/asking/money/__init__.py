"""What a call of the model costs, and what a day may cost."""

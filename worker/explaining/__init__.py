"""Why a score is what it is: kept, shown, and taken back."""

"""How one question is put to a model: is its answer known, may it leave, when, and what follows from what came back."""

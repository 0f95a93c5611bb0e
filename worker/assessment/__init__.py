"""Judging text: criteria, prompt, grades, evidence, score. Pure: no I/O, and nothing of the rest of the worker."""

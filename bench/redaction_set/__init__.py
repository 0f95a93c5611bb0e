"""Synthetic people for measuring redaction: nobody here exists.

`people` names them, `layouts` writes their resumes, `lookalikes` lists what must stay as it is, `variants` writes
pairs that must become the same text. The held-out part was written before the rules, and no rule was changed after
a look at what it shows.
"""

"""`python -m dev.containers` (`make containers`): runs the real Dockerfile and the real compose file, pulling nothing.

A Docker engine of one's own is started (Debian's `docker.io`, its own socket and data folder), and the images that the
files ask for by name are made on the spot from Debian's packages. Needs root. Where that cannot be had, it says so in
one line and succeeds; what then fails is a fault of ours.
"""

"""The half of rdit that runs inside the user's interpreter: standard library only, Python 3.8 on.

Loaded by path under a private name (see importlib_bootstrap.py). The server imports two modules of
this folder, `protocol` and `statements`, and nothing else of it.
"""

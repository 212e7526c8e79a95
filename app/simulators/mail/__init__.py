"""A mailbox for a laptop: takes every mail over SMTP on loopback, sends none on, and shows them on a page of its own.

It is never part of production. Addresses that begin with a certain word make trouble on purpose (`trouble.py`).
"""

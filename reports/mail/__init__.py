"""Mails: plain words in, subject, text and HTML out."""

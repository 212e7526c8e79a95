"""Stand-ins for third parties, each a process of its own on loopback; none of them ships to production."""

"""A market in small for the state test: the product on its database, a provider in memory, and the rules of play."""

"""A card payment provider that moves no money: Stripe-shaped, with a state file of its own and a will to misbehave.

Run it with `python -m app.simulators.payments`. It knows nothing of our database and imports nothing of ours, so it can
disagree with us: the story only works when both sides tell the same one.
"""

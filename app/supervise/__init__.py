"""`python -m app.supervise`: embedded servers and every program of the product, for a laptop and the demo."""

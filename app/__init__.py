"""The application's package; start it with `app.factory`, and keep this file free of imports: others depend on that."""

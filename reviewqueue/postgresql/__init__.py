"""Django's PostgreSQL backend with a connection pool that is back as soon as the server is."""

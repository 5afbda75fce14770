"""The deployable service: settings, addresses, Celery, health and the servers it can bring along."""

"""The queue: ranked entries, claims, leases, and the publishing of a new order."""

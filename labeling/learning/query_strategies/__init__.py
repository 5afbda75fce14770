"""Query strategies: which documents to label next."""

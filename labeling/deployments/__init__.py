"""Deployments: trained models at work outside the labeling pages."""

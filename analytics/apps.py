"""Analytics application config: measures labeling and points the queue at the weak classes."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "analytics"
    verbose_name = "Analytics"

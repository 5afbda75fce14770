"""Root URLs: the pages and the API are labeling's; here is what the orchestrator asks."""

from django.urls import include, path

from reviewqueue import health

urlpatterns = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("healthz/deep", health.deep, name="deep_health"),
    path("api/v1/", include("analytics.api_urls")),
    path("api/v1/", include("labeling.api.urls")),  # answers what no other address of the API does
    path("", include("analytics.urls")),
    path("", include("labeling.urls")),
]

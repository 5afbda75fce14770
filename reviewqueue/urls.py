"""Which address answers what? The pages and the API are labeling's, the reports are analytics'."""

from django.urls import include, path

urlpatterns = [
    path("", include("labeling.urls")),
]

"""OpenAPI settings: what drf-spectacular writes into the OpenAPI document and its page."""

from typing import Any

DOCUMENT: dict[str, Any] = {
    "TITLE": "Review Queue",
    "DESCRIPTION": "Decides what your team labels next. Errors are `application/problem+json`.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {  # fields of one name with other choices
        "DocumentStateEnum": "labeling.documents.models.Document.State",
        "DocumentSplitEnum": "labeling.documents.models.Document.Split",
        "ModelStateEnum": "labeling.predictions.models.ModelVersion.State",
        "GuidelineChangeEnum": "labeling.guidelines.models.Guideline.Change",
    },
    "SERVE_AUTHENTICATION": [],  # the document holds no data
    "SERVE_INCLUDE_SCHEMA": False,
    "PATH_CONVERTER_OVERRIDES": {"row": {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}},
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False, "validatorUrl": None},
    "REDOC_DIST": "SIDECAR",
}

"""API URLs: which address answers what. Each ends with a slash; what is not here is a problem+json 404."""

from django.urls import include, path, re_path

from labeling.api import (
    annotations,
    claims,
    classes,
    dataset_versions,
    disputes,
    documents,
    exports,
    file_imports,
    focus,
    guidelines,
    imports,
    members,
    model_status,
    model_versions,
    picks,
    predictions,
    projects,
    questions,
    queue_mix,
)
from labeling.api.edge import fields
from labeling.api.edge.endpoints import NoSuchAddress
from labeling.api.edge.schema import SchemaDocument, SchemaPage

__all__ = ["fields", "urlpatterns"]  # fields makes <row:…> known

app_name = "api"

PROJECT = [
    path("", projects.OneProject.as_view(), name="project"),
    path("overlap-effect/", projects.OverlapEffects.as_view(), name="overlap_effect"),
    path("classes/", classes.Classes.as_view(), name="classes"),
    path("classes/<uuid:class_id>/", classes.OneClass.as_view(), name="class"),
    path("classes/<uuid:class_id>/retire/", classes.RetireClass.as_view(), name="class_retire"),
    path("classes/<uuid:class_id>/restore/", classes.RestoreClass.as_view(), name="class_restore"),
    path("guidelines/", guidelines.Guidelines.as_view(), name="guidelines"),
    path("guidelines/current/", guidelines.CurrentGuideline.as_view(), name="guideline_current"),
    path("guidelines/<row:number>/", guidelines.OneGuideline.as_view(), name="guideline"),
    path("members/", members.Members.as_view(), name="members"),
    path("documents/", documents.Documents.as_view(), name="documents"),
    path("dataset-versions/", dataset_versions.DatasetVersions.as_view(), name="dataset_versions"),
    path(
        "dataset-versions/<row:version_number>/",
        dataset_versions.OneDatasetVersion.as_view(),
        name="dataset_version",
    ),
    path(
        "dataset-versions/<row:version_number>/files/<slug:file_format_key>/",
        dataset_versions.DatasetVersionFile.as_view(),
        name="dataset_version_file",
    ),
    path(
        "dataset-versions/<row:version_number>/difference/<row:other_number>/",
        dataset_versions.DatasetVersionDifference.as_view(),
        name="dataset_version_difference",
    ),
    path("exports/", exports.Exports.as_view(), name="exports"),
    path("exports/files/", exports.ExportFiles.as_view(), name="export_files"),
    path("exports/files/<uuid:export_id>/", exports.OneExportFile.as_view(), name="export_file"),
    path(
        "exports/files/<uuid:export_id>/content/",
        exports.ExportFileContent.as_view(),
        name="export_file_content",
    ),
    path("exports/<slug:file_format_key>/", exports.OneExport.as_view(), name="export"),
    path("imports/", imports.Imports.as_view(), name="imports"),
    path("imports/files/", file_imports.ImportFile.as_view(), name="import_file"),
    path("imports/summary/", imports.SummarizeImport.as_view(), name="import_summary"),
    path("imports/<uuid:import_id>/", imports.OneImport.as_view(), name="import"),
    path(
        "imports/<uuid:import_id>/rejected-rows/",
        imports.RejectedRows.as_view(),
        name="import_rejected_rows",
    ),
    path("imports/<uuid:import_id>/cancel/", imports.CancelImport.as_view(), name="import_cancel"),
    path("imports/<uuid:import_id>/resume/", imports.ResumeImport.as_view(), name="import_resume"),
    path("imports/<uuid:import_id>/undo/", imports.UndoImport.as_view(), name="import_undo"),
    path("documents/<row:document_id>/", documents.OneDocument.as_view(), name="document"),
    path(
        "documents/<row:document_id>/exclude/", documents.ExcludeDocument.as_view(), name="document_exclude"
    ),
    path(
        "documents/<row:document_id>/include/", documents.IncludeDocument.as_view(), name="document_include"
    ),
    path("documents/<row:document_id>/relabel/", disputes.Relabel.as_view(), name="document_relabel"),
    path("documents/<row:document_id>/gold/", documents.GoldDocument.as_view(), name="document_gold"),
    path("batches/", claims.Batches.as_view(), name="batches"),
    path("leases/extend/", claims.ExtendLease.as_view(), name="lease_extend"),
    path("leases/release/", claims.ReleaseLease.as_view(), name="lease_release"),
    path("leases/skip/", claims.SkipLease.as_view(), name="lease_skip"),
    path("leases/defer/", claims.DeferLease.as_view(), name="lease_defer"),
    path("leases/ask/", questions.AskLease.as_view(), name="lease_ask"),
    path("questions/", questions.Questions.as_view(), name="questions"),
    path("questions/<row:question_id>/reply/", questions.ReplyToQuestion.as_view(), name="question_reply"),
    path("annotations/", annotations.Annotations.as_view(), name="annotations"),
    path("annotations/batch/", annotations.AnnotationBatch.as_view(), name="annotation_batch"),
    path(
        "annotations/<row:annotation_id>/undo/", annotations.UndoAnnotation.as_view(), name="annotation_undo"
    ),
    path(
        "annotations/<row:annotation_id>/correction/",
        annotations.CorrectAnnotation.as_view(),
        name="annotation_correct",
    ),
    path("disputes/", disputes.Disputes.as_view(), name="disputes"),
    path("disputes/<row:document_id>/decision/", disputes.DisputeDecision.as_view(), name="dispute_decide"),
    path("focus/", focus.Focuses.as_view(), name="focuses"),
    path("focus/<uuid:class_id>/", focus.OneFocus.as_view(), name="focus"),
    path("mix/", queue_mix.QueueMixes.as_view(), name="mix"),
    path("picks/", picks.Picks.as_view(), name="picks"),
    path("picks/<row:pick_id>/", picks.OnePick.as_view(), name="pick"),
    path("predictions/", predictions.Predictions.as_view(), name="predictions"),
    path("predictions/<row:source_id>/", predictions.OnePredictionSource.as_view(), name="prediction_source"),
    path("model-status/", model_status.ModelStatuses.as_view(), name="model_status"),
    path("models/", model_versions.ModelVersions.as_view(), name="models"),
    path("models/<row:number>/", model_versions.OneModelVersion.as_view(), name="model"),
    path("models/<row:number>/download/", model_versions.ModelDownload.as_view(), name="model_download"),
]

urlpatterns = [
    path("schema/", SchemaDocument.as_view(), name="schema"),
    path("docs/", SchemaPage.as_view(), name="docs"),
    path("projects/from-file/", file_imports.ProjectFromFile.as_view(), name="project_from_file"),
    path("projects/", projects.Projects.as_view(), name="projects"),
    path("projects/<row:project_id>/", include(PROJECT)),
    re_path("", NoSuchAddress.as_view(), name="no_such_address"),
]

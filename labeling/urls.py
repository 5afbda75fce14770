"""Page URLs: which address shows which page."""

from django.urls import path

from labeling.web import (
    accounts,
    adjudication,
    dataset_versions,
    documents,
    exports,
    guidelines,
    help,
    imports,
    members,
    moved,
    my_annotations,
    new_projects,
    projects,
    questions,
    queue_mix,
    settings,
    shortcuts,
    tokens,
)
from labeling.web import (
    adjudication as relabeling,
)
from labeling.web.access import for_people
from labeling.web.desk import guideline_panel, page, prefetch

app_name = "labeling"

urlpatterns = [
    path("sign-in/", accounts.SignIn.as_view(), name="sign_in"),
    path("sign-out/", accounts.SignOut.as_view(), name="sign_out"),
    path("password/", for_people(accounts.ChangePassword.as_view()), name="change_password"),
    path("help/", help.page, name="help"),
    path("help/terms.json", help.terms, name="terms"),
    path("help/<path:name>/", help.page, name="help_page"),
    path("language/", accounts.language, name="language"),
    path("", projects.project_list, name="projects"),
    path("projects/new/", new_projects.new, name="new_project"),
    path("projects/new/file/", new_projects.upload, name="upload_project_file"),
    path("projects/new/file/<str:reference>/", new_projects.from_file, name="project_from_file"),
    path("projects/<int:project_id>/", projects.home, name="project"),
    path("projects/<int:project_id>/label/", page.label, name="label"),
    path("projects/<int:project_id>/label/skip/", page.skip, name="skip"),
    path("projects/<int:project_id>/label/defer/", page.defer, name="defer"),
    path("projects/<int:project_id>/label/rules/", guideline_panel.rules, name="rules"),
    path("projects/<int:project_id>/label/rules/read/", guideline_panel.read, name="guideline_read"),
    path("projects/<int:project_id>/label/ask/", page.ask, name="ask"),
    path("projects/<int:project_id>/label/undo/", page.undo, name="undo"),
    path("projects/<int:project_id>/label/ahead/", prefetch.ahead, name="ahead"),
    path("projects/<int:project_id>/label/holding/", prefetch.holding, name="holding"),
    path("projects/<int:project_id>/label/save/", prefetch.save, name="save"),
    path("projects/<int:project_id>/label/shortcuts/", shortcuts.my_keys, name="my_keys"),
    path("projects/<int:project_id>/label/shortcuts/reset/", shortcuts.reset_keys, name="reset_keys"),
    path("projects/<int:project_id>/label/annotations/", my_annotations.mine, name="mine"),
    path(
        "projects/<int:project_id>/label/annotations/<int:annotation_id>/",
        my_annotations.correct,
        name="correct",
    ),
    path(
        "projects/<int:project_id>/label/annotations/<int:annotation_id>/take-back/",
        my_annotations.take_back,
        name="take_back",
    ),
    path("projects/<int:project_id>/label/disputes/", adjudication.disputes, name="disputes"),
    path("projects/<int:project_id>/label/disputes/<int:document_id>/", adjudication.dispute, name="dispute"),
    path(
        "projects/<int:project_id>/documents/<int:document_id>/relabel/", relabeling.relabel, name="relabel"
    ),
    path("projects/<int:project_id>/label/questions/<int:question_id>/reply/", questions.reply, name="reply"),
    path("projects/<int:project_id>/guidelines/", guidelines.guideline, name="guideline"),
    path("projects/<int:project_id>/guidelines/edit/", guidelines.edit, name="guideline_edit"),
    path("projects/<int:project_id>/guidelines/versions/", guidelines.versions, name="guideline_versions"),
    path(
        "projects/<int:project_id>/guidelines/<int:number>/", guidelines.guideline, name="guideline_version"
    ),
    path(
        "projects/<int:project_id>/guidelines/<int:old>/to/<int:new>/",
        guidelines.difference,
        name="guideline_diff",
    ),
    path("projects/<int:project_id>/owed/<slug:kind>/retry/", projects.retry, name="retry_work"),
    path("projects/<int:project_id>/settings/", settings.settings, name="settings"),
    path("projects/<int:project_id>/settings/policy/", settings.change_policy, name="change_policy"),
    path("projects/<int:project_id>/settings/pause/", settings.pause, name="pause"),
    path("projects/<int:project_id>/settings/queue/", queue_mix.mixing, name="mixing"),
    path("projects/<int:project_id>/settings/queue/change/", queue_mix.change_mix, name="change_mix"),
    path("projects/<int:project_id>/settings/queue/reset/", queue_mix.reset_mix, name="reset_mix"),
    path(
        "projects/<int:project_id>/settings/queue/seed-words/",
        queue_mix.change_seed_words,
        name="change_seed_words",
    ),
    path("projects/<int:project_id>/settings/classes/", settings.change_classes, name="change_classes"),
    path("projects/<int:project_id>/settings/classes/add/", settings.add_class, name="add_class"),
    path(
        "projects/<int:project_id>/settings/classes/<uuid:class_id>/retire/",
        settings.retire_class,
        name="retire_class",
    ),
    path(
        "projects/<int:project_id>/settings/classes/<uuid:class_id>/restore/",
        settings.restore_class,
        name="restore_class",
    ),
    path("projects/<int:project_id>/team/", members.members, name="members"),
    path("projects/<int:project_id>/team/invite/", members.invite, name="invite"),
    path("projects/<int:project_id>/team/<int:user_id>/role/", members.change_role, name="change_role"),
    path("projects/<int:project_id>/team/<int:user_id>/remove/", members.remove, name="remove_member"),
    path(
        "projects/<int:project_id>/team/invitations/<int:invitation_id>/revoke/",
        members.revoke_invitation,
        name="revoke_invitation",
    ),
    path("join/<str:secret>/", members.join, name="join"),
    path("projects/<int:project_id>/settings/tokens/", tokens.token_list, name="tokens"),
    path("projects/<int:project_id>/settings/tokens/create/", tokens.create, name="create_token"),
    path(
        "projects/<int:project_id>/settings/tokens/<int:token_id>/revoke/", tokens.revoke, name="revoke_token"
    ),
    path("projects/<int:project_id>/documents/", documents.documents, name="documents"),
    path("projects/<int:project_id>/documents/<int:document_id>/", documents.document, name="document"),
    path(
        "projects/<int:project_id>/documents/<int:document_id>/exclude/",
        documents.exclude,
        name="exclude_document",
    ),
    path(
        "projects/<int:project_id>/documents/<int:document_id>/include/",
        documents.include,
        name="include_document",
    ),
    path(
        "projects/<int:project_id>/documents/<int:document_id>/gold/",
        documents.mark_gold,
        name="mark_gold",
    ),
    path(
        "projects/<int:project_id>/documents/<int:document_id>/gold/end/",
        documents.unmark_gold,
        name="unmark_gold",
    ),
    path("projects/<int:project_id>/documents/export/", exports.labels, name="export"),
    path(
        "projects/<int:project_id>/documents/export/files/<uuid:file_id>/",
        exports.written,
        name="export_file",
    ),
    path(
        "projects/<int:project_id>/documents/export/files/<uuid:file_id>/delete/",
        exports.delete,
        name="delete_export_file",
    ),
    path("projects/<int:project_id>/documents/versions/", dataset_versions.versions, name="dataset_versions"),
    path(
        "projects/<int:project_id>/documents/versions/<int:version_number>/",
        dataset_versions.version,
        name="dataset_version",
    ),
    path(
        "projects/<int:project_id>/documents/versions/<int:version_number>/card.md",
        dataset_versions.data_card,
        name="dataset_card",
    ),
    path(
        "projects/<int:project_id>/documents/versions/<int:version_number>/files/<slug:file_format_key>/",
        dataset_versions.version_file,
        name="dataset_version_file",
    ),
    path(
        "projects/<int:project_id>/documents/versions/<int:version_number>/difference/<int:other_number>/",
        dataset_versions.difference,
        name="dataset_difference",
    ),
    path(
        "projects/<int:project_id>/documents/versions/<int:version_number>/delete/",
        dataset_versions.delete,
        name="delete_dataset_version",
    ),
    path("projects/<int:project_id>/documents/import/", imports.upload, name="import"),
    path("projects/<int:project_id>/documents/import/<uuid:job_id>/", imports.job, name="import_job"),
    path("projects/<int:project_id>/documents/import/<uuid:job_id>/undo/", imports.undo, name="undo_import"),
    path(
        "projects/<int:project_id>/documents/import/<uuid:job_id>/start/", imports.start, name="start_import"
    ),
    path(
        "projects/<int:project_id>/documents/import/<uuid:job_id>/resume/",
        imports.resume,
        name="resume_import",
    ),
    path(
        "projects/<int:project_id>/documents/import/<uuid:job_id>/cancel/",
        imports.cancel,
        name="cancel_import",
    ),
    path(
        "projects/<int:project_id>/documents/import/<uuid:job_id>/discard/",
        imports.discard,
        name="discard_import",
    ),
    path(
        "projects/<int:project_id>/documents/import/<uuid:job_id>/bad-rows.csv",
        imports.bad_rows,
        name="bad_rows",
    ),
    path(
        "projects/<int:project_id>/documents/import/<uuid:job_id>/rejected-rows/",
        imports.rejected_rows,
        name="rejected_rows",
    ),
    *moved.redirects(
        {
            "mine": "label/annotations",
            "disputes": "label/disputes",
            "questions": "label/questions",
            "keys": "label/shortcuts",
            "guideline": "guidelines",
            "mix": "settings/queue",
            "tokens": "settings/tokens",
            "classes": "settings/classes",
            "members": "team",
            "invitations": "team/invitations",
            "export": "documents/export",
        }
    ),
]

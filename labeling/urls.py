"""Which address shows which page?"""

from django.urls import path

from labeling.views import (
    accounts,
    desk,
    disputes,
    documents,
    exports,
    guidelines,
    imports,
    members,
    mixing,
    projects,
    settings,
    tokens,
    work,
)

app_name = "labeling"

urlpatterns = [
    path("sign-in/", accounts.SignIn.as_view(), name="sign_in"),
    path("sign-out/", accounts.SignOut.as_view(), name="sign_out"),
    path("password/", accounts.ChangePassword.as_view(), name="change_password"),
    path("", projects.project_list, name="projects"),
    path("projects/new/", projects.new, name="new_project"),
    path("projects/<int:project_id>/", projects.home, name="project"),
    path("projects/<int:project_id>/label/", desk.label, name="label"),
    path("projects/<int:project_id>/label/skip/", desk.skip, name="skip"),
    path("projects/<int:project_id>/label/defer/", desk.defer, name="defer"),
    path("projects/<int:project_id>/label/undo/", desk.undo, name="undo"),
    path("projects/<int:project_id>/mine/", work.mine, name="mine"),
    path("projects/<int:project_id>/mine/<int:annotation_id>/", work.correct, name="correct"),
    path("projects/<int:project_id>/mine/<int:annotation_id>/take-back/", work.take_back, name="take_back"),
    path("projects/<int:project_id>/disputes/", disputes.disputes, name="disputes"),
    path("projects/<int:project_id>/disputes/<int:document_id>/", disputes.dispute, name="dispute"),
    path("projects/<int:project_id>/guideline/", guidelines.guideline, name="guideline"),
    path("projects/<int:project_id>/guideline/edit/", guidelines.edit, name="guideline_edit"),
    path("projects/<int:project_id>/guideline/versions/", guidelines.versions, name="guideline_versions"),
    path("projects/<int:project_id>/guideline/<int:number>/", guidelines.guideline, name="guideline_version"),
    path(
        "projects/<int:project_id>/guideline/<int:old>/to/<int:new>/",
        guidelines.difference,
        name="guideline_diff",
    ),
    path("projects/<int:project_id>/owed/<slug:kind>/retry/", projects.retry, name="retry_work"),
    path("projects/<int:project_id>/settings/", settings.settings, name="settings"),
    path("projects/<int:project_id>/settings/policy/", settings.change_policy, name="change_policy"),
    path("projects/<int:project_id>/settings/pause/", settings.pause, name="pause"),
    path("projects/<int:project_id>/mix/", mixing.mixing, name="mixing"),
    path("projects/<int:project_id>/mix/change/", mixing.change_mix, name="change_mix"),
    path("projects/<int:project_id>/mix/reset/", mixing.reset_mix, name="reset_mix"),
    path("projects/<int:project_id>/mix/seed-words/", mixing.change_seed_words, name="change_seed_words"),
    path("projects/<int:project_id>/classes/", settings.change_classes, name="change_classes"),
    path("projects/<int:project_id>/classes/add/", settings.add_class, name="add_class"),
    path(
        "projects/<int:project_id>/classes/<uuid:class_id>/retire/",
        settings.retire_class,
        name="retire_class",
    ),
    path(
        "projects/<int:project_id>/classes/<uuid:class_id>/restore/",
        settings.restore_class,
        name="restore_class",
    ),
    path("projects/<int:project_id>/members/", members.members, name="members"),
    path("projects/<int:project_id>/members/invite/", members.invite, name="invite"),
    path("projects/<int:project_id>/members/<int:user_id>/role/", members.change_role, name="change_role"),
    path("projects/<int:project_id>/members/<int:user_id>/remove/", members.remove, name="remove_member"),
    path(
        "projects/<int:project_id>/invitations/<int:invitation_id>/revoke/",
        members.revoke_invitation,
        name="revoke_invitation",
    ),
    path("join/<str:secret>/", members.join, name="join"),
    path("projects/<int:project_id>/tokens/", tokens.token_list, name="tokens"),
    path("projects/<int:project_id>/tokens/create/", tokens.create, name="create_token"),
    path("projects/<int:project_id>/tokens/<int:token_id>/revoke/", tokens.revoke, name="revoke_token"),
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
    path("projects/<int:project_id>/export/", exports.labels, name="export"),
    path("projects/<int:project_id>/documents/import/", imports.upload, name="import"),
    path("projects/<int:project_id>/documents/import/<uuid:job_id>/", imports.job, name="import_job"),
    path(
        "projects/<int:project_id>/documents/import/<uuid:job_id>/start/", imports.start, name="start_import"
    ),
    path(
        "projects/<int:project_id>/documents/import/<uuid:job_id>/resume/",
        imports.resume,
        name="resume_import",
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
]

"""Which address shows which page?"""

from django.urls import path

from labeling.views import accounts

app_name = "labeling"

urlpatterns = [
    path("sign-in/", accounts.SignIn.as_view(), name="sign_in"),
    path("sign-out/", accounts.SignOut.as_view(), name="sign_out"),
    path("password/", accounts.ChangePassword.as_view(), name="change_password"),
]

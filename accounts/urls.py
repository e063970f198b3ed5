"""Pages of an account beside those of django-allauth; where both have one, ours stands before."""

from django.urls import path

from . import views

urlpatterns = [
    path("code/", views.code, name="account_code"),
    path("code/typed/", views.code_typed, name="account_code_typed"),
    path("code/again/", views.code_again, name="account_code_again"),
    path("email/", views.Addresses.as_view(), name="account_email"),
    path("sessions/", views.sessions, name="account_sessions"),
    path("confirmed/", views.confirmed, name="account_confirmed"),
    path("password/set/", views.SetPassword.as_view(), name="account_set_password"),
    path("2fa/totp/activate/", views.SetUpApp.as_view(), name="mfa_activate_totp"),
    path("2fa/webauthn/add/", views.AddKey.as_view(), name="mfa_add_webauthn"),
]

"""Pages of an account beside those of django-allauth; where both have one, ours stands before."""

from django.urls import path

from . import views

urlpatterns = [
    path("sessions/", views.sessions, name="account_sessions"),
    path("confirmed/", views.confirmed, name="account_confirmed"),
    path("2fa/totp/activate/", views.SetUpApp.as_view(), name="mfa_activate_totp"),
    path("2fa/webauthn/add/", views.AddKey.as_view(), name="mfa_add_webauthn"),
]

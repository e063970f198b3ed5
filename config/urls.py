"""The address map of the whole site on one screen."""

from django.contrib import admin
from django.urls import include, path

from pages import search_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("conditions/", views.conditions, name="conditions"),
    path("conditions/<slug:condition>/", views.condition, name="condition"),
    path("conditions/<slug:condition>/community/", views.community, name="community"),
    path("conditions/<slug:condition>/<slug:article>/", views.question, name="question"),
    path("conditions/<slug:condition>/<slug:article>/history/", views.history, name="history"),
    path("reviewers/<slug:reviewer>/", views.reviewer, name="reviewer"),
    path("how-we-review/", views.how_we_review, name="how-we-review"),
    path("search/", search_views.search_page, name="search"),
    path("search/suggestions/", search_views.suggestions, name="suggestions"),
    path("healthz", views.healthz, name="healthz"),
    path("accounts/", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "pages.views.bad_request"
handler403 = "pages.views.forbidden"
handler404 = "pages.views.not_found"
handler500 = "config.unavailable.broken"

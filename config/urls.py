"""The address map of the whole site on one screen."""

from django.contrib import admin
from django.urls import include, path

from pages import feedback, feeds, sitemaps, views

urlpatterns = [
    path("", views.home, name="home"),
    path("conditions/", views.conditions, name="conditions"),
    path("conditions/<slug:condition>/", views.condition, name="condition"),
    path("conditions/<slug:condition>/community/", views.community, name="community"),
    path("conditions/<slug:condition>/feed/", feeds.condition_feed, name="condition-feed"),
    path("conditions/<slug:condition>/<slug:article>/", views.question, name="question"),
    path("conditions/<slug:condition>/<slug:article>/history/", views.history, name="history"),
    path("conditions/<slug:condition>/<slug:article>/feedback/", feedback.feedback, name="feedback"),
    path("reviewers/<slug:reviewer>/", views.reviewer, name="reviewer"),
    path("how-we-review/", views.how_we_review, name="how-we-review"),
    path("feed/", feeds.feed, name="feed"),
    path("sitemap.xml", sitemaps.index, name="sitemap"),
    path("sitemap/<slug:part>.xml", sitemaps.part, name="sitemap-part"),
    path("robots.txt", sitemaps.robots, name="robots"),
    path("healthz", views.healthz, name="healthz"),
    path("accounts/", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "pages.views.bad_request"
handler403 = "pages.views.forbidden"
handler404 = "pages.views.not_found"
handler500 = "config.unavailable.broken"

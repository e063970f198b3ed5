"""The address map of the whole site on one screen."""

from django.contrib import admin
from django.urls import include, path, re_path

from community import joining, me
from pages import (
    about,
    alphabet,
    feedback,
    feeds,
    health,
    home,
    hub,
    question,
    reviewers,
    search_views,
    sitemaps,
    suggestions,
)
from pages.api import views as api
from pages.infobutton.views import infobutton

urlpatterns = [
    path("", home.home, name="home"),
    path("conditions/", alphabet.conditions, name="conditions"),
    path("conditions/<slug:condition>/", hub.condition, name="condition"),
    path("conditions/<slug:condition>/community/", hub.community, name="community"),
    path("conditions/<slug:condition>/community/suggest/", suggestions.suggest, name="suggest"),
    path("conditions/<slug:condition>/community/links/<int:number>/", suggestions.more_links, name="links-part"),
    path("conditions/<slug:condition>/community/links/<int:link>/report/", suggestions.report, name="report-link"),
    path("conditions/<slug:condition>/community/join/", joining.join, name="join"),
    path("join/code/", joining.code, name="join-code"),
    path("me/", me.me, name="me"),
    path("me/export/", me.export, name="me-export"),
    path("me/communities/<int:number>/", me.membership, name="membership"),
    path("me/communities/<int:number>/leave/", me.leave, name="leave"),
    path("me/erase/", me.erase, name="erase"),
    path("erased/", me.erased, name="erased"),
    path("conditions/<slug:condition>/feed/", feeds.condition_feed, name="condition-feed"),
    path("conditions/<slug:condition>/<slug:article>/", question.question, name="question"),
    path("conditions/<slug:condition>/<slug:article>/history/", question.history, name="history"),
    path("conditions/<slug:condition>/<slug:article>/feedback/", feedback.feedback, name="feedback"),
    path("a-z/answered/<int:number>/", alphabet.conditions, name="conditions-part"),
    path("a-z/<slug:letter>/", alphabet.letter, name="letter"),
    path("a-z/<slug:letter>/<int:number>/", alphabet.letter, name="letter-part"),
    path("reviewers/", reviewers.reviewers, name="reviewers"),
    path("reviewers/<slug:reviewer>/", reviewers.reviewer, name="reviewer"),
    path("reviewers/<slug:reviewer>/<int:number>/", reviewers.reviewer, name="reviewer-part"),
    path("how-we-review/", about.how_we_review, name="how-we-review"),
    path("accessibility/", about.accessibility, name="accessibility"),
    path("privacy/", about.privacy, name="privacy"),
    path("feed/", feeds.feed, name="feed"),
    path("sitemap.xml", sitemaps.index, name="sitemap"),
    path("sitemap/<slug:part>.xml", sitemaps.part, name="sitemap-part"),
    path("robots.txt", sitemaps.robots, name="robots"),
    path("search/", search_views.search_page, name="search"),
    path("search/suggestions/", search_views.suggestions, name="suggestions"),
    path("infobutton", infobutton, name="infobutton"),
    path("api/v1/", api.front, name="api"),
    path("api/v1/openapi.json", api.describe, name="api-openapi"),
    path("api/v1/conditions", api.conditions, name="api-conditions"),
    path("api/v1/conditions/<slug:condition>", api.condition, name="api-condition"),
    path("api/v1/articles", api.articles, name="api-articles"),
    path("api/v1/articles/<slug:condition>/<slug:article>", api.article, name="api-article"),
    path("api/v1/reviewers", api.reviewers, name="api-reviewers"),
    path("api/v1/reviewers/<slug:reviewer>", api.reviewer, name="api-reviewer"),
    path("api/v1/changes", api.changes, name="api-changes"),
    re_path(r"^api/v1/(?P<rest>(?s:.+))$", api.nothing, name="api-nothing"),
    path("healthz", health.healthz, name="healthz"),
    path("accounts/", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "pages.errors.bad_request"
handler403 = "pages.errors.forbidden"
handler404 = "pages.errors.not_found"
handler500 = "config.unavailable.broken"

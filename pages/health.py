"""For the operator's monitor: does it work?"""

from django.contrib.auth.decorators import login_not_required
from django.db import Error
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from accounts import guards, roles


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers and every guard stands, else 503 with names.

    No reader page: nobody keeps the answer (config/headers.py).
    """
    try:
        absent, lacking = guards.missing(), roles.missing_rights()
    except Error as error:
        return JsonResponse({"database": type(error).__name__}, status=503)
    found = {"guards_missing": absent, **({"rights_missing": lacking} if lacking else {})}
    return JsonResponse(found, status=503 if absent or lacking else 200)

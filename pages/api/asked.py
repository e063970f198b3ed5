"""What was asked for: the parameters of a request, read as the table describes them."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from django.http import QueryDict

from .problems import Problem
from .table import Parameter


def read(sent: QueryDict, parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """Each parameter with its value, its default where it was not sent. Raises Problem, which names the parameter."""
    for name, values in sent.lists():
        if name not in parameters:
            known = ", ".join(f"“{each}”" for each in parameters)
            takes = f"Use {known}." if known else "This address takes none; leave it out."
            raise _wrong(name, f"There is no parameter “{name[:60]}” here. {takes}")
        if len(values) > 1:
            raise _wrong(name, f"“{name}” was sent {len(values)} times. Send it once.")
    return {
        name: _value(parameter, str(sent[name])) if name in sent else parameter.schema.get("default")
        for name, parameter in parameters.items()
    }


def _value(parameter: Parameter, sent: str) -> Any:
    schema = parameter.schema
    if schema["type"] == "boolean" and sent in {"true", "false"}:
        return sent == "true"
    if schema["type"] == "integer" and re.fullmatch(r"[1-9][0-9]{0,4}", sent, re.ASCII):
        if int(sent) <= schema["maximum"]:
            return int(sent)
    elif schema["type"] == "string" and _fits(schema, sent):
        return dt.date.fromisoformat(sent) if schema.get("format") == "date" else sent
    raise _wrong(parameter.name, f"“{parameter.name}” cannot be “{sent[:60]}”. {parameter.remedy}")


def _fits(schema: Mapping[str, Any], sent: str) -> bool:
    if schema.get("format") == "date":
        try:
            return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", sent, re.ASCII) and dt.date.fromisoformat(sent))
        except ValueError:
            return False
    if "enum" in schema:
        return sent in schema["enum"]
    return re.fullmatch(schema["pattern"].removeprefix("^").removesuffix("$"), sent, re.ASCII) is not None


def _wrong(name: str, detail: str) -> Problem:
    return Problem("bad-parameter", detail, parameter=name[:60])

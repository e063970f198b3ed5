"""Writes what a source says anew into the rows of conditions, many at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import models

from ..models import BroaderCondition, Condition, ConditionCode, ConditionName, SourceTerm
from .saying import PREFERRED, differences, kept_key, merged, merged_names

NOTHING: dict[str, Any] = {"names": {}, "definition": "", "codes": {}, "broader": []}
BATCH = 500
Row = TypeVar("Row", bound=models.Model)


@dataclass
class Ours:
    """The rows of one condition as they stand, with their ids."""

    names: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    broader: dict[str, str] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    definition: str = ""
    origin: str = ""
    successor: int | None = None


class Writing:
    """Takes what a source says anew of some conditions and writes it, a few statements for all of them."""

    def __init__(self, source: str, release: str, conditions: Mapping[str, int], made: set[int]) -> None:
        self.source = source
        self.release = release
        self.conditions = conditions
        self.made = made

    def write(self, new: Mapping[str, dict[str, Any]], known: Mapping[str, SourceTerm]) -> dict[str, str]:
        """Write it; says by identifier what changed of the condition, where anything did or a term is new."""
        ours = self._read({self.conditions[each] for each in new} - self.made)
        batch, rows, told = _Batch(), [], {}
        for identifier, said in new.items():
            row, condition = known.get(identifier), self.conditions[identifier]
            mine = ours.setdefault(condition, Ours(definition=said["definition"], origin=identifier))
            old = row.said if row is not None else NOTHING
            found = set(row.found if row is not None else ())
            what = self._merge(condition, mine, old, said, found, batch)
            if row is None and not mine.origin:
                batch.changed[condition]["origin"] = identifier
            if row is not None and row.retired_at is not None:
                what.append("in use again")
                self._lead_nowhere(condition, mine, old, batch)
            if what or row is None:
                told[identifier] = ", ".join(what) or "found here"
            rows.append(
                SourceTerm(
                    condition_id=condition,
                    source=self.source,
                    identifier=identifier,
                    release=self.release,
                    said=said,
                    found=sorted(found),
                )
            )
        batch.write()
        SourceTerm.objects.bulk_create(
            rows,
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["identifier"],
            update_fields=["release", "said", "found", "retired_at"],
        )
        return told

    def _merge(
        self, condition: int, mine: Ours, old: dict[str, Any], said: dict[str, Any], found: set[str], batch: "_Batch"
    ) -> list[str]:
        """Merge each kind of row into ours; what changed, in words."""
        what = []
        names = merged_names(old["names"], said["names"], mine.names, found)
        what += batch.names(condition, mine, names)
        these = merged(old["codes"], said["codes"], mine.codes, found)
        what += batch.codes(condition, mine, these)
        before, after = (self._ids(each["broader"]) for each in (old, said))
        what += batch.broader(condition, mine, merged(before, after, mine.broader, found))
        if old["definition"] != said["definition"] and mine.definition == old["definition"]:
            batch.changed[condition]["definition"] = said["definition"]
            what.append("definition")
        return what

    def _ids(self, terms: Iterable[str]) -> dict[str, str]:
        """Broader terms by the ids of their conditions, as keys that `merged` takes."""
        return {f"broader {self.conditions[term]}": "" for term in terms if term in self.conditions}

    def _lead_nowhere(self, condition: int, mine: Ours, old: dict[str, Any], batch: "_Batch") -> None:
        """A term that is in use again needs no successor, where the source had named it."""
        successor = self.conditions.get(old.get("successor", ""))
        if successor is not None and mine.successor == successor:
            batch.changed[condition]["successor"] = None

    def _read(self, conditions: set[int]) -> dict[int, Ours]:
        """The rows of conditions that were here before, locked: what an editor saves meanwhile waits for the end.

        The condition comes first, as when an editor saves it with its names: neither waits for the other in a circle.
        """
        ours: dict[int, Ours] = {}
        for row in Condition.objects.filter(pk__in=conditions).order_by("pk").select_for_update(of=("self",)):
            ours[row.pk] = Ours(definition=row.definition, origin=row.origin, successor=row.successor_id)
        for name in _locked(ConditionName).filter(condition__in=conditions, language="en"):
            ours[name.condition_id].names[name.text] = name.kind
            ours[name.condition_id].ids[f"name {name.text}"] = name.pk
        for code in _locked(ConditionCode).filter(condition__in=conditions):
            key = kept_key(code.system, code.code)
            ours[code.condition_id].codes[key] = code.match
            ours[code.condition_id].ids[key] = code.pk
        for row_above in _locked(BroaderCondition).filter(condition__in=conditions):
            key = f"broader {row_above.broader_id}"
            ours[row_above.condition_id].broader[key] = ""
            ours[row_above.condition_id].ids[key] = row_above.pk
        return ours


@dataclass
class _Batch:
    """Rows to write, gathered."""

    new: list[models.Model] = field(default_factory=list)
    gone: dict[type[models.Model], list[int]] = field(default_factory=lambda: defaultdict(list))
    kinds: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    matches: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    changed: dict[int, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))

    def names(self, condition: int, mine: Ours, after: dict[str, str]) -> list[str]:
        """The names of one condition; what changed, in words."""
        counts: dict[str, int] = defaultdict(int)
        for what, name in differences(mine.names, after):
            counts[what] += 1
            if what == "added":
                self.new.append(ConditionName(condition_id=condition, text=name, kind=after[name]))
            elif what == "removed":
                self.gone[ConditionName].append(mine.ids[f"name {name}"])
            else:
                self.kinds[after[name]].append(mine.ids[f"name {name}"])
        return _told("name", counts)

    def codes(self, condition: int, mine: Ours, after: dict[str, str]) -> list[str]:
        """The codes of one condition; what changed, in words."""
        counts: dict[str, int] = defaultdict(int)
        for what, key in differences(mine.codes, after):
            counts[what] += 1
            system, _, code = key.partition("|")
            if what == "added":
                self.new.append(ConditionCode(condition_id=condition, system=system, code=code, match=after[key]))
            elif what == "removed":
                self.gone[ConditionCode].append(mine.ids[key])
            else:
                self.matches[after[key]].append(mine.ids[key])
        return _told("code", counts)

    def broader(self, condition: int, mine: Ours, after: dict[str, str]) -> list[str]:
        """What is broader than one condition; what changed, in words."""
        counts: dict[str, int] = defaultdict(int)
        for what, key in differences(mine.broader, after):
            counts[what] += 1
            if what == "added":
                self.new.append(BroaderCondition(condition_id=condition, broader_id=int(key.removeprefix("broader "))))
            else:
                self.gone[BroaderCondition].append(mine.ids[key])
        return _told("broader condition", counts)

    def write(self) -> None:
        """Write all of it: first what makes room, so that a condition never has two preferred names."""
        for model, ids in self.gone.items():
            model._default_manager.filter(pk__in=ids).delete()
        for kind, ids in sorted(self.kinds.items(), key=lambda each: each[0] == PREFERRED):
            ConditionName.objects.filter(pk__in=ids).update(kind=kind)
        for match, ids in self.matches.items():
            ConditionCode.objects.filter(pk__in=ids).update(match=match)
        for pk, values in self.changed.items():
            Condition.objects.filter(pk=pk).update(**values)
        for model in (ConditionName, ConditionCode, BroaderCondition):
            rows: list[Any] = [row for row in self.new if isinstance(row, model)]
            model._default_manager.bulk_create(rows, batch_size=BATCH)


def _locked(model: type[Row]) -> "models.QuerySet[Row]":
    """Rows to write, which wait for whoever writes them now, and let nobody write them until the end."""
    return model._default_manager.order_by("pk").select_for_update()


def _told(noun: str, counts: Mapping[str, int]) -> list[str]:
    return [f"{count} {noun}{'s' if count > 1 else ''} {what}" for what, count in counts.items()]

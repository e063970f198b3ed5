"""What has no other home: the jobs that a timer runs."""

import datetime as dt
from typing import ClassVar

from django.db import models


class JobManager(models.Manager["Job"]):
    """The jobs and their leases."""

    def claim(self, name: str, *, now: dt.datetime, lease: dt.timedelta) -> bool:
        """Take a job that is due and free; False if it is neither. A crashed run is free again after its lease."""
        self.get_or_create(name=name, defaults={"due_at": now})
        free = models.Q(leased_until__isnull=True) | models.Q(leased_until__lt=now)
        return self.filter(free, name=name, due_at__lte=now).update(leased_until=now + lease) == 1


class Job(models.Model):
    """A repeated piece of work: when it is due, who has it, how the last run went."""

    name = models.CharField(max_length=50, primary_key=True)
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True)

    objects: ClassVar[JobManager] = JobManager()

    def __str__(self) -> str:
        return self.name

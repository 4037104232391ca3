"""Column types that several tables share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy as sa

from rag_core.errors import UnreadableRecord


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware datetime, stored as UTC without a zone, so that every database sorts it alike."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        """To UTC, zone dropped."""
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[object], datetime | None] | None:
        """What reads a stored value. A text that is no date is said in words."""
        read = super().result_processor(dialect, coltype)

        def checked(value: object) -> datetime | None:
            try:
                return read(value) if read else None
            except (TypeError, ValueError) as exc:
                raise UnreadableRecord(f"The database holds {value!r} in the place of a date.") from exc

        return checked

    def process_result_value(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        """UTC again."""
        return value.replace(tzinfo=UTC) if value else None

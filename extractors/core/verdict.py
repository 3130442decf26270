"""The verdict on one delivered file: loaded, repeated, withdrawn or rejected, and why. It touches nothing."""

import hashlib
import io
import re
import traceback
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv

from extractors.core.archive import Delivery, PartCount
from extractors.core.cells import Checked, check
from extractors.core.errors import DeliveryError
from extractors.core.inbox import Manifest, Received, Waiting, receive
from extractors.core.spec import File, Resource, SourceSpec
from extractors.core.table_file import TableRead, read

MESSAGE = 1000
_QUARTER_MONTHS = {"1": "01", "2": "04", "3": "07", "4": "10"}


class VolumeError(DeliveryError):
    """An unbelievable number of rows, which an operator may accept."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a file comes to.

    `table`: the records, where it is loaded or withdrawn. `kept`: the bytes for the archive: the file's own, or without
    natural persons' data where the spec has columns of theirs (`reduced`); nothing of a file that is not loaded.
    `skipped`: how many of its lines were taken for a `note` or a `total`.
    """

    delivery: Delivery
    table: pa.Table | None = None
    count: PartCount = field(default_factory=PartCount)
    kept: bytes = b""
    reduced: bool = False
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    next: str = ""


class History:
    """The deliveries of a resource so far, in the order they were taken."""

    def __init__(self, known: Iterable[tuple[date, Delivery]]) -> None:
        self._spoken = [(night, delivery) for night, delivery in known if delivery.speaks]

    def note(self, night: date, delivery: Delivery) -> None:
        """One more was taken."""
        if delivery.speaks:
            self._spoken.append((night, delivery))

    def current(self, part: str) -> tuple[date, Delivery] | None:
        """What a part is, and since when."""
        return next((found for found in reversed(self._spoken) if found[1].part == part), None)

    def superseded(self, part: str, sha256: str) -> date | None:
        """The night on which a part was already this content, once."""
        return next(
            (n for n, spoken in reversed(self._spoken) if spoken.part == part and spoken.sha256 == sha256), None
        )

    def before(self, part: str, sender: str, period: str) -> Delivery | None:
        """What to compare a delivery's volume with: the part's own last one, else the sender's last earlier period."""
        newest: dict[str, Delivery] = {}
        for _, spoken in self._spoken:
            newest[spoken.part] = spoken
        if part in newest:
            return newest[part] if newest[part].status == "loaded" else None
        earlier = [
            spoken
            for spoken in newest.values()
            if spoken.sender == sender and spoken.status == "loaded" and (spoken.period or "") < period
        ]
        return max(earlier, key=lambda spoken: spoken.period or "", default=None)


def judge(spec: SourceSpec, item: Waiting, history: History, run_date: date, *, accept_volume: bool = False) -> Verdict:
    """Judge a file against its spec, its manifest and what came before."""
    return _Case(spec, item, history, run_date, accept_volume).verdict()


class _Case:
    """One file before its judge; `_delivery` holds what is known of it so far."""

    def __init__(self, spec: SourceSpec, item: Waiting, history: History, run_date: date, accept_volume: bool) -> None:
        self._spec, self._item, self._history, self._run_date = spec, item, history, run_date
        self._accept_volume = accept_volume
        self._delivery = Delivery(
            source=spec.id,
            resource=item.resource,
            sender=item.sender,
            period=item.period,
            file_name=item.name,
            sha256="",
            issued_at=item.told.issued_at if item.told else None,
        )
        self._faults: list[str] = []
        self._warnings: list[str] = []
        self._skipped: Counter[str] = Counter()

    def verdict(self) -> Verdict:
        """Loaded, repeated, withdrawn, waiting or rejected."""
        mend = "mend the file and deliver it again"
        put_back = "put the file back in the inbox, then `fsdb extract"
        try:
            return self._judged()
        except VolumeError as error:
            then = f"{put_back} {self._spec.id} --accept-volume`"
            return self._rejected(str(error), f"if the sender confirms the number: {then}; else {mend}")
        except DeliveryError as error:
            return self._rejected(str(error), mend)
        except OSError:
            raise
        except Exception as error:  # one odd file must not stop the others, nor every night from now on
            return self._rejected(
                f"a fault of ours, not of the file: {_fault(error)}",
                f"tell those who run this; once it is mended they {put_back} {self._spec.id}`",
            )

    def _rejected(self, why: str, then: str) -> Verdict:
        known = self._history.current(self._delivery.part)
        stays = f"the delivery of {known[0]} stays in force" if known else "there is no earlier delivery of it"
        return Verdict(
            self._note(status="rejected", message=_short(why)),
            faults=self._faults,
            warnings=self._warnings,
            skipped=self._skipped,
            next=f"nothing of this file was loaded; {stays}; {then}",
        )

    def _note(self, **facts: object) -> Delivery:
        self._delivery = self._delivery.model_copy(update=facts)
        return self._delivery

    def _judged(self) -> Verdict:
        resource = self._spec.resources.get(self._item.resource or "")
        largest = max(one.file.max_bytes for one in self._spec.resources.values() if one.file)
        received = receive(self._item.path, resource.file.max_bytes if resource and resource.file else largest)
        self._note(sha256=received.sha256)
        if resource is None or resource.file is None or self._item.sender is None or self._item.period is None:
            files = {name: one.file for name, one in self._spec.resources.items() if one.file}
            names = "; ".join(
                f"{name}: {file.name}" + (f", such as {file.example}" if file.example else "")
                for name, file in files.items()
            )
            raise DeliveryError(f"the name fits no file of {self._spec.id}: expected {names}")
        if received.problem:
            raise DeliveryError(f"the file {received.problem}")
        self._check_period(resource.file, self._item.period)
        if self._item.manifest_problem:
            raise DeliveryError(self._item.manifest_problem)
        told = self._item.told
        if told is None and resource.file.manifest == "required":
            raise DeliveryError(f"expected a manifest {self._item.name}.manifest.json beside it; send it first")
        if told is not None:
            self._check_manifest(told, received)
            if self._item.withdraws and not told.withdraw:
                return Verdict(
                    self._note(status="waiting", message="the manifest waits for its file, nothing is done before"),
                    next="send the file; to withdraw what was delivered, say `withdraw`: true in the manifest",
                )
        known = self._history.current(self._delivery.part)
        if known and known[1].sha256 == received.sha256:
            since = f"the same content was taken on {known[0]} as {known[1].file_name}"
            # What is already in the archive without natural persons' data is not kept a second time with them.
            reduced = bool(resource.personal) and not self._item.withdraws
            return Verdict(
                self._note(status="repeated", message=since), reduced=reduced, next="nothing; it was not loaded"
            )
        return self._withdrawn(resource) if self._item.withdraws else self._loaded(resource, received)

    # -- what the name and the manifest say -------------------------------------------------------------------------

    def _check_period(self, file: File, period: str) -> None:
        """Refuse a period that is none of the calendar, or begins after tonight."""
        forms = {
            "day": r"\d{4}-\d{2}-\d{2}",
            "month": r"\d{4}-\d{2}",
            "quarter": r"\d{4}Q[1-4]",
            "year": r"\d{4}",
        }
        try:
            if not re.fullmatch(forms[file.period], period):
                raise ValueError
            year, month = period[:4], period[5:7] or "01"
            if file.period == "quarter":
                month = _QUARTER_MONTHS[period[5]]
            first = date.fromisoformat(f"{year}-{month}-{period[8:] or '01'}")
        except ValueError:
            raise DeliveryError(f"the period in the name: expected a {file.period}, got {period!r}") from None
        if first > self._run_date:
            raise DeliveryError(f"the period in the name lies ahead: tonight is {self._run_date}, got {period}")

    def _check_manifest(self, told: Manifest, received: Received) -> None:
        """Refuse what contradicts the file."""
        said = {
            "source": (self._delivery.source, told.source),
            "resource": (self._delivery.resource, told.resource or self._delivery.resource),
            "sender": (self._delivery.sender, told.sender),
            "period": (self._delivery.period, told.period),
        }
        if not self._item.withdraws:
            said["sha256"] = (received.sha256, told.sha256)
            if told.withdraw:
                raise DeliveryError("the manifest withdraws the part, yet a file came with it: send one or the other")
        for name, (actual, stated) in said.items():
            if actual != stated:
                raise DeliveryError(f"the manifest says {name} {stated}, the file is {actual}")
        night = told.issued_at.date()
        if night > self._run_date + timedelta(days=1):
            raise DeliveryError(f"the manifest is issued ahead of time: tonight is {self._run_date}, got {night}")
        known = self._history.current(self._delivery.part)
        if known and known[1].issued_at and told.issued_at < known[1].issued_at and received.sha256 != known[1].sha256:
            raise DeliveryError(
                f"issued at {told.issued_at.isoformat()}, before the delivery in force "
                f"({known[1].file_name}, {known[1].issued_at.isoformat()}): expected a newer one"
            )

    def _withdrawn(self, resource: Resource) -> Verdict:
        """The part becomes empty."""
        known = self._history.current(self._delivery.part)
        if known is None or known[1].status == "withdrawn":
            raise DeliveryError(
                f"there is nothing to withdraw: {self._delivery.part} was never delivered or is withdrawn"
            )
        empty = pa.table(
            {**{name: pa.array([], pa.string()) for name in resource.kept}, "_row": pa.array([], pa.int32())}
        )
        message = f"the {known[1].records} records of {known[1].file_name} ({known[0]}) are removed"
        return Verdict(
            self._note(status="withdrawn", message=message),
            table=empty,
            kept=receive(self._item.path, 2**20).content,
            next="to bring the part back, deliver it again with a newer manifest",
        )

    # -- what the content says --------------------------------------------------------------------------------------

    def _loaded(self, resource: Resource, received: Received) -> Verdict:
        assert resource.file is not None
        known = self._history.current(self._delivery.part)
        self._check_superseded(received)
        sender, period = str(self._delivery.sender), str(self._delivery.period)
        found = read(self._item.name, received.content, resource, sender)
        self._note(encoding=found.encoding)
        self._warnings, self._skipped = [*found.warnings, *self._unordered(known)], found.skipped
        checked = check(found.table, resource, sender, period)
        self._faults = checked.faults
        self._note(rows=checked.rows, duplicates=checked.duplicates, faulty=checked.faulty, rejected=checked.rejected)
        declared = self._declared(checked)
        self._check_bad_rows(resource.file, checked)
        if not self._accept_volume:
            self._check_volume(resource, checked)
        kept, reduced = _archived(resource, found, received.content)
        how = f"replaces {known[1].file_name} ({known[0]})" if known else "first delivery of this part"
        bad = f"; {checked.faulty} row(s) withheld" if checked.faulty else ""
        bad += f"; {checked.rejected} row(s) rejected" if checked.rejected else ""
        return Verdict(
            self._note(status="loaded", message=f"{checked.table.num_rows} records loaded: {how}{bad}"),
            table=checked.table,
            count=PartCount(fetched=checked.rows, declared=declared, rejected=checked.rejected),
            kept=kept,
            reduced=reduced,
            faults=self._faults,
            warnings=self._warnings,
            skipped=self._skipped,
            next="mend the rows below and deliver the whole file again: it replaces this one"
            if self._faults
            else "nothing",
        )

    def _unordered(self, known: tuple[date, Delivery] | None) -> list[str]:
        """What to say of a file whose place in time nobody tells."""
        if known is None or known[1].issued_at is None or self._delivery.issued_at is not None:
            return []
        return [
            f"it has no manifest, and replaces {known[1].file_name}, issued at {known[1].issued_at.isoformat()}: "
            "which is newer cannot be told"
        ]

    def _check_superseded(self, received: Received) -> None:
        was = self._history.superseded(self._delivery.part, received.sha256)
        known = self._history.current(self._delivery.part)
        if was is None or known is None:
            return
        issued, before = self._delivery.issued_at, known[1].issued_at
        if issued is None or (before is not None and issued <= before):
            raise DeliveryError(
                f"the same content was loaded on {was} and replaced since by {known[1].file_name} ({known[0]}): "
                "to go back to it, send a manifest with a newer issued_at"
            )

    def _declared(self, checked: Checked) -> int:
        """How many rows the manifest and the running numbers announce; refuse a file that has another number."""
        told = self._item.told
        if told is not None and told.rows != checked.rows:
            raise DeliveryError(f"the manifest says {told.rows} rows, the file has {checked.rows}")
        if checked.last_number is not None and checked.last_number != str(checked.rows):
            raise DeliveryError(f"the last running number is {checked.last_number}, the file has {checked.rows} rows")
        return checked.rows

    def _check_bad_rows(self, file: File, checked: Checked) -> None:
        bad = checked.faulty + checked.rejected
        first = f"; the first: {checked.faults[0]}" if checked.faults else ""
        if bad and file.bad_rows.policy == "delivery":
            raise DeliveryError(f"{bad} of {checked.rows} rows are bad, and one refuses the whole file{first}")
        if bad > file.bad_rows.max * checked.rows:
            raise DeliveryError(
                f"{bad} of {checked.rows} rows are bad: more than {file.bad_rows.max:.0%} refuse the whole file{first}"
            )

    def _check_volume(self, resource: Resource, checked: Checked) -> None:
        rows, records = resource.rows, checked.table.num_rows
        if not rows.min <= records <= rows.max:
            raise VolumeError(f"{records} records: expected {rows.min} to {rows.max}")
        before = self._history.before(self._delivery.part, str(self._delivery.sender), str(self._delivery.period))
        if before is None:
            return
        had, than = before.records, f"{before.records} in {before.file_name}"
        if doubt := rows.lost(had, records) or rows.grown(had, records):
            raise VolumeError(f"{records} records, {than}: {doubt}")


def _archived(resource: Resource, found: TableRead, content: bytes) -> tuple[bytes, bool]:
    """What the archive keeps of a file, and whether that is less than the file."""
    if not resource.personal:
        return content, False
    names = [name for name in found.table.column_names if not name.startswith("_")]
    several = ["_where"] if set(found.table["_where"].to_pylist()) - {""} else []
    buffer = io.BytesIO()
    arrow_csv.write_csv(found.table.select([*several, "_row", *names]), buffer)
    return buffer.getvalue(), True


def sha256(content: bytes) -> str:
    """Hash of bytes."""
    return hashlib.sha256(content).hexdigest()


def _fault(error: Exception) -> str:
    """What went wrong and where, but not its words: they may quote the file, and natural persons with it."""
    steps = [step for step in traceback.extract_tb(error.__traceback__) if "extractors" in step.filename]
    return f"{type(error).__name__} in {Path(steps[-1].filename).name}, line {steps[-1].lineno}"


def _short(message: str) -> str:
    return message if len(message) <= MESSAGE else message[: MESSAGE - 1] + "…"

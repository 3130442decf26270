"""The guaranteed-loan file: real loans with their true figures, every generation of heads, and files that are none."""

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from scripted import Answer, Asked, Server, as_json

from extractors.core.archive import Archive, Outcome
from extractors.core.changes import ChangeLog
from extractors.core.deltas import standing
from extractors.core.fetch import Access, fetch
from extractors.core.files import sha256_of
from extractors.core.spec import all_specs

FIRST, SECOND = date(2023, 8, 8), date(2023, 8, 9)
FOIA = (
    "AsOfDate,Program,BorrName,BorrStreet,BorrCity,BorrState,BorrZip,BankName,BankFDICNumber,BankNCUANumber,BankStreet,"
    "BankCity,BankState,BankZip,GrossApproval,SBAGuaranteedApproval,ApprovalDate,ApprovalFiscalYear,"
    "FirstDisbursementDate,DeliveryMethod,subpgmdesc,InitialInterestRate,TermInMonths,NaicsCode,NaicsDescription,"
    "FranchiseCode,FranchiseName,ProjectCounty,ProjectState,SBADistrictOffice,CongressionalDistrict,BusinessType,"
    "BusinessAge,LoanStatus,PaidInFullDate,ChargeOffDate,GrossChargeOffAmount,RevolverStatus,JobsSupported"
)


class Catalogue:
    """A catalogue with one file, whose bytes a test sets."""

    def __init__(self, server: Server, folder: Path, clock: Any) -> None:
        self.address, self.archive, self.clock = server.address, Archive(folder / "raw"), clock
        self.file, self.name = b"", "foia-7a-fy2020-present-as-of-230630.csv"
        self.log = folder / "changes"
        self.modified: dict[str, str] = {}
        self.downloads = 0
        server.answer_to = self.answer

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/data.sba.gov/data.json":
            urls = [f"{self.address}/files.sba.gov/x/{self.name}", f"{self.address}/files.sba.gov/x/foia-504-x.csv"]
            files = [{"downloadURL": url} for url in urls]
            dataset = {"title": "7(a) & 504 FOIA", "distribution": files, **self.modified}
            return as_json({"dataset": [dataset, {"title": "other"}]})
        self.downloads += 1
        assert asked.path == f"/files.sba.gov/x/{self.name}"
        return Answer(self.file, headers={"Content-Type": "text/csv"})

    def loans(self, *loans: dict[str, str], head: str = FOIA) -> None:
        """The file has these loans under a head; what a loan does not say is filled in."""
        text = io.StringIO()
        names = head.split(",")
        usual = {"grossapproval": "1000", "sbaguaranteedapproval": "750", "approvaldate": "01/02/2021"}
        writer = csv.writer(text)
        writer.writerow(names)
        for loan in loans:
            given = usual | {name.lower(): value for name, value in loan.items()}
            writer.writerow([given.get(name.lower(), "") for name in names])
        self.file = text.getvalue().encode()

    def fetch(self, night: date = FIRST, least: int = 0) -> Outcome:
        """One attempt."""
        spec = all_specs()["sba"]
        rows = spec.resources["loan"].rows.model_copy(update={"min": least})
        loan = spec.resources["loan"].model_copy(update={"rows": rows})
        access = Access(self.clock, "fsdb/test", lambda _: f"{self.address}/data.sba.gov", paced=False, timeout=20.0)
        return fetch(spec.model_copy(update={"resources": {"loan": loan}}), "loan", self.archive, night, access)

    def folder(self, night: date = FIRST) -> Path:
        attempt = self.archive.last("sba", "loan", night)
        assert attempt
        return attempt.folder

    def records(self, night: date = FIRST) -> list[dict[str, Any]]:
        return pq.read_table(self.folder(night) / "records.parquet").to_pylist()

    def changes_of(self, night: date) -> tuple[int, int, int]:
        """(added, changed, removed) of a night that is read now."""
        self.fetch(night)
        return self.changes(night)

    def standing(self, night: date) -> dict[str, int]:
        """How many loans of each file stand after a night."""
        return standing(self.archive, "sba", "loan", all_specs()["sba"].resources["loan"], night)

    def changes(self, night: date) -> tuple[int, int, int]:
        """(added, changed, removed) of a night."""
        spec = all_specs()["sba"]
        log = ChangeLog(self.log, self.archive, "sba", "loan", spec.resources["loan"], spec.address)
        basis = log.update(night)[-1].basis
        assert basis.run_date == night
        return basis.added, basis.changed, basis.removed


@pytest.fixture
def catalogue(server: Server, tmp_path: Path, clock: Any) -> Catalogue:
    """A catalogue nobody has read yet."""
    return Catalogue(server, tmp_path, clock)


# -- when it is fetched ----------------------------------------------------------------------------------------------


def test_the_file_is_fetched_when_the_catalogue_says_that_it_is_another(catalogue: Catalogue) -> None:
    """Else its loans stand as they are; four weeks later it is fetched whatever the catalogue says."""
    borrowers = [{"BorrName": f"{name}, LLC"} for name in ("Sinu", "Rumi", "Onus", "Lacus")]
    catalogue.loans(*borrowers[:2])
    catalogue.modified = {"modified": "2026-07-01"}
    assert catalogue.changes_of(FIRST) == (2, 0, 0)
    catalogue.loans(*borrowers[:3])
    quiet = FIRST + timedelta(days=1)
    outcome = catalogue.fetch(quiet)
    assert (outcome.status, outcome.records, catalogue.downloads) == ("unchanged", 0, 1)
    assert catalogue.standing(quiet) == {"foia-7a-fy2020-present": 2}
    catalogue.modified = {"modified": "2026-07-15"}
    assert catalogue.changes_of(FIRST + timedelta(days=2)) == (1, 0, 0)
    catalogue.loans(*borrowers)
    assert catalogue.fetch(FIRST + timedelta(days=29)).records == 0
    assert catalogue.changes_of(FIRST + timedelta(days=30)) == (1, 0, 0)
    catalogue.name = "foia-7a-fy2020-present-as-of-260930.csv"
    catalogue.fetch(FIRST + timedelta(days=31))
    assert catalogue.downloads == 4


def test_a_catalogue_that_tells_no_date_is_not_believed_to_be_the_same(catalogue: Catalogue) -> None:
    catalogue.loans({"BorrName": "Sinu, Inc"})
    for night in range(2):
        catalogue.fetch(FIRST + timedelta(days=night))
    assert catalogue.downloads == 2


# -- the real file ---------------------------------------------------------------------------------------------------


def test_the_real_file_has_its_true_figures(
    box: Callable[..., Any], upstream_truth: dict[str, Any], tmp_path: Path, clock: Any
) -> None:
    """Loans, amounts, statuses; individuals masked; the archived file is the one the records point to."""
    running, true, archive = box(FIRST), upstream_truth["sba"], Archive(tmp_path / "raw")
    access = Access(clock, "fsdb/test", lambda _: f"{running.address}/data.sba.gov", paced=False, timeout=20.0)
    outcome = fetch(all_specs()["sba"], "loan", archive, FIRST, access)
    assert (outcome.status, outcome.records, outcome.warnings) == ("complete", true["rows"], [])
    attempt = archive.last("sba", "loan", FIRST)
    assert attempt
    records = f"read_parquet('{attempt.records()}')"
    sums = duckdb.sql(f"""
        select sum(approved_amount::decimal(18, 2)), sum(guaranteed_amount::decimal(18, 2)),
            sum(charged_off_amount::decimal(18, 2)), count(distinct loan_key), count(*) filter (is_individual = 'true')
        from {records}""").fetchall()[0]
    assert sums[:4] == (true["GrAppv"], true["SBA_Appv"], true["ChgOffPrinGr"], true["rows"])
    assert sums[4] == outcome.redacted >= 554
    statuses = duckdb.sql(f"select coalesce(status_raw, ''), count(*) from {records} group by 1").fetchall()
    assert dict(statuses) == true["MIS_Status"]
    kept = attempt.folder / "foia-7a-national-subset.csv.zst"
    assert outcome.files[kept.name] == sha256_of(kept)
    assert duckdb.sql(f"select distinct _payload from {records}").fetchall() == [(outcome.files[kept.name],)]
    names = {row[0] for row in duckdb.sql(f"select name from read_csv('{kept}', all_varchar = true)").fetchall()}
    assert "LACEY, TWYLA J." not in names
    assert "Rumi, LLC" in names


# -- heads -----------------------------------------------------------------------------------------------------------

NEWER = FOIA.replace("ApprovalFiscalYear", "ApprovalFY").replace("Program,", "Program,LocationID,", 1)
SPELLINGS = {
    "as it was": FOIA,
    "newer": NEWER.replace("DeliveryMethod,subpgmdesc", "ProcessingMethod,Subprogram")
    + ",CollateralInd,SoldSecMrktInd",
    "small": FOIA.lower(),
}


@pytest.mark.parametrize("head", SPELLINGS.values(), ids=SPELLINGS)
def test_every_spelling_of_the_head_gives_the_same_loan(head: str, catalogue: Catalogue) -> None:
    """One model, whatever the head of the year."""
    loan = {
        "BorrName": "Sinu, Inc", "BorrStreet": "1 Main St", "BorrZip": "06062", "BankName": "A BANK", "Program": "7A",
        "LoanStatus": "PIF", "JobsSupported": "4", "TermInMonths": "120", "NaicsCode": "722511",
        "ApprovalFiscalYear": "2021", "ApprovalFY": "2021",
    }  # fmt: skip
    catalogue.loans(loan, head=head)
    outcome = catalogue.fetch()
    assert (outcome.status, outcome.warnings, list(outcome.parts)) == ("complete", [], ["foia-7a-fy2020-present"])
    (record,) = catalogue.records()
    assert record["borrower_name"] == "Sinu, Inc"
    assert (record["borrower_zip"], record["lender_name"], record["program"]) == ("06062", "A BANK", "7A")
    assert (record["approval_fiscal_year"], record["status_raw"], record["term_months"]) == ("2021", "PIF", "120")
    assert (record["approved_amount"], record["guaranteed_amount"], record["_row"]) == ("1000", "750", 0)


def test_a_head_that_nobody_knows_is_refused(catalogue: Catalogue) -> None:
    """The error names the heads expected, the columns found and what is missing; nothing is guessed."""
    catalogue.loans({"BorrName": "Sinu, Inc"}, head=FOIA.replace("GrossApproval", "Amount"))
    outcome = catalogue.fetch()
    assert outcome.status == "failed"
    assert "expected the head LoanNr_ChkDgt … SBA_Appv or AsOfDate, Program … JobsSupported" in str(outcome.message)
    assert "no grossapproval" in str(outcome.message)
    assert not outcome.retriable


def test_a_column_nobody_knows_is_neither_loaded_nor_archived(catalogue: Catalogue) -> None:
    """It may speak of persons; a warning names it."""
    catalogue.loans({"BorrName": "Sinu, Inc", "OwnerPhone": "555-0100"}, head=FOIA + ",OwnerPhone")
    outcome = catalogue.fetch()
    assert outcome.warnings == ["foia-7a-fy2020-present: unknown columns ownerphone: neither loaded nor archived"]
    assert b"555-0100" not in _everything(catalogue.folder())


def _everything(folder: Path) -> bytes:
    """All that an attempt has written, unpacked."""
    told = (folder / "outcome.json").read_bytes()
    for path in folder.glob("*.parquet"):
        told += str(pq.read_table(path).to_pylist()).encode()
    for path in folder.glob("*.csv.zst"):
        told += str(duckdb.sql(f"from read_csv('{path}', all_varchar = true)").fetchall()).encode()
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".parquet", ".parquet", ".zst"]
    return told


# -- natural persons -------------------------------------------------------------------------------------------------

PEOPLE = [
    {"BorrName": "DOE PLUMBING", "BusinessType": "INDIVIDUAL"},
    {"BorrName": "[individual]"},
    {"BorrName": "Lacey, Twyla J."},
    {"BorrName": "O'NEIL, MARY-ANN"},
]
FIRMS = ["Rumi, LLC", "FOODETTE, THE", "Acme Widgets", "SMITH, JONES AND CO", "LaserSave, Incorporated", "7 ELEVEN, X"]


def test_names_of_persons_and_streets_reach_neither_records_nor_archive(catalogue: Catalogue) -> None:
    """By what the file states, else by how the name is written; a name with a company word stays."""
    street = {"BorrStreet": "12 Elm Street"}
    catalogue.loans(*(loan | street for loan in PEOPLE), *({"BorrName": name} | street for name in FIRMS))
    outcome = catalogue.fetch()
    assert outcome.redacted == len(PEOPLE)
    records = catalogue.records()
    assert [record["borrower_name"] for record in records] == [None] * len(PEOPLE) + FIRMS
    assert [record["is_individual"] for record in records] == ["true"] * len(PEOPLE) + ["false"] * len(FIRMS)
    told = _everything(catalogue.folder()).upper()
    assert not any(word in told for word in (b"ELM STREET", b"LACEY", b"TWYLA", b"NEIL", b"DOE"))
    assert b"RUMI" in told


# -- keys ------------------------------------------------------------------------------------------------------------


def test_a_loan_keeps_its_key_when_its_status_or_place_in_the_file_changes(catalogue: Catalogue) -> None:
    """Files without loan numbers: what identifies the loan is hashed; loans alike are numbered."""
    alike = {"BorrName": "Rumi, LLC", "BorrZip": "1", "LoanStatus": "EXEMPT"}
    other = {"BorrName": "TNP, LLC", "BorrZip": "2", "LoanStatus": "EXEMPT"}
    catalogue.loans(alike, other, alike)
    catalogue.fetch()
    keys = [record["loan_key"] for record in catalogue.records()]
    assert keys[2] == f"{keys[0]}#2"
    assert catalogue.changes(FIRST) == (3, 0, 0)
    catalogue.loans(other | {"LoanStatus": "CHGOFF", "BankName": "B"}, alike, alike)
    assert catalogue.fetch(SECOND).status == "complete"
    assert catalogue.changes(SECOND) == (0, 1, 0)


# -- files that are none ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda file: file + b'"x","y"\n', "not readable as CSV with 39 columns"),
        (lambda _: b"<html>maintenance</html>", "expected the head"),
        (lambda _: b"", "expected the head"),
        (lambda file: file.split(b"\n")[0] + b"\n", "0 records, the spec expects at least 100"),
    ],
    ids=["a row too short", "a page", "nothing", "only a head"],
)
def test_a_file_that_is_none_is_refused(spoil: Callable[[bytes], bytes], said: str, catalogue: Catalogue) -> None:
    """Nothing of it is loaded, and the message quotes no row, for a person may be named in it."""
    catalogue.loans({"BorrName": "Lacey, Twyla J."})
    catalogue.file = spoil(catalogue.file)
    outcome = catalogue.fetch(least=100)
    assert outcome.parts == {}
    assert said in str(outcome.message)
    assert "Lacey" not in str(outcome.message)
    assert list(catalogue.folder().glob("*.tmp")) == []


def test_a_catalogue_without_the_file_is_named(catalogue: Catalogue) -> None:
    """What the data set has instead is in the message."""
    catalogue.name = "readme.pdf"
    outcome = catalogue.fetch()
    assert "expected CSV files of 7(a) loans in the data set, got" in str(outcome.message)
    assert "readme.pdf" in str(outcome.message)

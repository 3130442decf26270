"""The heads that guaranteed-loan files have had, mapped to one model, in SQL."""

from dataclasses import dataclass

from extractors.core.errors import SchemaError
from extractors.core.sql import literal, quoted

# Words that make a name the name of an organization, however it is punctuated ("GOLDSMITH, THE", "Rumi, LLC").
ORGANIZATION_WORDS = [
    "THE",
    "INC",
    "INCORPORATED",
    "LLC",
    "L.L.C",
    "LTD",
    "LIMITED",
    "CORP",
    "CORPORATION",
    "CO",
    "COMPANY",
    "COMPANIES",
    "LP",
    "LLP",
    "LLLP",
    "PLLC",
    "PLC",
    "PC",
    "PA",
    "P.A",
    "P.C",
    "DBA",
    "ASSOCIATES",
    "ASSOC",
    "ASSOCIATION",
    "PARTNERS",
    "PARTNERSHIP",
    "BROTHERS",
    "BROS",
    "SONS",
    "GROUP",
    "HOLDINGS",
    "ENTERPRISE",
    "ENTERPRISES",
    "TRUST",
    "BANK",
    "FOUNDATION",
    "CHURCH",
    "CLUB",
    "SCHOOL",
    "INSTITUTE",
    "UNIVERSITY",
    "CLINIC",
    "DENTAL",
    "SERVICE",
    "SERVICES",
    "SHOP",
    "STORE",
    "MARKET",
    "CAFE",
    "RESTAURANT",
    "STUDIO",
    "SALON",
    "FARM",
    "FARMS",
    "RANCH",
    "AUTO",
    "TRUCKING",
    "TRANSPORT",
    "CONSTRUCTION",
    "CONSULTING",
    "DESIGN",
    "DESIGNS",
    "SYSTEMS",
    "TECHNOLOGIES",
    "SOLUTIONS",
    "PRODUCTS",
    "INDUSTRIES",
    "INTERNATIONAL",
    "USA",
    "OF",
    "AND",
]
# "LAST, FIRST", "LAST, FIRST M.", "LAST, FIRST MIDDLE JR": letters only.
_PERSON = r"^[A-Za-z'’ -]{2,}, *[A-Za-z'’-]+( +[A-Za-z'’-]+\.?){0,2}\.?$"


@dataclass(frozen=True, slots=True)
class Head:
    """One generation of the head. Names are written small, without anything but letters and digits.

    `columns`: our column → its name there (the first one present), or SQL over them where it begins with `=`.
    `needed`: without them it is no file of this generation. `known`: columns that are archived and not loaded.
    `name`, `person`: the borrower's name, and SQL that says whether the file itself calls the borrower a person.
    """

    title: str
    columns: dict[str, list[str]]
    known: list[str]
    name: str
    number: str | None = None
    person: str = "false"
    dropped: tuple[str, ...] = ()

    def found(self, present: list[str]) -> dict[str, str]:
        """Our columns → names in a file with the columns `present`; those it lacks are left out."""
        found = {}
        for column, names in self.columns.items():
            if name := next((name for name in names if name in present), None):
                found[column] = name
        return found

    def lacks(self, present: list[str]) -> list[str]:
        """Our columns that a file with the columns `present` does not have."""
        return [names[0] for column, names in self.columns.items() if column not in self.found(present)]

    def strange(self, present: list[str]) -> list[str]:
        """Columns that no file of this generation has had: neither loaded nor archived."""
        all_known = {name for names in self.columns.values() for name in names} | set(self.known) | set(self.dropped)
        return [name for name in present if name not in all_known]

    def is_individual(self, present: list[str]) -> str:
        """SQL: whether the borrower is a natural person.

        By what the file states (the mark `[individual]`; the kind of business), else by a cautious rule: the name is
        written "LAST, FIRST M." and has no word of an organization in it. A person written otherwise is not found.
        """
        words = "|".join(word.replace(".", r"\.") for word in ORGANIZATION_WORDS)
        name = quoted(self.name)
        stated = self.person if all(part in present for part in self._stated) else "false"
        return f"""coalesce(
            lower(trim({name})) = '[individual]' or {stated}
            or (regexp_matches(trim({name}), {literal(_PERSON)})
                and not regexp_matches(upper({name}), {literal(rf"(^|[ ,.])({words})([ ,.]|$)")})), false)"""

    @property
    def _stated(self) -> list[str]:
        return ["businesstype"] if "businesstype" in self.person else []


# The "national" file, 1962 to 2014: it alone has loan numbers.
NATIONAL = Head(
    title="LoanNr_ChkDgt … SBA_Appv",
    columns={
        "borrower_name": ["name"],
        "borrower_city": ["city"],
        "borrower_state": ["state"],
        "borrower_zip": ["zip"],
        "lender_name": ["bank"],
        "lender_state": ["bankstate"],
        "naics": ["naics"],
        "approved_on": ["approvaldate"],
        "approval_fiscal_year": ["approvalfy"],
        "term_months": ["term"],
        "employees": ["noemp"],
        "disbursed_on": ["disbursementdate"],
        "disbursed_amount": ["disbursementgross"],
        "status_raw": ["misstatus"],
        "charged_off_on": ["chgoffdate"],
        "charged_off_amount": ["chgoffpringr"],
        "approved_amount": ["grappv"],
        "guaranteed_amount": ["sbaappv"],
        "franchise": ["franchisecode"],
        "revolving": ["revlinecr"],
    },
    known=["loannrchkdgt", "newexist", "createjob", "retainedjob", "urbanrural", "lowdoc", "balancegross"],
    name="name",
    number="loannrchkdgt",
)

# The files released under the Freedom of Information Act, one a decade; spelled BorrName or borrname, and so on.
FOIA = Head(
    title="AsOfDate, Program … JobsSupported",
    columns={
        "borrower_name": ["borrname"],
        "borrower_city": ["borrcity"],
        "borrower_state": ["borrstate"],
        "borrower_zip": ["borrzip"],
        "lender_name": ["bankname"],
        "lender_state": ["bankstate"],
        "naics": ["naicscode"],
        "approved_on": ["approvaldate"],
        "approval_fiscal_year": ["approvalfiscalyear", "approvalfy"],
        "term_months": ["terminmonths"],
        "jobs_supported": ["jobssupported"],
        "program": ["program"],
        "disbursed_on": ["firstdisbursementdate"],
        "status_raw": ["loanstatus"],
        "charged_off_on": ["chargeoffdate"],
        "charged_off_amount": ["grosschargeoffamount"],
        "approved_amount": ["grossapproval"],
        "guaranteed_amount": ["sbaguaranteedapproval"],
        "franchise": ["franchisename"],
        "revolving": ["revolverstatus"],
    },
    known=[
        "asofdate",
        "locationid",
        "l2locid",
        "bankfdicnumber",
        "bankncuanumber",
        "bankstreet",
        "bankcity",
        "bankzip",
        "deliverymethod",
        "processingmethod",
        "subpgmdesc",
        "subprogram",
        "initialinterestrate",
        "fixedorvariableinterestind",
        "fixedorvariableinterestrate",
        "naicsdescription",
        "franchisecode",
        "projectcounty",
        "projectstate",
        "sbadistrictoffice",
        "congressionaldistrict",
        "businesstype",
        "businessage",
        "paidinfulldate",
        "collateralind",
        "soldsecmrktind",
        "soldsecondmarketind",
    ],
    name="borrname",
    person="upper(trim(businesstype)) = 'INDIVIDUAL'",
    dropped=("borrstreet",),
)
GENERATIONS = (NATIONAL, FOIA)
# What tells loans of a file without numbers apart and does not change while a loan lives: neither status nor lender.
IDENTITY = [
    "borrower_name",
    "borrower_city",
    "borrower_state",
    "borrower_zip",
    "naics",
    "approved_on",
    "approved_amount",
    "program",
    "term_months",
]


def head_of(present: list[str], place: str) -> Head:
    """The generation of a file with the columns `present`; raise `SchemaError` naming what was expected and found."""
    for head in GENERATIONS:
        if not head.lacks(present) and (head.number is None or head.number in present):
            return head
    closest = min(GENERATIONS, key=lambda head: len(head.lacks(present)))
    lacking = closest.lacks(present) or [str(closest.number)]
    raise SchemaError(
        f"{place}: expected the head {' or '.join(head.title for head in GENERATIONS)}; "
        f"got {', '.join(present)[:400]}: no {', '.join(lacking)}"
    )


def loans(head: Head, present: list[str], raw: str, columns: list[str]) -> str:
    """SQL: the kept `columns` of every row of the relation `raw`, and `_row`, its place."""
    found = head.found(present)
    person = head.is_individual(present)
    values = {column: quoted(name) for column, name in found.items()}
    values["borrower_name"] = f"case when not {person} then {quoted(head.name)} end"
    if head is NATIONAL:
        values["jobs_supported"] = "(try_cast(createjob as bigint) + try_cast(retainedjob as bigint))::varchar"
    told = ", ".join(
        f"{values.get(column, 'null::varchar')} as {quoted(column)}"
        for column in columns
        if column not in ("loan_key", "is_individual")
    )
    rest = ", ".join(quoted(column) for column in columns if column not in ("loan_key", "is_individual"))
    if head.number:
        key, number = f"trim({quoted(head.number)})", "1"
    else:
        # A person's name is no part of the key: a hash of it would still tell who it is.
        hashed = " || '|' || ".join(f"coalesce(trim({column}), '')" for column in IDENTITY)
        key, number = f"md5({hashed})", f"row_number() over (partition by base order by {rest})"
    return f"""
        with told as (
            select {told}, case when {person} then 'true' else 'false' end as is_individual, _row
                {f", {quoted(head.number)}" if head.number else ""}
            from {raw}
        ),
        keyed as (select {key} as base, * from told),
        numbered as (select {number} as nth, * from keyed)
        select
            base || case when nth > 1 then '#' || nth else '' end as loan_key, is_individual, {rest}, _row
        from numbered order by _row"""


def archived(head: Head, present: list[str], raw: str) -> str:
    """SQL: what is kept of the file: columns that are known, less persons' names and all borrowers' streets."""
    person = head.is_individual(present)
    strange = set(head.strange(present)) | set(head.dropped)
    shown = ", ".join(
        f"case when {person} then '[individual]' else {quoted(name)} end as {quoted(name)}"
        if name == head.name
        else quoted(name)
        for name in present
        if name not in strange
    )
    return f"select {shown} from {raw} order by _row"

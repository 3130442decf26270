"""Where settings come from and what is refused."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from pipeline.settings import SettingsError, is_somebody_elses, load, without_secrets


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the person who runs the tests."""
    import os

    for name in [name for name in os.environ if name.startswith("FSDB_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_the_environment_wins_over_the_file_and_the_file_over_defaults(monkeypatch, tmp_path: Path):
    """One order everywhere."""
    Path("fsdb.toml").write_text('keep_releases = 7\nparallel = 2\nsources = ["sse"]\n')
    monkeypatch.setenv("FSDB_PARALLEL", "3")
    settings = load()
    assert (settings.keep_releases, settings.parallel, settings.sources) == (7, 3, ("sse",))
    assert settings.data_dir == tmp_path / "data"


def test_sources_are_a_comma_list(monkeypatch):
    """`FSDB_SOURCES=sse, szse`."""
    monkeypatch.setenv("FSDB_SOURCES", "sse, szse,")
    assert load().sources == ("sse", "szse")
    assert load(sources="bse").sources == ("bse",)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("FSDB_UPSTREAM", "not an address", "upstream"), ("FSDB_PARALLEL", "0", "parallel"), ("FSDB_PARALLEL", "x", "x")],
)
def test_an_unusable_setting_is_named(monkeypatch, name: str, value: str, said: str):
    """Never a traceback."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=said):
        load()


def test_an_unknown_setting_in_the_file_is_named():
    """A misspelt setting must not be ignored in silence."""
    Path("fsdb.toml").write_text("data_dri = 'x'\n")
    with pytest.raises(SettingsError, match="data_dri"):
        load()
    Path("fsdb.toml").write_text("data_dir = \n")
    with pytest.raises(SettingsError, match=r"fsdb\.toml"):
        load()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("FSDB_TIMEZONE", "Mars/Base", "time zone"),
        ("FSDB_DATA_DIR", "", "expected a folder"),
        ("FSDB_CONTACT", "数据部", "contact"),
        ("FSDB_DATADIR", "x", "unknown setting FSDB_DATADIR"),
    ],
)
def test_a_slip_in_the_environment_is_refused(monkeypatch, name: str, value: str, said: str):
    """It would otherwise show up as something else much later, or not at all."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=said):
        load()


def test_passwords_in_addresses_are_not_shown(monkeypatch):
    """Neither in an error nor in `fsdb config`."""
    monkeypatch.setenv("FSDB_UPSTREAM", "htp://user:s3cret@host")
    with pytest.raises(SettingsError) as error:
        load()
    assert "s3cret" not in str(error.value)
    assert without_secrets("http://user:s3cret@host/x") == "http://•••@host/x"


def test_a_stand_in_on_this_machine_is_not_paced_but_the_world_is(monkeypatch):
    """Politeness is for other people's hosts."""
    live = "https://query.sse.com.cn"
    assert is_somebody_elses(load().address("sse", live))
    assert load().is_live("sse")
    monkeypatch.setenv("FSDB_UPSTREAM", "http://127.0.0.1:8099/")
    box = load()
    assert not is_somebody_elses(box.address("sse", live))
    assert not box.is_live("sse")
    assert box.address("sse", live) == "http://127.0.0.1:8099/query.sse.com.cn"
    monkeypatch.setenv("FSDB_UPSTREAM", "http://mirror.example:8099")
    assert is_somebody_elses(load().address("sse", live))


def test_one_source_can_answer_elsewhere():
    """`base_urls` is per source."""
    Path("fsdb.toml").write_text('[base_urls]\nsse = "http://127.0.0.1:1/"\n')
    settings = load()
    assert settings.address("sse", "https://query.sse.com.cn") == "http://127.0.0.1:1"
    assert settings.address("bse", "https://www.bse.cn") == "https://www.bse.cn"
    assert not settings.is_live("sse")
    assert settings.is_live("bse")


def test_a_token_comes_from_the_environment_and_is_shown_nowhere(monkeypatch):
    """Neither in `fsdb config` nor in an error; the name of a source without a token is a slip."""
    monkeypatch.setenv("FSDB_TOKEN_BANK_PRODUCTS", "s3cret")
    settings = load()
    token = settings.token("bank_products")
    assert token is not None
    assert token.get_secret_value() == "s3cret"
    assert settings.token("sse") is None
    assert "s3cret" not in f"{settings!r} {settings.tokens} {settings.model_dump_json()}"
    monkeypatch.setenv("FSDB_TOKEN_SSE", "s3cret")
    with pytest.raises(SettingsError, match="unknown setting FSDB_TOKEN_SSE") as error:
        load()
    assert "s3cret" not in str(error.value)


def test_a_token_that_is_given_wins(monkeypatch):
    """As every setting that is given: what an Airflow connection says."""
    monkeypatch.setenv("FSDB_TOKEN_BANK_PRODUCTS", "old")
    token = load(tokens={"bank_products": SecretStr("new")}).token("bank_products")
    assert token is not None
    assert token.get_secret_value() == "new"


def test_tokens_that_cannot_be_read_are_not_quoted():
    """The file may hold them; an error names the place only."""
    Path("fsdb.toml").write_text('tokens = ["s3cret"]\n')
    with pytest.raises(SettingsError, match="tokens") as error:
        load()
    assert "s3cret" not in str(error.value)

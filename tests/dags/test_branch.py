"""Which run the next one starts from, where several come to their end."""

from types import SimpleNamespace

import pytest

from dags import branch


@pytest.mark.parametrize(
    ("seen", "is_good", "is_older", "is_pushed"),
    [
        pytest.param("before", True, True, True, id="nobody settled meanwhile"),
        pytest.param("before", False, True, True, id="what a failed run has made is good"),
        pytest.param("other", True, False, True, id="another of an older commit"),
        pytest.param("other", True, True, False, id="another of a newer commit"),
        pytest.param("other", False, False, False, id="a failed run stays behind"),
    ],
)
def test_a_run_settles_where_no_better_one_has(monkeypatch, seen, is_good, is_older, is_pushed):
    pushed = []
    monkeypatch.setattr(branch, "last", lambda *_: seen)
    monkeypatch.setattr(branch, "_terms", lambda *_: SimpleNamespace(commit="theirs"))
    monkeypatch.setattr(branch, "_is_older", lambda *_: is_older)
    monkeypatch.setattr(branch, "git", lambda _, *words: pushed.append(words))
    run, what = SimpleNamespace(last="last"), SimpleNamespace(last="before", commit="ours")

    branch.settle(None, run, what, is_good=is_good)

    lease = f"--force-with-lease=last:{seen}"
    assert pushed == [("push", "-q", lease, "origin", "+HEAD:last")] * is_pushed

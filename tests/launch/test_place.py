import os
import stat
from pathlib import Path

import pytest

from launcher.place import LONGEST_SOCKET_FOLDER, Lock, Place, data_folder, socket_folder


def test_the_data_folder_is_where_the_environment_says():
    assert data_folder({"REFAMP_DATA": "/srv/refamp", "XDG_DATA_HOME": "/elsewhere"}) == Path("/srv/refamp")
    assert data_folder({"XDG_DATA_HOME": "/elsewhere"}) == Path("/elsewhere/refamp")
    assert data_folder({}) == Path.home() / ".local/share/refamp"


def test_sockets_stay_in_the_data_folder_while_their_path_is_short_enough():
    assert socket_folder(Path("/srv/refamp"), Path("/short"), 7) == Path("/srv/refamp/run")
    deep = Path("/srv", "a" * LONGEST_SOCKET_FOLDER)
    short = socket_folder(deep, Path("/short"), 7)
    assert short.parent == Path("/short")
    assert short != socket_folder(deep / "other", Path("/short"), 7)


def test_path_length_is_counted_in_bytes():
    accented = Path("/srv", "ã" * (LONGEST_SOCKET_FOLDER // 2))
    assert socket_folder(accented, Path("/short"), 7).parent == Path("/short")


def test_a_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    place = Place(tmp_path / "data")
    place.create()
    first = place.secret("secret-key")
    assert len(first) >= 50
    assert place.secret("secret-key") == first
    assert place.secret("another") != first
    assert stat.S_IMODE((place.data / "secret-key").stat().st_mode) == 0o600
    assert stat.S_IMODE(place.data.stat().st_mode) == 0o700
    assert sorted(path.name for path in place.data.iterdir() if path.is_file()) == ["another", "secret-key"]


def test_a_lock_has_one_holder_who_says_who_it_is(tmp_path):
    first, second = Lock(tmp_path / "lock"), Lock(tmp_path / "lock")
    assert first.acquire()
    first.describe(pid=1, address="here")
    assert not second.acquire()
    assert not second.acquire(shared=True)
    assert second.holder() == {"pid": 1, "address": "here"}
    first.release()
    assert second.acquire()


def test_a_shared_lock_has_many_holders(tmp_path):
    first, second, third = (Lock(tmp_path / "lock") for _ in range(3))
    assert first.acquire(shared=True)
    assert second.acquire(shared=True)
    assert not third.acquire()


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_lock_that_says_nothing_sensible_has_an_unknown_holder(tmp_path, text):
    (tmp_path / "lock").write_text(text)
    assert Lock(tmp_path / "lock").holder() == {}


def test_a_lock_outlives_exec_only_when_asked_to(tmp_path):
    lock = Lock(tmp_path / "lock")
    lock.acquire()
    assert not os.get_inheritable(lock.fd)
    lock.survive_exec()
    assert os.get_inheritable(lock.fd)

"""Authors are hashes under a salt, which is made once and never replaced."""

import hashlib
import os
import stat
import subprocess
import sys

import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.issues.authors import author_hash, load_author_salt

SALT = "0123456789abcdef"


def test_an_author_hash_depends_on_salt_source_and_name_and_is_no_plain_hash():
    def of(name="Ada", source="github", salt=SALT):
        return author_hash(name, source=source, salt=salt)

    assert of() == of()
    assert len({of(), of(name="Bob"), of(source="reddit"), of(salt="another-salt-0123")}) == 4
    assert of() != hashlib.sha256(b"Ada").hexdigest()
    assert of(name="") is None
    assert of(name=None) is None


def test_the_salt_is_made_once_for_its_owner_only(tmp_path):
    path = tmp_path / "deep" / "author_salt"
    salt = load_author_salt(path)
    assert len(salt) == 64
    assert load_author_salt(path) == salt
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["author_salt"]


def test_processes_that_start_at_once_agree_on_the_salt(tmp_path):
    code = "import sys, pathlib; from painpoint_platform.issues.authors import load_author_salt; "
    code += "print(load_author_salt(pathlib.Path(sys.argv[1])))"
    children = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "salt")], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert len({child.communicate(timeout=60)[0] for child in children}) == 1
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("content", ["", "short\n"])
def test_a_salt_that_is_too_short_is_refused_and_not_replaced(tmp_path, content):
    path = tmp_path / "author_salt"
    path.write_text(content)
    with pytest.raises(UserError, match=r"author_salt: holds \d characters, expected at least 16"):
        load_author_salt(path)
    assert path.read_text() == content


def test_a_salt_that_cannot_be_made_says_what_to_set(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="set AUTHOR_SALT"):
        load_author_salt(tmp_path / "file" / "author_salt")
    assert os.listdir(tmp_path) == ["file"]

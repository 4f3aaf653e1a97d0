from ingest.sources import files_of
from kb.errors import SourceError


def test_files_and_folders_in_a_fixed_order(tmp_path):
    for name in ("b.txt", "a.txt", ".hidden", "sub/c.txt", ".git/d.txt", "sub/a/e.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path)
    names = [str(path.relative_to(tmp_path)) for path in files_of([str(tmp_path)])]
    assert names == ["a.txt", "b.txt", "sub/c.txt", "sub/a/e.txt"]
    assert list(files_of([str(tmp_path / ".hidden")])) == [tmp_path / ".hidden"]


def test_names_that_lead_to_no_file(tmp_path):
    (tmp_path / "empty").mkdir()
    names = ["https://example.org/a", str(tmp_path / "none"), str(tmp_path / "empty"), "/dev/null"]
    found = list(files_of(names))
    assert all(isinstance(error, SourceError) for error in found)
    assert [error.problem for error in found] == [
        "is an address.",
        "does not exist.",
        "holds no files.",
        "is neither a file nor a folder.",
    ]

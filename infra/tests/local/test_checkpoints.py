from pathlib import Path

from infra.local.checkpoints import Checkpoint, CheckpointFile, replace_file


def test_a_shard_nobody_worked_on_is_read_from_its_beginning(tmp_path: Path) -> None:
    assert CheckpointFile(tmp_path, "shard-0").load() == Checkpoint(sequence_number=None)


def test_a_saved_checkpoint_is_found_by_the_next_worker(tmp_path: Path) -> None:
    saved = Checkpoint(sequence_number="17", planned_end="23")
    CheckpointFile(tmp_path / "new", "shard-0").save(saved)
    assert CheckpointFile(tmp_path / "new", "shard-0").load() == saved


def test_each_shard_has_its_own_checkpoint(tmp_path: Path) -> None:
    CheckpointFile(tmp_path, "shard-0").save(Checkpoint(sequence_number="17"))
    assert CheckpointFile(tmp_path, "shard-1").load() == Checkpoint()


def test_a_replacement_that_was_cut_off_changes_nothing(tmp_path: Path) -> None:
    CheckpointFile(tmp_path, "shard-0").save(Checkpoint(sequence_number="17"))
    (tmp_path / "shard-0.new").write_text('{"sequence_n')
    assert CheckpointFile(tmp_path, "shard-0").load().sequence_number == "17"


def test_a_replaced_file_keeps_what_an_earlier_reader_has_open(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    replace_file(path, b"old", durable=False)
    with path.open("rb") as reader:
        replace_file(path, b"new", durable=True)
        assert reader.read() == b"old"
    assert path.read_bytes() == b"new"

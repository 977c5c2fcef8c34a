"""The messages of proto/taskfit.proto, compiled at test time as a foreign producer would."""
import json
import pathlib
import subprocess
import tempfile
import uuid

from google.protobuf import descriptor_pb2, message_factory

ROOT = pathlib.Path(__file__).resolve().parents[2]


def _compile():
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["protoc-c", "--proto_path", ROOT / "proto",
                        f"--descriptor_set_out={out.name}", "taskfit.proto"], check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(out.name).read_bytes())
    return message_factory.GetMessages(files.file)


_classes = _compile()
Job = _classes["taskfit.v1.Job"]
Result = _classes["taskfit.v1.Result"]
Decision = _classes["taskfit.v1.Decision"]
DeadLetter = _classes["taskfit.v1.DeadLetter"]


def job(document, path="invoices", id=None, **fields):
    """A job as little filled as the contract allows."""
    message = Job(id=(id or uuid.uuid4()).bytes, path=path, **fields)
    message.input.json = document if isinstance(document, bytes) else json.dumps(document).encode()
    return message


def id_of(message):
    return uuid.UUID(bytes=message.id)

"""Where encrypted files lie: a folder, or any store that speaks S3. Neither knows names, types or keys."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from portal.core.errors import NotFound, PortalError
from portal.settings import Settings

PIECE = 64 * 1024
IN_MEMORY = 2 * 1024 * 1024


class StoreFailed(PortalError):
    """The store did not take or give the file; the request may be tried again."""


class Store(Protocol):
    """Keeps bytes under a name made by us. `get` raises `NotFound`, all raise `StoreFailed`."""

    def put(self, name: str, parts: Iterable[bytes]) -> None: ...

    def get(self, name: str) -> Iterator[bytes]: ...

    def delete(self, name: str) -> None: ...


def store_of(settings: Settings) -> Store:
    """The object store when configured, else a folder of the data directory."""
    if settings.s3_url:
        return ObjectStore(settings.s3_url)
    return FolderStore(settings.data_dir / "files")


@dataclass(frozen=True)
class FolderStore:
    folder: Path

    def put(self, name: str, parts: Iterable[bytes]) -> None:
        """Written beside and moved, so that a half-written file is never found under its name."""
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = path.with_suffix(".part")
        try:
            with temporary.open("wb") as file:
                for part in parts:
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise StoreFailed("The file could not be kept. Try again in a while.") from error

    def get(self, name: str) -> Iterator[bytes]:
        try:
            file = self._path(name).open("rb")
        except FileNotFoundError as error:
            raise NotFound("This file is gone.") from error
        with file:
            while part := file.read(PIECE):
                yield part

    def delete(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / name[:2] / name


class ObjectStore:
    """`https://key:secret@host/bucket`."""

    def __init__(self, url: str) -> None:
        self.url = url

    def put(self, name: str, parts: Iterable[bytes]) -> None:
        with SpooledTemporaryFile(max_size=IN_MEMORY) as file:
            for part in parts:
                file.write(part)
            file.seek(0)
            self._try(lambda: self._client.upload_fileobj(file, self._bucket, name))

    def get(self, name: str) -> Iterator[bytes]:
        found = self._try(lambda: self._client.get_object(Bucket=self._bucket, Key=name))
        yield from found["Body"].iter_chunks(PIECE)

    def delete(self, name: str) -> None:
        self._try(lambda: self._client.delete_object(Bucket=self._bucket, Key=name))

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401 - boto makes its classes as it runs
        parts = urlsplit(self.url)
        port = f":{parts.port}" if parts.port else ""
        make_client: Any = boto3.client
        make_config: Any = Config
        return make_client(
            "s3",
            endpoint_url=f"{parts.scheme}://{parts.hostname}{port}",
            aws_access_key_id=unquote(parts.username or ""),
            aws_secret_access_key=unquote(parts.password or ""),
            region_name="eu-west-2",
            config=make_config(connect_timeout=5, read_timeout=30, retries={"max_attempts": 3}),
        )

    @property
    def _bucket(self) -> str:
        return urlsplit(self.url).path.strip("/")

    def _try(self, call: Any) -> Any:  # noqa: ANN401 - whatever boto answers
        try:
            return call()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in {"NoSuchKey", "404"}:
                raise NotFound("This file is gone.") from error
            raise StoreFailed("The file could not be kept or fetched. Try again in a while.") from error
        except BotoCoreError as error:
            raise StoreFailed("The file could not be kept or fetched. Try again in a while.") from error

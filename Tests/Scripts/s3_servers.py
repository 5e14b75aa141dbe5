"""A throw-away S3 server with a proxy before it that makes requests fail, and boto3 to look at what is really there."""

import pathlib

import boto3
from botocore.config import Config
from database_servers import Server

FAULTS = ("reset", "reset-upload", "lost", "truncate", "error-500", "error-502", "error-503", "corrupt-upload", "delay")


class S3:
    """The server, the proxy, and a prefix in its bucket for shards and one for sources."""

    def __init__(self, folder, fault_rate, seed):
        self.server = Server("s3-server", folder / "s3")
        facts = self.server.facts
        self.bucket = facts["BUCKET"]
        self.proxy = Server(
            "fault-proxy", folder / "proxy", "--target", f"{facts['HOST']}:{facts['PORT']}", "--seed", str(seed),
            *(part for kind in FAULTS for part in ("--rate", f"{kind}={fault_rate / len(FAULTS)}")))
        # Directly: what is there must not depend on the proxy's mood.
        self.client = boto3.client(
            "s3", endpoint_url=facts["URL"], region_name=facts["REGION"], aws_access_key_id=facts["ACCESS_KEY"],
            aws_secret_access_key=facts["SECRET_KEY"], config=Config(max_pool_connections=16))

    def connection(self):
        """The keys of a configuration that name the service, as seen through the proxy."""
        facts = self.server.facts
        return {
            "endpoint_url": self.proxy.facts["URL"], "region_name": facts["REGION"],
            "access_key_id": facts["ACCESS_KEY"], "secret_access_key": facts["SECRET_KEY"],
        }

    def objects(self, prefix):
        """Key without the prefix: (entity tag, size, time) of all objects below it."""
        found = {}
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
            for item in page.get("Contents", []):
                found[item["Key"][len(prefix):]] = (item["ETag"], item["Size"], str(item["LastModified"]))
        return found

    def download(self, key, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.client.download_file(self.bucket, key, str(path))

    def put(self, key, content):
        """Returns the entity tag."""
        return self.client.put_object(Bucket=self.bucket, Key=key, Body=content)["ETag"]

    def unfinished_uploads(self, prefix):
        answer = self.client.list_multipart_uploads(Bucket=self.bucket, Prefix=prefix)
        return [upload["Key"] for upload in answer.get("Uploads", [])]

    @property
    def requests_log(self):
        """Of the proxy: METHOD PATH KIND for each request."""
        return pathlib.Path(self.proxy.folder) / "log"

    def requests(self):
        """How often the proxy passed or disturbed a request."""
        kinds = {}
        for line in self.requests_log.read_text().splitlines():
            kind = line.rsplit(" ", 1)[-1]
            kinds[kind] = kinds.get(kind, 0) + 1
        return kinds

    def remove(self):
        self.proxy.remove()
        self.server.remove()

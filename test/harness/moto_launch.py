"""Starts moto on a free loopback port, with what it answers wrongly put right.

govboot is written for AWS and never for an emulator, so the differences that matter are mended here,
against moto 5.2.1. Every mend is checked through the real SDK by moto.test.ts; a moto whose inside has
changed fails there, or right here with an AttributeError, and not somewhere in the product's tests.

Prints one line of JSON, {"port": N}, and then serves until its standard input closes: a test process
that dies takes its moto along.
"""

import json
import os
import signal
import sys
import threading
from datetime import datetime, timedelta, timezone

import xmltodict
from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import DynamoDBBackend
from moto.iam.access_control import PermissionResult
from moto.kms.responses import KmsResponse
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.exceptions import InvalidBucketState, S3AccessDeniedError
from moto.s3.models import FakeBucket, S3Backend, s3_backends
from moto.s3.responses import S3Response
from werkzeug.serving import make_server


def amended(method, amend):
    """`method`, with `amend(response, result)` applied to the result before it becomes XML."""

    def wrapper(self, *args, **kwargs):
        plain = self.serialized

        def serialized(action_result):
            if isinstance(action_result.result, dict):
                amend(self, action_result.result)
            return plain(action_result)

        self.serialized = serialized
        try:
            return method(self, *args, **kwargs)
        finally:
            del self.serialized

    return wrapper


def as_list(value):
    """xmltodict gives one element as itself and several as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


# --- Bucket policies: moto ignores Condition, so "deny what is not TLS" would deny everything. ---

FakeBucket.get_permission = lambda self, action, resource: PermissionResult.NEUTRAL


# --- x-amz-expected-bucket-owner: moto ignores it; AWS answers 403 when the owner is another account. ---

authorize = S3Response._authenticate_and_authorize_s3_action


def authorize_and_check_owner(self, *args, bucket_name=None, **kwargs):
    expected = self.headers.get("x-amz-expected-bucket-owner")
    owner = s3_backends.bucket_accounts.get(bucket_name)
    if expected and owner and owner[1] != expected:
        raise S3AccessDeniedError()
    return authorize(self, *args, bucket_name=bucket_name, **kwargs)


S3Response._authenticate_and_authorize_s3_action = authorize_and_check_owner


# --- TagResource: moto adds a tag that is there a second time, and its pages then lead back to the first of the two. ---


def tag_table(self, table_arn, tags):
    for table in self.tables.values():
        if table.table_arn == table_arn:
            kept = {tag["Key"]: tag for tag in table.tags}
            kept.update({tag["Key"]: tag for tag in tags})
            table.tags = list(kept.values())


DynamoDBBackend.tag_resource = tag_table


# --- CreateBucket: moto drops the tags in CreateBucketConfiguration. ---

bucket_put = S3Response._bucket_response_put


def bucket_put_with_tags(self, request, bucket_name, querystring):
    creates = not set(querystring) - {"x-id"} and bucket_name not in s3_backends.bucket_accounts
    answer = bucket_put(self, request, bucket_name, querystring)
    if creates and self.body:
        configuration = xmltodict.parse(self.body).get("CreateBucketConfiguration") or {}
        tags = as_list((configuration.get("Tags") or {}).get("Tag"))
        if tags:
            self.backend.put_bucket_tagging(bucket_name, {t["Key"]: t["Value"] or "" for t in tags})
    return answer


S3Response._bucket_response_put = bucket_put_with_tags


# --- Lifecycle: moto drops NewerNoncurrentVersions from NoncurrentVersionExpiration. ---

set_lifecycle = FakeBucket.set_lifecycle


def set_lifecycle_whole(self, rules):
    set_lifecycle(self, rules)
    for kept, given in zip(self.rules, rules):
        kept.nve_newer_versions = (given.get("NoncurrentVersionExpiration") or {}).get("NewerNoncurrentVersions")


def show_newer_versions(self, result):
    for kept, shown in zip(self.backend.get_bucket_lifecycle(self.bucket_name), result.get("Rules", [])):
        if kept.nve_newer_versions is not None:
            shown["NoncurrentVersionExpiration"]["NewerNoncurrentVersions"] = kept.nve_newer_versions


FakeBucket.set_lifecycle = set_lifecycle_whole
S3Response.get_bucket_lifecycle = amended(S3Response.get_bucket_lifecycle, show_newer_versions)


# --- Default encryption: moto keeps BlockedEncryptionTypes and does not show them. ---


def show_blocked_types(self, result):
    kept = self.backend.get_bucket_encryption(self.bucket_name)["Rule"].get("BlockedEncryptionTypes")
    if kept:
        for rule in result.get("ServerSideEncryptionConfiguration", {}).get("Rules", []):
            rule["BlockedEncryptionTypes"] = {"EncryptionType": as_list(kept.get("EncryptionType"))}


S3Response.get_bucket_encryption = amended(S3Response.get_bucket_encryption, show_blocked_types)


# --- Object Lock: moto wants an empty bucket; AWS wants a versioned one, empty or not. ---


def put_object_lock_configuration(self, bucket_name, lock_enabled, mode=None, days=None, years=None):
    bucket = self.get_bucket(bucket_name)
    if not bucket.is_versioned:
        raise InvalidBucketState("Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration")
    bucket.object_lock_enabled = bucket.object_lock_enabled or lock_enabled
    bucket.default_lock_mode = mode
    # The one of the two that was not given arrives as 0, and AWS does not show it.
    bucket.default_lock_days = days or None
    bucket.default_lock_years = years or None


S3Backend.put_object_lock_configuration = put_object_lock_configuration


def default_retention(self):
    days = (self.default_lock_days or 0) + (self.default_lock_years or 0) * 365
    return (datetime.now(timezone.utc) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


FakeBucket.default_retention = default_retention


# --- GetObjectRetention: moto has no such call, and answers it with the object. ---

key_get = S3Response._key_response_get


def key_get_with_retention(self, query, key_name):
    if "retention" not in query:
        return key_get(self, query, key_name)
    self._set_action("KEY", "GET", query)
    self._authenticate_and_authorize_s3_action(bucket_name=self.bucket_name, key_name=key_name)
    key, _ = self._get_key()
    headers = {"content-type": "application/xml"}
    if not key.lock_mode:
        message = "The specified object does not have a ObjectLock configuration"
        return 404, headers, f"<Error><Code>NoSuchObjectLockConfiguration</Code><Message>{message}</Message></Error>"
    kept = f"<Mode>{key.lock_mode}</Mode><RetainUntilDate>{key.lock_until}</RetainUntilDate>"
    return 200, headers, f"<Retention>{kept}</Retention>"


S3Response._key_response_get = key_get_with_retention


# --- Key rotation: moto forgets the period, and accepts any. ---

enable_key_rotation = KmsResponse.enable_key_rotation
get_key_rotation_status = KmsResponse.get_key_rotation_status


def key_of(self):
    return self.kms_backend.keys[self.kms_backend.get_key_id(self._get_param("KeyId"))]


def enable_key_rotation_with_period(self):
    period = self._get_param("RotationPeriodInDays") or 365
    if not 90 <= period <= 2560:
        raise JsonRESTError("ValidationException", f"Rotation period of {period} days is outside 90 to 2560")
    answer = enable_key_rotation(self)
    key_of(self).rotation_period_in_days = period
    return answer


def get_key_rotation_status_with_period(self):
    status = json.loads(get_key_rotation_status(self))
    key = key_of(self)
    status["KeyId"] = key.id
    if status["KeyRotationEnabled"]:
        period = getattr(key, "rotation_period_in_days", 365)
        status["RotationPeriodInDays"] = period
        status["NextRotationDate"] = key.creation_date + timedelta(days=period).total_seconds()
    return json.dumps(status)


KmsResponse.enable_key_rotation = enable_key_rotation_with_period
KmsResponse.get_key_rotation_status = get_key_rotation_status_with_period


# --- Verify: moto answers 200 with SignatureValid false; AWS refuses. ---

verify = KmsResponse.verify


def verify_or_refuse(self):
    answer = verify(self)
    if not json.loads(answer)["SignatureValid"]:
        raise JsonRESTError("KMSInvalidSignatureException", "")
    return answer


KmsResponse.verify = verify_or_refuse


# --- Forks: a copy of this moto with all it holds, on a port of its own, made in milliseconds. ---


class Forking:
    """A WSGI application that answers `POST /govboot-test/fork` by forking the whole server, and all else as `app` does.

    The answer is {"port": N, "pid": N}. A fork holds what its parent held, forks like its parent, and ends with `POST
    /govboot-test/leave` or when its parent is no more: it holds the reading end of a pipe, and only its parent the writing end.
    """

    def __init__(self, app, server=None):
        self.app = app
        self.server = server
        self.lifelines = []

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"] if environ["REQUEST_METHOD"] == "POST" else ""
        if path == "/govboot-test/leave":
            # Nobody waits for the answer; a moto that is no more cannot give one.
            os._exit(0)
        if path != "/govboot-test/fork":
            return self.app(environ, start_response)
        answer = self.fork(environ["werkzeug.socket"])
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
        return [answer]

    def fork(self, connection):
        lifeline, held = os.pipe()
        told, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            self.live(connection, lifeline, told, tell, held)
        os.close(lifeline)
        os.close(tell)
        self.lifelines.append(held)
        with os.fdopen(told) as answer:
            port = int(answer.read())
        return json.dumps({"port": port, "pid": pid}).encode()

    def live(self, connection, lifeline, told, tell, held):
        """The child. What it inherited open is closed before anything else."""
        try:
            connection.close()
            self.server.socket.close()
            # Its elder siblings must end with their parent, not with it.
            for other in (told, held, *self.lifelines):
                os.close(other)
            leave_at_end_of(lifeline)
            server = serve(Forking(self.app))
            os.write(tell, str(server.server_port).encode())
            os.close(tell)
            server.serve_forever()
        finally:
            os._exit(1)


def leave_at_end_of(pipe):
    """Ends this process when the other end of the pipe is closed, whatever else it is doing."""

    def wait():
        while os.read(pipe, 4096):
            pass
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def serve(app):
    # One request at a time: a fork has the forking thread only, and must not inherit a lock that another one held.
    app.server = make_server("127.0.0.1", 0, app, threaded=False)
    # Some answers of moto name its own address.
    os.environ["MOTO_PORT"] = str(app.server.server_port)
    return app.server


def main():
    # Forks that have ended are no zombies: nobody asks how they ended.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    server = serve(Forking(DomainDispatcherApplication(create_backend_app)))
    leave_at_end_of(sys.stdin.fileno())
    print(json.dumps({"port": server.server_port}), flush=True)
    server.serve_forever()


main()

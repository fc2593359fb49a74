"""Walks the local Lambda with boto3 and compares every answer, and every error, with the service model that botocore ships.

usage: shapes.py ENDPOINT      prints the operations seen, or what differs and exits 1
"""
import base64, io, json, sys, time, zipfile
import boto3
from botocore.exceptions import ClientError

# Sets of values that grow with every release of the service; botocore's copy is as old as the distribution.
GROWING = {"Runtime", "StateReasonCode", "LastUpdateStatusReasonCode", "Architecture"}
# Members the service added after Debian 12's botocore was made.
NEWER = {"LoggingConfig", "RuntimeVersionConfig", "RecursiveLoop", "SourceKMSKeyArn", "ConfigSha256", "Concurrency.Status", "TenancyConfig", "CapacityProviderConfig", "DurableConfig", "InvokeMode", "EventSourceMappingArn"}
# Required by the model, absent in recorded answers of the service: a function without a code signing configuration.
ABSENT = {"GetFunctionCodeSigningConfig.CodeSigningConfigArn"}
differences, seen = [], set()


def compare(value, shape, where):
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(value, dict):
            return differences.append(f"{where}: no object but {value!r}")
        for name, member in value.items():
            if name in NEWER:
                continue
            wire = {m.serialization.get("name", n): m for n, m in shape.members.items()}
            if name not in wire:
                differences.append(f"{where}.{name}: not in the model")
            elif member is not None:
                compare(member, wire[name], f"{where}.{name}")
        for name in shape.required_members:
            if name not in value and f"{where}.{name}" not in ABSENT:
                differences.append(f"{where}.{name}: required and absent")
    elif kind == "list":
        if not isinstance(value, list):
            return differences.append(f"{where}: no list but {value!r}")
        for i, item in enumerate(value):
            compare(item, shape.member, f"{where}[{i}]")
    elif kind == "map":
        if not isinstance(value, dict):
            return differences.append(f"{where}: no map but {value!r}")
        for name, item in value.items():
            compare(item, shape.value, f"{where}[{name}]")
    elif kind == "string":
        if not isinstance(value, str):
            differences.append(f"{where}: no text but {value!r}")
        elif shape.enum and value not in shape.enum and shape.name not in GROWING:
            differences.append(f"{where}: `{value}` is none of {shape.enum}")
    elif kind in ("integer", "long"):
        if isinstance(value, bool) or not isinstance(value, int):
            differences.append(f"{where}: no whole number but {value!r}")
    elif kind == "boolean":
        if not isinstance(value, bool):
            differences.append(f"{where}: no boolean but {value!r}")
    elif kind in ("double", "float"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            differences.append(f"{where}: no number but {value!r}")
    elif kind == "timestamp":
        # restJson1: seconds since 1970 unless the shape says otherwise.
        if shape.serialization.get("timestampFormat") == "iso8601":
            if not isinstance(value, str):
                differences.append(f"{where}: no ISO time but {value!r}")
        elif isinstance(value, bool) or not isinstance(value, (int, float)):
            differences.append(f"{where}: no seconds but {value!r}")
    elif kind == "blob":
        base64.b64decode(value, validate=True)
    else:
        differences.append(f"{where}: `{kind}` is not compared")


def answered(http_response, parsed, model, **_):
    operation = model.name
    seen.add(operation)
    status, body = http_response.status_code, http_response.content if not model.has_event_stream_output else b""
    if not http_response.headers.get("x-amzn-RequestId"):
        differences.append(f"{operation}: no x-amzn-RequestId")
    if status < 300:
        expected = model.http.get("responseCode", 200)
        if operation != "Invoke" and status != expected:
            differences.append(f"{operation}: status {status}, the model says {expected}")
        shape = model.output_shape
        if shape is None:
            if body.strip():
                differences.append(f"{operation}: a body where the model has none: {body[:80]!r}")
        elif "payload" not in shape.serialization:
            compare(json.loads(body), shape, operation)
        return
    code = parsed["Error"]["Code"]
    errors = {s.error_code: s for s in model.error_shapes}
    if code in ("ValidationException", "AccessDeniedException"):
        return  # common errors that no operation lists
    if code not in errors:
        differences.append(f"{operation}: error `{code}` is none of {sorted(errors)}")
        return
    declared = errors[code].metadata.get("error", {}).get("httpStatusCode")
    if declared and declared != status:
        differences.append(f"{operation}: {code} came with {status}, the model says {declared}")
    header = http_response.headers.get("x-amzn-ErrorType", "")
    if header.split(":")[0] != code:
        differences.append(f"{operation}: x-amzn-ErrorType `{header}` for {code}")
    if "Message" not in json.loads(body) and "message" not in json.loads(body):
        differences.append(f"{operation}: {code} has no message")


def zipped(text):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", text)
    return buffer.getvalue()


def main():
    client = boto3.client("lambda", endpoint_url=sys.argv[1], region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    client.meta.events.register("after-call.lambda.*", answered)

    def no(call, **args):
        try:
            call(**args)
        except ClientError:
            return
        differences.append(f"{call.__name__}({args}) did not fail")

    c, f, role, code = client, {"FunctionName": "f"}, "arn:aws:iam::123456789012:role/r", zipped("1")
    layer = c.publish_layer_version(LayerName="lib", Description="d", Content={"ZipFile": code}, CompatibleRuntimes=["python3.9"], CompatibleArchitectures=["x86_64"], LicenseInfo="MIT")["LayerVersionArn"]
    c.get_layer_version(LayerName="lib", VersionNumber=1)
    c.get_layer_version_by_arn(Arn=layer)
    c.list_layers(CompatibleRuntime="python3.9")
    c.list_layer_versions(LayerName="lib")
    c.add_layer_version_permission(LayerName="lib", VersionNumber=1, StatementId="p", Action="lambda:GetLayerVersion", Principal="*")
    c.get_layer_version_policy(LayerName="lib", VersionNumber=1)
    c.remove_layer_version_permission(LayerName="lib", VersionNumber=1, StatementId="p")
    no(c.get_layer_version_policy, LayerName="lib", VersionNumber=1)
    no(c.get_layer_version, LayerName="lib", VersionNumber=9)
    no(c.publish_layer_version, LayerName="lib", Content={"ZipFile": b"no zip"})
    c.create_function(**f, Role=role, Runtime="python3.9", Handler="app.h", Code={"ZipFile": code}, Layers=[layer], Description="d", Timeout=5, MemorySize=256, Environment={"Variables": {"AB": "1"}},
                      Tags={"a": "b"}, TracingConfig={"Mode": "Active"}, EphemeralStorage={"Size": 1024}, DeadLetterConfig={"TargetArn": "arn:aws:sqs:eu-west-1:123456789012:q"},
                      VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}, KMSKeyArn="arn:aws:kms:eu-west-1:123456789012:key/k", Architectures=["x86_64"])
    c.get_waiter("function_active_v2").wait(**f)
    c.get_function(**f)
    c.get_function_configuration(**f)
    c.list_functions(MaxItems=1)
    no(c.create_function, **f, Role=role, Runtime="python3.9", Handler="app.h", Code={"ZipFile": code})
    no(c.create_function, FunctionName="g", Role=role, Runtime="python3.9", Handler="app.h", Code={"ZipFile": b"none"})
    no(c.create_function, FunctionName="g", Role=role, Runtime="python3.9", Handler="app.h", Code={"ZipFile": code}, Layers=[layer[:-1] + "9"])
    no(c.get_function, FunctionName="none")
    c.update_function_configuration(**f, Timeout=6, Layers=[])
    c.get_waiter("function_updated_v2").wait(**f)
    no(c.update_function_configuration, **f, RevisionId="old", Timeout=7)
    no(c.update_function_configuration, **f, Environment={"Variables": {"AWS_REGION": "x"}})
    no(c.update_function_configuration, **f, Environment={"Variables": {"AB": "x" * 5000}})
    c.update_function_code(**f, ZipFile=zipped("2"))
    c.get_waiter("function_updated_v2").wait(**f)
    no(c.update_function_code, **f, ZipFile=code, RevisionId="old")
    c.publish_version(**f)
    c.list_versions_by_function(**f)
    c.create_alias(**f, Name="live", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {}})
    no(c.create_alias, **f, Name="live", FunctionVersion="1")
    c.get_alias(**f, Name="live")
    c.update_alias(**f, Name="live", Description="d")
    c.list_aliases(**f)
    no(c.get_alias, **f, Name="none")
    c.invoke(**f, Payload=b"{}")
    c.invoke(**f, InvocationType="DryRun")
    c.invoke(**f, InvocationType="Event")
    no(c.invoke, **f, Payload=b"{")
    no(c.invoke, FunctionName="none")
    c.add_permission(**f, StatementId="s", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com", SourceAccount="123456789012")
    no(c.add_permission, **f, StatementId="s", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com")
    c.get_policy(**f)
    c.remove_permission(**f, StatementId="s")
    no(c.get_policy, **f)
    c.create_function_url_config(**f, AuthType="NONE", Cors={"AllowOrigins": ["*"], "MaxAge": 5})
    no(c.create_function_url_config, **f, AuthType="NONE")
    c.get_function_url_config(**f)
    c.update_function_url_config(**f, AuthType="AWS_IAM")
    c.list_function_url_configs(**f)
    c.delete_function_url_config(**f)
    no(c.get_function_url_config, **f)
    c.put_function_concurrency(**f, ReservedConcurrentExecutions=5)
    c.get_function_concurrency(**f)
    c.delete_function_concurrency(**f)
    c.put_function_event_invoke_config(**f, MaximumRetryAttempts=1, DestinationConfig={"OnFailure": {"Destination": "arn:aws:sqs:eu-west-1:123456789012:q"}})
    c.get_function_event_invoke_config(**f)
    c.list_function_event_invoke_configs(**f)
    c.delete_function_event_invoke_config(**f)
    no(c.get_function_event_invoke_config, **f)
    mapping = c.create_event_source_mapping(**f, EventSourceArn="arn:aws:sqs:eu-west-1:123456789012:q", BatchSize=5, FilterCriteria={"Filters": [{"Pattern": "{}"}]})["UUID"]
    deadline = time.monotonic() + 30
    while c.get_event_source_mapping(UUID=mapping)["State"] != "Enabled":  # the API offers no other signal, and botocore no waiter
        assert time.monotonic() < deadline, "the mapping is not enabled within 30 s"
        time.sleep(0.1)
    c.update_event_source_mapping(UUID=mapping, BatchSize=6)
    c.list_event_source_mappings(**f)
    c.delete_event_source_mapping(UUID=mapping)
    no(c.get_event_source_mapping, UUID="11111111-2222-3333-4444-555555555555")
    c.get_account_settings()
    c.get_function_code_signing_config(**f)
    arn = c.get_function_configuration(**f)["FunctionArn"]
    c.tag_resource(Resource=arn, Tags={"k": "v"})
    c.list_tags(Resource=arn)
    c.untag_resource(Resource=arn, TagKeys=["k"])
    c.delete_alias(**f, Name="live")
    c.delete_function(**f, Qualifier="1")
    c.delete_function(**f)
    c.delete_layer_version(LayerName="lib", VersionNumber=1)
    for difference in differences:
        print(difference, file=sys.stderr)
    if differences:
        sys.exit(1)
    print(f"{len(seen)} operations")


main()

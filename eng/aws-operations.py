#!/usr/bin/env python3
"""Writes src/Guard/Sinks/AwsOperations.Table.cs: which operation a method and path mean in AWS services that speak REST.

What botocore's service models state (method, path, name) is put together anew as a tree of path segments. Services that name their operation in a
header or a parameter need no table; S3's names follow from its sub-resources (S3Call.cs). Where IAM has one other name for an operation, that is
written (src/Posture/Data/aws-actions.tsv). Usage: eng/aws-operations.py, with any Python that has botocore.
"""
import glob
import gzip
import json
import os
import re

import botocore

HERE = os.path.dirname(os.path.abspath(__file__))
# What functions call, and what a stolen role is tried with.
SERVICES = """accessanalyzer account amplify apigatewaymanagementapi appconfig appconfigdata appsync backup batch bedrock bedrock-agent-runtime bedrock-runtime cloudfront codeartifact
    efs eks emr-containers emr-serverless guardduty iot iot-data kafka lambda lexv2-runtime location mq opensearch pinpoint pipes polly ram rds-data route53 s3tables s3vectors
    scheduler securityhub sesv2 signer sso sso-oidc xray""".split()
# Their names in signatures are other than their names in IAM.
PREFIXES = {"iotdata": "iot", "awsssoportal": "sso", "sso-oauth": "sso-oauth", "email": "ses"}
RENAMED = {"bedrock:Converse": "InvokeModel", "bedrock:ConverseStream": "InvokeModelWithResponseStream", "execute-api:PostToConnection": "ManageConnections",
           "execute-api:GetConnection": "ManageConnections", "execute-api:DeleteConnection": "ManageConnections", "lambda:InvokeAsync": "InvokeFunction",
           "lambda:InvokeWithResponseStream": "InvokeFunction"}


def iam_names():
    """Operations whose only action has another name."""
    names = dict(RENAMED)
    for line in open(os.path.join(HERE, "../src/Posture/Data/aws-actions.tsv")):
        kind, *rest = line.rstrip("\n").split("\t")
        if kind == "M":
            prefix = rest[0]
            for rule in rest[1].split():
                method, actions = rule.split("=")
                own = [a for a in actions.split("+") if a != "iam:PassRole"]
                if len(own) == 1 and own[0].startswith(prefix + ":"):
                    names.setdefault(f"{prefix}:{method}", own[0].split(":")[1])
    return names


def model(service):
    path = sorted(glob.glob(os.path.join(os.path.dirname(botocore.__file__), "data", service, "*", "service-2.json*")))[-1]
    return json.load(gzip.open(path) if path.endswith(".gz") else open(path))


def main():
    names, trees = iam_names(), {}
    for service in SERVICES:
        facts = model(service)
        signing = facts["metadata"].get("signingName") or facts["metadata"]["endpointPrefix"]
        prefix = PREFIXES.get(signing, signing)
        for operation, about in facts["operations"].items():
            path, _, query = about["http"]["requestUri"].partition("?")
            path, query = path.partition("#")[0], query.partition("#")[0]
            node = trees.setdefault(prefix, {})
            for segment in path.strip("/").split("/"):
                segment = "{+}" if re.fullmatch(r"\{[^}]*\+\}", segment) else "{}" if re.fullmatch(r"\{[^}]*\}", segment) else segment
                assert "{" not in segment.replace("{}", "").replace("{+}", "") and " " not in segment, (service, path)
                node = node.setdefault(segment, {})
            method = about["http"]["method"] + ("?" + query if query else "")
            node.setdefault(" ", {}).setdefault(method, names.get(f"{prefix}:{operation}", operation))

    lines = []

    def write(node, depth):
        for segment in sorted(k for k in node if k != " "):
            child = node[segment]
            operations = "".join(f" {m} {o}" for m, o in sorted(child.get(" ", {}).items()))
            lines.append(" " * depth + (segment or "/") + operations)
            write(child, depth + 1)

    for prefix in sorted(trees):
        lines.append(prefix)
        write(trees[prefix], 1)
    with open(os.path.join(HERE, "../src/Guard/Sinks/AwsOperations.Table.cs"), "w") as out:
        out.write(f"""// Written by eng/aws-operations.py from what botocore {botocore.__version__}'s service models state. Not to be edited.
namespace Pellicle.Guard.Sinks;

internal static partial class AwsOperations
{{
    /// <summary>
    /// A service a line without a blank before it; below it its paths as a tree, a blank for each step: a segment, <c>{{}}</c> for any one, <c>{{+}}</c> for the rest of the path;
    /// then methods and the operations they mean, <c>METHOD?QUERY</c> where the query tells.
    /// </summary>
    private static ReadOnlySpan<byte> Table => \"\"\"
""")
        out.writelines(f"        {line}\n" for line in lines)
        out.write('        """u8;\n}\n')
    print(len(trees), "services,", sum(map(len, lines)) + len(lines), "bytes")


main()

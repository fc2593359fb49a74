#!/usr/bin/env python3
"""What the guard adds to one invocation, against what a bare loopback hop adds: next + response, all legs taking turns in one run.

usage: bench/guard-hop/run.py [GUARD] [INVOCATIONS] [CASE]
       bench/guard-hop/run.py events DIR          writes the events to files, for bench/inspection

Legs: direct; a bare TCP relay and a bare HTTP relay (bench/guard-hop/hop.c); the guard in every mode. `hops` is what a leg adds at the
median over what the bare TCP relay adds, from asking for an event until the response was accepted: what the guard does after it has delivered an event, as in `off` and
`monitor`, counts as well. CPU is the leg's own, from the scheduler: other load on the machine disturbs it less than time.
Everything runs on one core (PELLICLE_BENCH_CPUS=0,1 for more): with two, where the scheduler happens to put a leg's processes changes its
median by half. Resident is after the whole run. Needs a C compiler. The platform sends events of more than 2 KB as one chunk, as Lambda's own does. Bodies: an event and a response of 1 KB; events of 100 KB of every kind that costs
something else (kinds below), with a response of 1 KB; a response of 100 KB. A tenth of the invocations each for those of 100 KB. CASE is a part of a
body's name.
"""
import base64, glob, gzip, json, os, random, subprocess, sys, tempfile, time, uuid

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
GUARD = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "artifacts/guard/linux-x64/guard")
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 and sys.argv[1] != "events" else 20000
MODES = ("off", "monitor", "protect")
# Of the right size and kind, so that responses are searched for them.
SECRETS = {"AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "AWS_SESSION_TOKEN": "IQoJb3JpZ2luX2VjEKj" + "bench/+Token9" * 60}
FOX = "The quick brown fox jumps over the lazy dog. "


def api_event(body_bytes):
    event = {"version": "2.0", "routeKey": "$default", "rawPath": "/items", "rawQueryString": "name=report.txt", "headers": {"host": "abc.example.com", "accept": "text/html"},
             "queryStringParameters": {"name": "report.txt"}, "requestContext": {"http": {"method": "GET", "path": "/items", "sourceIp": "192.0.2.1"}}, "body": "", "isBase64Encoded": False}
    event["body"] = (FOX * (body_bytes // len(FOX) + 1))[:body_bytes - len(json.dumps(event))]
    return json.dumps(event)


def queue_event(total_bytes):
    records = []
    while len(json.dumps({"Records": records})) < total_bytes:
        n = len(records)
        body = json.dumps({"order": n, "customer": f"Customer {n}", "total": n * 1.5, "comment": FOX})
        records.append({"messageId": f"059f36b4-87a3-44ab-83d2-{n:012d}", "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a", "body": body, "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1545082649183"},
                        "messageAttributes": {}, "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-2:123456789012:my-queue", "awsRegion": "us-east-2"})
    return json.dumps({"Records": records})


def prose(n):
    """Sentences with the marks that people write, each a little different."""
    return f"Dear Ms O'Neil (no. {n}), thanks for your order & the kind note; we'll send the {n % 7 + 2} chairs, oak or ash, on 2024-0{n % 9 + 1}-12 at 10:30. See https://shop.example/p/{n}?ref=mail for more. "


def until(size, make):
    """A list that is as long as JSON as wanted."""
    items, length = [], 2
    while length < size:
        items.append(make(len(items)))
        length += len(json.dumps(items[-1])) + 2
    return items


def body_event(body, encoded=False):
    """As small as such an event gets: nearly all of it is the body."""
    return json.dumps({"version": "2.0", "routeKey": "$default", "rawPath": "/items", "requestContext": {"http": {"method": "POST", "path": "/items"}}, "body": body, "isBase64Encoded": encoded})


def rest_event(body):
    """API Gateway v1, as a browser's request arrives."""
    headers = {"Accept": "application/json, text/plain, */*", "Accept-Encoding": "gzip, deflate, br", "Accept-Language": "en-GB,en;q=0.9", "Content-Type": "application/json", "Host": "api.example.com", "Origin": "https://shop.example",
               "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "X-Forwarded-For": "203.0.113.7", "X-Forwarded-Port": "443", "X-Forwarded-Proto": "https"}
    return json.dumps({"resource": "/orders/{id}", "path": "/orders/17", "httpMethod": "PUT", "headers": headers, "multiValueHeaders": {name: [value] for name, value in headers.items()}, "queryStringParameters": {"full": "true"},
                       "multiValueQueryStringParameters": {"full": ["true"]}, "pathParameters": {"id": "17"}, "stageVariables": None, "requestContext": {"resourcePath": "/orders/{id}", "httpMethod": "PUT", "path": "/prod/orders/17",
                       "accountId": "123456789012", "protocol": "HTTP/1.1", "stage": "prod", "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef", "identity": {"sourceIp": "203.0.113.7"}, "apiId": "gy415nuibc"}, "body": body, "isBase64Encoded": False})


def order(n):
    """What clients send: objects in objects."""
    return {"id": f"ord_{n:06d}", "createdAt": f"2024-03-{n % 28 + 1:02d}T{n % 24:02d}:15:{n % 60:02d}.123Z", "status": ("open", "paid", "sent")[n % 3], "total": {"amount": round(n * 7.35 + 12, 2), "currency": "EUR"},
            "customer": {"name": f"Jane Miller-Smith {n}", "email": f"jane.miller+{n}@mail.example", "phone": f"+49 30 1234{n:04d}", "address": {"street": f"{n % 90 + 1} High Street", "city": "Leeds", "postcode": f"LS{n % 9 + 1} 4AB", "country": "GB"}},
            "lines": [{"sku": f"CH-{n:04d}-{i}", "title": ("Oak chair", "Ash table", "Desk lamp (LED)")[i], "quantity": i + 1, "price": 19.99 + i, "options": {"colour": "dark blue", "size": None}} for i in range(n % 3 + 1)], "gift": n % 5 == 0, "tags": ["new", "web"]}


def records(size, make):
    return json.dumps({"Records": until(size, make)})


def bucket_record(n):
    return {"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1", "eventTime": "2024-03-01T12:00:00.000Z", "eventName": "ObjectCreated:Put", "userIdentity": {"principalId": "AWS:AIDAJDPLRKLG7UEXAMPLE"}, "requestParameters": {"sourceIPAddress": "203.0.113.7"},
            "responseElements": {"x-amz-request-id": f"C3D13FE58DE4{n:04X}", "x-amz-id-2": "FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S/JRWeUWerMUE5JgHvANOjpD"}, "s3": {"s3SchemaVersion": "1.0", "configurationId": "upload", "bucket": {"name": "uploads-example",
            "ownerIdentity": {"principalId": "A3NL1KOZZKExample"}, "arn": "arn:aws:s3:::uploads-example"}, "object": {"key": f"incoming/2024/03/photo+{n}+of+the+house.jpg", "size": 1024 + n, "eTag": f"{n:032x}", "sequencer": f"0055AED6DCD9{n:06X}"}}}


def table_record(n):
    image = {"pk": {"S": f"ORDER#{n}"}, "sk": {"S": "META"}, "name": {"S": f"Jane Miller {n}"}, "note": {"S": "please ring twice"}, "amount": {"N": str(n * 3)}, "paid": {"BOOL": True}, "tags": {"L": [{"S": "new"}, {"S": "web shop"}]}, "at": {"M": {"city": {"S": "Leeds"}}}}
    return {"eventID": f"{n:032x}", "eventName": "MODIFY", "eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": "us-east-1", "dynamodb": {"ApproximateCreationDateTime": 1479499740, "Keys": {"pk": image["pk"], "sk": image["sk"]}, "NewImage": image, "OldImage": image,
            "SequenceNumber": f"{n:021d}", "SizeBytes": 112, "StreamViewType": "NEW_AND_OLD_IMAGES"}, "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/2024-01-01T00:00:00.000"}


def stream_record(n):
    data = base64.b64encode(json.dumps(order(n)).encode()).decode()
    return {"kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": f"k-{n}", "sequenceNumber": f"{n:056d}", "data": data, "approximateArrivalTimestamp": 1545084650.987}, "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": f"shardId-000000000006:{n:056d}",
            "eventName": "aws:kinesis:record", "invokeIdentityArn": "arn:aws:iam::123456789012:role/lambda-role", "awsRegion": "us-east-1", "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/orders"}


def topic_record(body):
    return {"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": "arn:aws:sns:us-east-1:123456789012:orders:1", "Sns": {"Type": "Notification", "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e", "TopicArn": "arn:aws:sns:us-east-1:123456789012:orders",
            "Subject": "orders of the day", "Message": body, "Timestamp": "2024-03-01T12:00:00.000Z", "SignatureVersion": "1", "Signature": "tcc6faL2yUC6dgZdmrwh1Y4cGa/ebXEkAi6RibDsvpi+tE/1+82j==", "MessageAttributes": {}}}


def log_event(n):
    line = f"2024-03-01T12:00:{n % 60:02d}.123Z 8c3f2e51-{n:04x}-4b7a-9d1f-2a6b{n:08x} INFO GET /orders/{n}?page=2 200 {n % 90 + 3} ms user={n} agent=\"Mozilla/5.0 (X11; Linux x86_64)\""
    return {"id": f"{n:056d}", "timestamp": 1709294400000 + n, "message": line}


def logs_event(size):
    data = {"messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "/aws/lambda/orders", "logStream": "2024/03/01/[$LATEST]abcdef", "subscriptionFilters": ["all"], "logEvents": until(size, log_event)}
    return json.dumps({"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(data).encode())).decode()}})


def page(size):
    rows = "".join(f'    <tr class="row"><td>{n}</td><td><a href="https://shop.example/p/{n}">Oak chair no. {n}</a></td><td>&pound;{n * 3}.50</td></tr>\n' for n in range(size // 130))
    return f'<!DOCTYPE html>\n<html lang="en">\n  <head>\n    <title>Order list</title>\n    <meta charset="utf-8">\n  </head>\n  <body>\n  <h1>Orders</h1>\n  <table>\n{rows}  </table>\n  </body>\n</html>\n'


def table(size):
    return "id,name,city,amount,date\r\n" + "".join(f"{n},Jane Miller {n},Leeds,{n * 1.5},2024-03-{n % 28 + 1:02d}\r\n" for n in range(size // 43))


def article(size):
    return "# Notes on the release\n\n" + "".join(f"## Part {n}\n\nThe *second* part of **chapter {n}** says what `config.yaml` needs:\n\n- a [link](https://docs.example/{n}) to the page\n- two more lines, each with a word or two\n\n" for n in range(size // 190))


def mail(size):
    rows = "".join(f'<tr><td style="font:14px Arial;background:url(https://img.example/{n}.png)">Your order no. {n} was sent &amp; arrives on Monday. <a href="https://shop.example/t?id={n}&amp;u=7" onclick="track({n})">Track it</a></td></tr>\n' for n in range(size // 200))
    return f'<html><head><style type="text/css">body{{margin:0}} a{{color:#06c}}</style>\n<script>track(0);</script></head><body style="margin:0"><table>\n{rows}</table></body></html>\n'


def manual(size):
    return "# Install\n\n" + "".join(f"## Step {n}\n\nRun `npm install`, or use `cat file.txt | grep word` to see it:\n\n```bash\ncurl -sSL https://get.example/{n} | sh\ncd app && make test\n```\n\n- a [link](https://docs.example/{n}) to the page\n\n" for n in range(size // 210))


def kinds(size):
    """Events of one size and many kinds."""
    rng = random.Random(5)
    words = [w.strip(".,;()&") for w in prose(1).split()]
    fox = FOX.rstrip(". ").split()
    orders = until(size * 8 // 10, order)
    yield "one text", api_event(size)
    yield "records", queue_event(size)
    yield "small fields", json.dumps({"items": until(size, lambda n: {"id": n, "sku": f"SKU-{n:06x}", "name": f"{words[n % len(words)]} {n}", "on": n % 2 == 0, "price": n * 1.25})})
    yield "JSON body", body_event(json.dumps({"orders": until(size * 9 // 10, lambda n: {"order": n, "customer": f"Customer {n}", "total": n * 1.5, "comment": FOX})}))
    yield "prose", body_event("".join(prose(n) for n in range(size // 190)))
    yield "prose in fields", json.dumps({"notes": until(size, lambda n: {"id": f"n-{n}", "text": prose(n)})})
    yield "base64 of text", body_event(base64.b64encode((FOX * (size // 60)).encode()).decode(), True)
    yield "base64 of bytes", body_event(base64.b64encode(rng.randbytes(size * 3 // 4)).decode(), True)
    yield "escapes", json.dumps({"lines": until(size, lambda n: f"caf\u00e9 {n}\tna\u00efve \u6f22\u5b57 \u2013 {n}\u20ac \"quoted\"")})
    yield "Unicode", json.dumps({"lines": until(size, lambda n: f"Zo\u00eb M\u00fcller {n}, \u6771\u4eac\u90fd\u6e2f\u533a {n}, \u041c\u043e\u0441\u043a\u0432\u0430")}, ensure_ascii=False)
    yield "numbers", json.dumps({"points": until(size, lambda n: [n, round(rng.random() * 360 - 180, 6), round(rng.random() * 180 - 90, 6)])})
    yield "form", body_event("&".join(f"field{n}=value+{n}+of+the+form" for n in range(size // 33)))
    yield "objects", json.dumps({"orders": until(size, order)})
    yield "objects, indented", json.dumps({"orders": until(size * 6 // 10, order)}, indent=2)
    yield "API v1, JSON body", rest_event(json.dumps(orders))
    yield "API v2, indented JSON body", body_event(json.dumps({"orders": until(size * 5 // 10, order)}, indent=2))
    yield "API v2, base64 of JSON", body_event(base64.b64encode(json.dumps(until(size * 3 // 4, order)).encode()).decode(), True)
    yield "queue of documents", records(size, lambda n: {**json.loads(queue_event(99))["Records"][0], "body": json.dumps(until(8192, order))})
    yield "topic", json.dumps({"Records": [topic_record(json.dumps(orders))]})
    yield "bucket", records(size, bucket_record)
    yield "table stream", records(size, table_record)
    yield "stream", records(size, stream_record)
    yield "log lines", logs_event(size)
    yield "page", body_event(page(size * 9 // 10))
    yield "CSV", body_event(table(size))
    yield "Markdown", body_event(article(size))
    yield "e-mail with script", body_event(mail(size * 9 // 10))
    yield "Markdown with commands", body_event(manual(size * 9 // 10))
    yield "stacks", body_event("".join(f"Error: cannot read order {n}\n    at Object.read (/srv/app/orders.js:{n}:13)\n    at async Promise.all (index 0)\n" for n in range(size // 115)))
    yield "lines of JSON", body_event("".join(json.dumps({"ts": f"2024-03-01T12:00:{n % 60:02d}Z", "level": "info", "msg": "order saved", "order": n, "user": f"jane.miller+{n}@mail.example"}) + "\n" for n in range(size // 150)))
    yield "messages with code", json.dumps({"messages": until(size, lambda n: {"role": "user", "content": f"Here is how:\n\n```python\nprint(os.environ[\"X{n}\"])\n```\n\nThen run `python app.py` and **check** it."})})
    yield "texts", json.dumps(until(size, lambda n: f"{fox[n % len(fox)]} {fox[n * 7 % len(fox)]} {n}"))
    yield "UUIDs", json.dumps({"ids": until(size, lambda n: str(uuid.UUID(int=rng.getrandbits(128), version=4)))})
    yield "URLs", json.dumps({"links": until(size, lambda n: f"https://www.shop-{n % 40}.example/products/{n}/reviews?page={n % 9}&sort=date#r{n}")})
    yield "e-mails", json.dumps({"users": until(size, lambda n: {"email": f"jane.miller+{n}@mail-{n % 9}.example", "name": f"Jane Miller {n}"})})
    yield "image in a field", json.dumps({"image": {"type": "image/png", "name": "photo.png", "data": base64.b64encode(b"\x89PNG\r\n\x1a\n" + rng.randbytes(size * 3 // 4)).decode()}})


CASES = (("1 KB", api_event(1024), 1024, COUNT), *((f"100 KB, {kind}", event, 1024, COUNT // 10) for kind, event in kinds(102400)), ("1 KB in, 100 KB out", api_event(1024), 102400, COUNT // 10))


def cpu_us(process):
    total = 0
    for path in glob.glob(f"/proc/{process.pid}/task/*/schedstat"):
        with open(path) as file:
            total += int(file.read().split()[0])
    return total / 1000


def started(processes, arguments, env=None):
    """A program that prints its port, entered in the list of those to end before anything can go wrong."""
    begun = time.perf_counter()
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=env)
    processes.append(process)
    port = int(process.stdout.readline().rsplit(":", 1)[-1])
    return process, port, (time.perf_counter() - begun) * 1000


def resident(process):
    with open(f"/proc/{process.pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


def run(hop, folder, title, event, response, count):
    path = os.path.join(folder, "event.json")
    with open(path, "w") as file:
        file.write(event)
    legs, processes = {}, []
    try:
        upstream = started(processes, [hop, "platform", path])[1]
        legs = {"tcp relay": started(processes, [hop, "tcp", str(upstream)]), "http relay": started(processes, [hop, "http", str(upstream)])}
        for mode in MODES:
            legs["guard " + mode] = started(processes, [GUARD, "proxy", "--listen", "127.0.0.1:0", "--upstream", f"127.0.0.1:{upstream}"], {**os.environ, **SECRETS, "PELLICLE_MODE": mode})
        each = 100
        rounds = max(1, count // each)
        names = [f"direct={upstream}"] + [f"{name}={leg[1]}" for name, leg in legs.items()]
        before = {name: cpu_us(leg[0]) for name, leg in legs.items()}
        loop = subprocess.Popen([hop, "loop", str(response), str(rounds), str(each), *names], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        processes.append(loop)
        lines = [loop.stdout.readline() for _ in names]
        times = {line.rsplit(" ", 2)[0]: [float(x) for x in line.rsplit(" ", 2)[1:]] for line in lines}
        made = rounds * (each + 1) + 200
        base, bare = times["direct"][0], times["tcp relay"][0] - times["direct"][0]
        bare_cpu = (cpu_us(legs["tcp relay"][0]) - before["tcp relay"]) / made
        for name, (middle, late) in times.items():
            if name == "direct":
                print(f"| {title} | {name} | {middle:.0f} | {late:.0f} | | | | | | |")
                continue
            process, _, ready = legs[name]
            cpu = (cpu_us(process) - before[name]) / made
            print(f"| {title} | {name} | {middle:.0f} | {late:.0f} | {middle - base:.0f} | {(middle - base) / bare:.2f} | {cpu:.1f} | {cpu / bare_cpu:.2f} | {ready:.1f} | {resident(process):.1f} |")
        loop.communicate("\n")
    finally:
        for process in processes:
            process.kill()
            process.wait()


def main():
    if sys.argv[1:2] == ["events"]:
        for title, event, *_ in CASES:
            with open(os.path.join(sys.argv[2], title.replace(", ", "-").replace(" ", "-") + ".json"), "w") as file:
                file.write(event)
        return
    os.sched_setaffinity(0, {int(cpu) for cpu in os.environ.get("PELLICLE_BENCH_CPUS", str(max(os.sched_getaffinity(0)))).split(",")})
    with tempfile.TemporaryDirectory() as folder:
        hop = os.path.join(folder, "hop")
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-pthread", "-o", hop, os.path.join(HERE, "hop.c")], check=True)
        print(f"{len(os.sched_getaffinity(0))} core(s)\n")
        print("| body | leg | p50 µs | p99 µs | added µs | hops | CPU µs | CPU hops | ready ms | resident MiB |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
        for case in (c for c in CASES if len(sys.argv) < 4 or sys.argv[3] in c[0]):
            run(hop, folder, *case)


main()

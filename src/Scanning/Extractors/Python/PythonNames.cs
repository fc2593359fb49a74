namespace Pellicle.Scanning.Extractors.Python;

/// <summary>Names in the Python world.</summary>
internal static class PythonNames
{
    /// <summary>Splits <c>name-version.dist-info</c> or <c>name-version[-pyN].egg-info</c>.</summary>
    public static bool SplitDirectory(ReadOnlySpan<char> directory, out string? name, out string? version)
    {
        name = version = null;
        var stem = directory.EndsWith(".dist-info", StringComparison.OrdinalIgnoreCase) ? directory[..^10]
            : directory.EndsWith(".egg-info", StringComparison.OrdinalIgnoreCase) ? directory[..^9]
            : directory.EndsWith(".egg", StringComparison.OrdinalIgnoreCase) ? directory[..^4] : default;
        var dash = stem.IndexOf('-');
        if (dash <= 0)
        {
            return false;
        }

        name = stem[..dash].ToString();
        var rest = stem[(dash + 1)..];
        var py = rest.IndexOf("-py");
        version = (py > 0 ? rest[..py] : rest).ToString();
        return version.Length > 0 && char.IsAsciiDigit(version[0]);
    }

    /// <summary>
    /// Import name to distribution name for packages often found without their metadata. Only these are recognised by
    /// content: an unknown directory with a <c>__version__</c> is more often the customer's own code.
    /// </summary>
    public static IReadOnlyDictionary<string, string> KnownModules { get; } = Parse("""
        PIL=pillow yaml=pyyaml bs4=beautifulsoup4 dateutil=python-dateutil jwt=pyjwt cv2=opencv-python sklearn=scikit-learn OpenSSL=pyopenssl
        Crypto=pycryptodome Cryptodome=pycryptodomex attr=attrs dotenv=python-dotenv jose=python-jose magic=python-magic serial=pyserial
        psycopg2=psycopg2-binary MySQLdb=mysqlclient slugify=python-slugify multipart=python-multipart git=gitpython zmq=pyzmq docx=python-docx
        requests urllib3 certifi idna chardet charset_normalizer jinja2 markupsafe werkzeug flask django numpy pandas scipy boto3 botocore
        s3transfer jmespath sqlalchemy cryptography cffi pydantic pydantic_core fastapi starlette aiohttp click itsdangerous paramiko simplejson
        redis pymysql pymongo tornado gunicorn docutils babel rsa pyasn1 ecdsa httpx httpcore h11 h2 hpack multidict yarl frozenlist aiosignal
        lxml setuptools pip wheel packaging six toml tomli filelock virtualenv mako bottle celery kombu amqp marshmallow jsonschema pyrsistent
        oauthlib requests_oauthlib requests_toolbelt httplib2 uritemplate cachetools soupsieve html5lib bleach markdown pygments tqdm rich
        aws_lambda_powertools aws_xray_sdk wrapt opentelemetry sentry_sdk loguru structlog orjson ujson msgpack protobuf grpc=grpcio pytz tzdata
        tzlocal psutil pyparsing openpyxl xlrd xlsxwriter reportlab pypdf PyPDF2 pdfminer=pdfminer-six matplotlib pyarrow fsspec s3fs gevent
        greenlet eventlet twisted scrapy parsel elasticsearch opensearchpy=opensearch-py influxdb stripe twilio slack_sdk slack_bolt telegram=python-telegram-bot
        tweepy openai anthropic tiktoken langchain langchain_core transformers tokenizers torch tensorflow onnxruntime nltk spacy gensim joblib
        networkx sympy shapely pyproj geopandas mangum zappa chalice connexion graphene graphql=graphql-core ariadne strawberry peewee pony
        tenacity backoff retrying zipp importlib_metadata typing_extensions typing_inspect mypy_extensions more_itertools nest_asyncio anyio sniffio
        aiofiles aiobotocore aiohttp_retry websocket=websocket-client websockets uvicorn uvloop hypercorn mongoengine motor asyncpg pg8000 cx_Oracle pyodbc ldap3 passlib
        bcrypt nacl=pynacl argon2=argon2-cffi itypes coreapi rest_framework=djangorestframework corsheaders=django-cors-headers
        """);

    private static Dictionary<string, string> Parse(string text) => text
        .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        .Select(word => word.Split('=', 2))
        .ToDictionary(pair => pair[0], pair => pair[^1].Replace('_', '-'), StringComparer.Ordinal);
}

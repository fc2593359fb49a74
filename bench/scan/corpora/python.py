"""Python site-packages. Truth: importlib.metadata."""
import glob, os, re, zipfile
from importlib import metadata

from .common import WORK, built, debs, found, pypi, scan, zip_tree

DEBIAN = """requests urllib3 certifi idna chardet jinja2 markupsafe werkzeug flask django numpy pandas yaml cryptography cffi boto3 botocore s3transfer jmespath dateutil six sqlalchemy paramiko bcrypt nacl aiohttp multidict yarl pil lxml bs4
    redis pymysql psycopg2 tornado httpx attr jsonschema docutils pygments setuptools pip wheel babel simplejson msgpack protobuf grpcio scipy matplotlib click rich pydantic fastapi starlette uvicorn celery kombu amqp billiard vine flask-cors
    flask-login flask-migrate flask-restful flask-sqlalchemy wtforms itsdangerous blinker marshmallow alembic mako pyparsing packaging tz tzlocal openssl service-identity twisted zope.interface constantly hyperlink incremental automat
    scrapy parsel cssselect itemadapter itemloaders w3lib queuelib html5lib webencodings bleach markdown mistune nltk regex joblib sklearn threadpoolctl networkx sympy mpmath gmpy2 pyasn1 pyasn1-modules rsa ldap3 oauthlib requests-oauthlib
    requests-toolbelt httplib2 uritemplate cachetools google-auth googleapi gevent greenlet eventlet dnspython gunicorn wsproto h11 h2 hpack hyperframe httpcore anyio sniffio websockets websocket zmq pymongo bson cassandra pyodbc pika
    stomp paho-mqtt kafka elasticsearch ipaddress netaddr netifaces psutil pexpect ptyprocess fabric invoke ansible-runner docker kubernetes openpyxl xlrd xlsxwriter reportlab pypdf2 pdfminer fitz imageio tifffile skimage cv2 shapely
    pyproj fiona rasterio geopandas tables h5py netcdf4 xarray dask distributed fsspec s3fs pyarrow jwt jose authlib passlib argon2 pycryptodome pysaml2 defusedxml xmltodict lz4 zstandard snappy brotli cbor2 ujson orjson toml tomli tomlkit
    dotenv environ decouple click-plugins typer tqdm colorama termcolor tabulate prettytable texttable prompt-toolkit ipython jedi parso pluggy pytest mock freezegun responses hypothesis tenacity retrying backoff wrapt decorator
    typing-extensions mypy-extensions more-itertools toolz sortedcontainers zipp importlib-metadata importlib-resources filelock platformdirs appdirs distlib virtualenv pyinotify watchdog apscheduler schedule croniter arrow pendulum
    humanize isodate iso8601 feedparser sentry-sdk structlog loguru statsd prometheus-client opentracing graphene graphql-core ariadne peewee pony sqlparse django-cors-headers djangorestframework django-filters django-redis""".split()


def distributions(site):
    return {(pypi(d.metadata["Name"]), d.version) for d in metadata.distributions(path=[site]) if d.metadata["Name"]}


def site():
    return debs("python-debian", ["python3-" + name for name in DEBIAN]) + "/root/usr/lib/python3/dist-packages"


def debian():
    yield distributions(site()), found(scan(zip_tree(site(), f"{WORK}/python-debian.zip")), "PyPI")


def layer():
    """The same below a layer's python/lib/python3.11/site-packages."""
    yield distributions(site()), found(scan(zip_tree(site(), f"{WORK}/python-layer.zip", prefix="python/lib/python3.11/site-packages/")), "PyPI")


def wheels():
    """Wheels and eggs as files inside the package."""
    def pack(path):
        for distribution in metadata.distributions(path=[site()]):
            info, name, version = str(distribution._path), distribution.metadata["Name"], distribution.version
            if info.endswith(".dist-info"):
                with zipfile.ZipFile(f"{path}/{name.replace('-', '_')}-{version}-py3-none-any.whl", "w") as wheel:
                    for file in os.listdir(info):
                        if os.path.isfile(f"{info}/{file}"):
                            wheel.write(f"{info}/{file}", f"{name}-{version}.dist-info/{file}")
            else:
                with zipfile.ZipFile(f"{path}/{name.replace('-', '_')}-{version}-py3.11.egg", "w") as egg:
                    egg.write(info + "/PKG-INFO" if os.path.isdir(info) else info, "EGG-INFO/PKG-INFO")
    path = built("python-wheels", pack)
    yield distributions(site()), found(scan(zip_tree(path, f"{WORK}/python-wheels.zip", lambda p: not p.startswith("."), prefix="vendor/")), "PyPI")


def environments():
    """Environments that pip filled on this machine, if there are any."""
    for place in sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/*/lib/python3.*/site-packages"))):
        yield distributions(place), found(scan(zip_tree(place, f"{WORK}/{place.strip('/').replace('/', '_')}.zip")), "PyPI")


def stripped():
    """The same packages without their metadata, as size-saving build scripts leave them: names, and versions where the code says them."""
    truth = {pypi(d.metadata["Name"]): d.version for d in metadata.distributions(path=[site()]) if top_level(d)}
    packages = found(scan(zip_tree(site(), f"{WORK}/python-stripped.zip", lambda path: not re.search(r"\.(dist|egg)-info(/|$)", path))), "PyPI")
    # Packages whose modules bear other names than their own are installed too: finding one is no mistake.
    beside = {pypi(d.metadata["Name"]) for d in metadata.distributions(path=[site()])} - set(truth)
    yield set(truth.items()), {p for p in packages if p[0] not in beside}


def top_level(distribution):
    """True for packages that bring modules: some only pull others in."""
    names = (distribution.read_text("top_level.txt") or "").split() or [distribution.metadata["Name"].replace("-", "_")]
    return any(os.path.exists(f"{site()}/{name}") or os.path.exists(f"{site()}/{name}.py") for name in names)


CORPORA = {"python debian": debian, "python layer": layer, "python wheels": wheels, "python pip": environments, "python stripped": stripped}

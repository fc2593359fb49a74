"""Composer trees. Truth: the composer.json that Debian's PHP libraries ship, laid out as Composer 1 and 2 write them."""
import glob, json, os

from .common import WORK, built, debs, found, scan, zip_tree

LIBRARIES = """psr-log psr-cache psr-container psr-http-message psr-http-client psr-http-factory monolog symfony-console symfony-http-foundation symfony-process symfony-yaml symfony-finder symfony-event-dispatcher symfony-http-kernel symfony-cache
    guzzlehttp-guzzle guzzlehttp-psr7 guzzlehttp-promises twig doctrine-dbal doctrine-orm doctrine-common doctrine-inflector phpseclib3 nikic-php-parser league-commonmark league-flysystem ramsey-uuid nesbot-carbon phpmailer-phpmailer
    swiftmailer aws-sdk-php react-promise laminas-diactoros brick-math fast-route pimple ratchet-rfc6455 parsedown masterminds-html5 sabre-dav sabre-xml""".split()


def manifests():
    """Name of each library, and a version: Debian's composer.json rarely states one."""
    root = debs("php-debian", ["php-" + n for n in LIBRARIES] + [n for n in LIBRARIES]) + "/root"
    found_names = {}
    for file in sorted(glob.glob(root + "/usr/share/**/composer.json", recursive=True)):
        try:
            data = json.load(open(file))
        except ValueError:
            continue
        if "/" in data.get("name", ""):
            found_names[data["name"]] = data.get("version") or f"{1 + len(found_names) % 9}.{len(found_names) % 7}.{len(found_names) % 11}"
    return found_names


def layout(form):
    truth = manifests()
    def lay(path):
        os.makedirs(path + "/vendor/composer")
        entries = [{"name": n, "version": ("v" if i % 2 else "") + v, "version_normalized": v + ".0", "type": "library", "license": ["MIT"]} for i, (n, v) in enumerate(sorted(truth.items()))]
        for name in truth:
            os.makedirs(f"{path}/vendor/{name}", exist_ok=True)
            json.dump({"name": name}, open(f"{path}/vendor/{name}/composer.json", "w"))
        if form == "installed.php":
            text = "<?php return array(\n    'root' => array(\n        'name' => 'me/app',\n        'pretty_version' => '1.0.0',\n        'version' => '1.0.0.0',\n        'reference' => null,\n        'type' => 'project',\n    ),\n    'versions' => array(\n"
            text += "        'me/app' => array(\n            'pretty_version' => '1.0.0',\n            'version' => '1.0.0.0',\n            'reference' => null,\n            'type' => 'project',\n            'install_path' => __DIR__ . '/../../',\n            'aliases' => array(),\n            'dev_requirement' => false,\n        ),\n"
            text += "        'psr/log-implementation' => array(\n            'dev_requirement' => false,\n            'provided' => array(\n                0 => '1.0.0 || 2.0.0 || 3.0.0',\n            ),\n        ),\n"
            text += "".join(f"        '{e['name']}' => array(\n            'pretty_version' => '{e['version']}',\n            'version' => '{e['version_normalized']}',\n            'reference' => 'abc',\n            'type' => 'library',\n            'install_path' => __DIR__ . '/../{e['name']}',\n            'aliases' => array(),\n            'dev_requirement' => false,\n        ),\n" for e in entries)
            open(path + "/vendor/composer/installed.php", "w").write(text + "    ),\n);\n")
        else:
            json.dump(entries if form == "version 1" else {"packages": entries, "dev": False, "dev-package-names": []}, open(path + "/vendor/composer/installed.json", "w"))
            json.dump({"packages": entries, "packages-dev": [{"name": "phpunit/phpunit", "version": "9.0.0"}]}, open(path + "/composer.lock", "w"))
    path = built("php-" + form.replace(" ", "-"), lay)
    yield set(truth.items()), found(scan(zip_tree(path, f"{path}.zip", lambda p: not p.startswith("."))), "Packagist", ("installed", "declared"))


CORPORA = {f"php {form}": (lambda f=form: layout(f)) for form in ("version 1", "version 2", "installed.php")}

"""Composer trees, laid out as Composer 1 and 2 write them. Truth: the list they are made from; Composer's own registry is not asked."""
import json, os

from .common import built, found, scan, zip_tree

# Published packages, with a version each had.
LIBRARIES = {
    "psr/log": "3.0.0", "psr/cache": "3.0.0", "psr/container": "2.0.2", "psr/http-message": "2.0", "psr/http-client": "1.0.3", "monolog/monolog": "3.5.0", "symfony/console": "6.4.1", "symfony/http-foundation": "6.4.0", "symfony/process": "6.4.2",
    "symfony/yaml": "6.4.0", "symfony/finder": "6.4.0", "symfony/event-dispatcher": "6.4.2", "symfony/polyfill-mbstring": "1.28.0", "symfony/http-kernel": "6.4.1", "guzzlehttp/guzzle": "7.8.1", "guzzlehttp/psr7": "2.6.2", "guzzlehttp/promises": "2.0.2",
    "twig/twig": "3.8.0", "doctrine/dbal": "3.7.2", "doctrine/orm": "2.17.2", "doctrine/inflector": "2.0.8", "phpseclib/phpseclib": "3.0.35", "nikic/php-parser": "4.18.0", "league/commonmark": "2.4.1", "league/flysystem": "3.23.0", "ramsey/uuid": "4.7.5",
    "nesbot/carbon": "2.72.1", "phpmailer/phpmailer": "6.9.1", "aws/aws-sdk-php": "3.295.3", "laravel/framework": "10.38.2", "bref/bref": "2.1.9", "vlucas/phpdotenv": "5.6.0", "brick/math": "0.11.0", "nikic/fast-route": "1.3.0", "react/promise": "3.1.0",
    "laminas/laminas-diactoros": "3.3.0", "slim/slim": "4.12.0", "predis/predis": "2.2.2", "dev/branch": "dev-main",
}


def manifests():
    return dict(LIBRARIES)


def layout(form):
    truth = manifests()
    def lay(path):
        os.makedirs(path + "/vendor/composer")
        entries = [{"name": n, "version": ("v" if i % 2 and v[0].isdigit() else "") + v, "version_normalized": v + ".0", "type": "library", "license": ["MIT"]} for i, (n, v) in enumerate(sorted(truth.items()))]
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

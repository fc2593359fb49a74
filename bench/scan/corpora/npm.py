"""Installed npm trees. Truth: what npm itself lists (npm query)."""
import json

from .common import built, found, run, scan, zip_tree

INSTALL = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]

TREES = {
    "npm-web": {"express": "4.18.2", "webpack": "5.88.0", "@aws-sdk/client-s3": "3.400.0", "lodash": "4.17.20", "old-lodash": "npm:lodash@3.10.1", "axios": "1.4.0", "typescript": "5.1.6", "eslint": "8.40.0"},
    "npm-large": {"aws-sdk": "2.1400.0", "@nestjs/core": "9.4.0", "@nestjs/common": "9.4.0", "@nestjs/platform-express": "9.4.0", "mongoose": "6.8.0", "sequelize": "6.28.0", "jest": "29.5.0", "request": "2.88.2", "@babel/core": "7.21.0", "react-dom": "18.2.0", "react": "18.2.0", "next": "13.2.0", "gatsby-cli": "5.8.0"},
    "npm-bundled-deps": {"express": "4.17.1", "serverless-http": "3.1.0", "pino": "8.0.0", "@middy/core": "4.4.0", "knex": "2.4.0", "redis": "4.6.0", "jsonwebtoken": "8.5.1", "sharp": "0.32.0", "npm": "9.6.0"},
}


def installed(path):
    return {(node["name"], node["version"]) for node in json.loads(run("npm", "query", "*", cwd=path)) if node.get("location") and node.get("version")}


def tree(name):
    def install(path):
        json.dump({"name": "corpus", "version": "1.0.0", "dependencies": TREES[name]}, open(path + "/package.json", "w"))
        run(*INSTALL, cwd=path)
        zip_tree(path, path + ".zip")
    path = built(name, install)
    yield installed(path), found(scan(path + ".zip"), "npm")


def workspaces():
    """Two workspaces that need different versions of one package: nested copies, links that a zip follows or drops."""
    def install(path):
        import os
        json.dump({"name": "root", "version": "1.0.0", "private": True, "workspaces": ["fn/*"]}, open(path + "/package.json", "w"))
        for name, dependencies in {"a": {"debug": "4.3.4", "semver": "7.3.5", "b": "1.0.0"}, "b": {"debug": "2.6.9", "semver": "5.7.1", "@types/node": "18.0.0"}}.items():
            os.makedirs(f"{path}/fn/{name}")
            json.dump({"name": name, "version": "1.0.0", "dependencies": dependencies}, open(f"{path}/fn/{name}/package.json", "w"))
        run(*INSTALL, cwd=path)
        zip_tree(path, path + ".zip")
    path = built("npm-workspaces", install)
    # The workspaces are the customer's own code.
    yield {p for p in installed(path) if p[0] not in ("a", "b", "root")}, found(scan(path + ".zip"), "npm")


CORPORA = {**{name: (lambda n=name: tree(n)) for name in TREES}, "npm-workspaces": workspaces}

"""Ruby gems. Truth: name and version that each gemspec assigns, read from its text."""
import glob, os, re

from .common import WORK, built, debs, found, scan, zip_tree

GEMS = """rack nokogiri activesupport activerecord activemodel actionpack actionview actionmailer railties sinatra json i18n tzinfo concurrent addressable public-suffix faraday mime-types mini-mime rest-client redis pg mysql2 sqlite3 bcrypt jwt haml tilt
    thor multi-json builder mustermann ffi aws-sdk-core aws-sdk-s3 oj excon zip sequel ox hashie mechanize httparty http typhoeus ethon puma unicorn thin sidekiq resque mail net-smtp net-imap net-pop rexml psych racc loofah rails-html-sanitizer
    rails-dom-testing erubi crass zeitwerk globalid marcel nio4r websocket-driver websocket-extensions method-source rouge redcarpet kramdown liquid jekyll sass sassc coffee-script execjs uglifier sprockets devise warden responders orm-adapter
    omniauth oauth2 doorkeeper pundit kaminari will-paginate carrierwave mini-magick chunky-png prawn pdf-core ttfunk rubyzip google-protobuf grpc bunny amq-protocol dalli connection-pool rack-protection rack-test tins sync slim temple""".split()


def specs(root):
    truth = set()
    for spec in glob.glob(root + "/**/specifications/*.gemspec", recursive=True):
        text = open(spec, errors="replace").read()
        name, version = re.search(r's\.name = "([^"]+)', text), re.search(r's\.version = "([^"]+)', text)
        if name and version:
            truth.add((name[1], version[1]))
    return truth


def root():
    return debs("ruby-debian", ["ruby-" + name for name in GEMS]) + "/root"


def debian():
    yield specs(root()), found(scan(zip_tree(root(), f"{WORK}/ruby-debian.zip")), "RubyGems")


def bundle():
    """vendor/bundle/ruby/X/gems/NAME-VERSION, specifications removed; some names carry a platform."""
    truth = specs(root())
    def lay(path):
        for i, (name, version) in enumerate(sorted(truth)):
            platform = ["", "", "", "-x86_64-linux", "-java", "-x86_64-linux-gnu"][i % 6]
            directory = f"{path}/vendor/bundle/ruby/3.2.0/gems/{name}-{version}{platform}/lib"
            os.makedirs(directory)
            open(f"{directory}/{name}.rb", "w").write("# code\n")
    path = built("ruby-bundle", lay)
    yield truth, found(scan(zip_tree(path + "/vendor", f"{WORK}/ruby-bundle.zip", prefix="vendor/")), "RubyGems")


CORPORA = {"ruby debian": debian, "ruby bundle": bundle}

using Pellicle.Domain;
using Pellicle.Scanning.Tests.Support;

namespace Pellicle.Scanning.Tests.Extractors;

public class PythonTests
{
    private const string Requests = "Metadata-Version: 2.1\nName: Requests\nVersion: 2.31.0\nLicense: Apache 2.0\nRequires-Dist: idna (<4,>=2.5)\n\nVersion: not this one\n";

    [Fact]
    public void Dist_info_gives_name_version_licence_and_dependencies()
    {
        var contents = new TestZip().Add("requests-2.31.0.dist-info/METADATA", Requests).Add("requests-2.31.0.dist-info/top_level.txt", "requests\n").Read();
        var package = contents.Packages.ShouldHaveSingleItem();
        package.Purl.ToString().ShouldBe("pkg:pypi/requests@2.31.0");
        (package.Evidence, package.License).ShouldBe((PackageEvidence.Installed, "Apache 2.0"));
        package.Provides.ShouldBe(["requests"]);
        contents.Facts.Dependencies[package.Path].ShouldBe(["idna"]);
    }

    [Theory]
    [InlineData("six-1.16.0.egg-info")]
    [InlineData("six.egg-info/PKG-INFO")]
    [InlineData("six-1.16.0-py3.11.egg/EGG-INFO/PKG-INFO")]
    [InlineData("python/lib/python3.11/site-packages/six-1.16.0.dist-info/METADATA")]
    public void All_forms_of_metadata_are_read(string path) => new TestZip().Add(path, "Name: six\nVersion: 1.16.0\n").Read().Purls().ShouldBe(["pkg:pypi/six@1.16.0"]);

    [Theory]
    [InlineData(".")]
    [InlineData("-_.")]
    [InlineData("group:")]
    public void A_name_of_separators_is_no_package(string name)
    {
        var contents = new TestZip().Add("poetry.lock", $"[[package]]\nname = \"{name}\"\nversion = \"1.0\"\n[[package]]\nname = \"six\"\nversion = \"1.16.0\"\n").Read();
        contents.Purls().ShouldBe(["pkg:pypi/six@1.16.0"]);
        contents.Errors.ShouldBeEmpty();
    }

    [Fact]
    public void Wheels_inside_the_zip_are_opened() =>
        new TestZip().Add("vendor/six-1.16.0-py2.py3-none-any.whl", new TestZip().Add("six-1.16.0.dist-info/METADATA", "Name: six\nVersion: 1.16.0\n").ToBytes())
            .Read().Lines().ShouldBe(["pkg:pypi/six@1.16.0 Installed vendor/six-1.16.0-py2.py3-none-any.whl!/six-1.16.0.dist-info/METADATA"]);

    [Fact]
    public void A_dist_info_without_METADATA_still_names_its_package() => new TestZip().Add("PyYAML-6.0.1.dist-info/RECORD", "yaml/__init__.py,,\n").Read().Purls().ShouldBe(["pkg:pypi/pyyaml@6.0.1"]);

    [Theory]
    [InlineData("yaml/__init__.py", "from .x import *\n__version__ = '6.0.1'\n", "pkg:pypi/pyyaml@6.0.1")]
    [InlineData("python/urllib3/_version.py", "__version__: str = \"1.26.5\"\n", "pkg:pypi/urllib3@1.26.5")]
    [InlineData("python/twisted/_version.py", "__version__ = Version(\"Twisted\", 22, 4, 0)\n", "pkg:pypi/twisted@22.4.0")]
    [InlineData("python/pyparsing/__init__.py", "__version_info__ = version_info(3, 0, 9, \"final\", 0)\n", "pkg:pypi/pyparsing@3.0.9")]
    [InlineData("python/dns/version.py", "MAJOR = 2\nMINOR = 3\nMICRO = 0\nSERIAL = 0\n", "pkg:pypi/dnspython@2.3.0")]
    [InlineData("python/scrapy/VERSION", "2.8.0\n", "pkg:pypi/scrapy@2.8.0")]
    [InlineData("python/scrapy/VERSION", "see the manual\n", "pkg:pypi/scrapy")]
    [InlineData("python/openpyxl/_constants.py", "MAX_MINOR = 7\n__version__ = \"3.0.9\"\n", "pkg:pypi/openpyxl@3.0.9")]
    [InlineData("simplejson/version.py", "VERSION = (3, 19, 1)\n", "pkg:pypi/simplejson@3.19.1")]
    public void Stripped_packages_are_known_by_content(string path, string content, string purl)
    {
        var package = path[..path.LastIndexOf('/')] + "/__init__.py";
        var zip = new TestZip().Add(path, content);
        (path == package ? zip : zip.Add(package, "")).Read().Purls().ShouldBe([purl]);
    }

    [Theory]
    [InlineData("python/acme_client/__init__.py", "__version__ = '2.0.1'\n", "pkg:pypi/acme-client@2.0.1")]
    [InlineData("acme_client/__init__.py", "__author__ = 'Acme'\n__version__ = '2.0.1'\n", "pkg:pypi/acme-client@2.0.1")]
    [InlineData("acme_client/__init__.py", "__version__ = '2.0.1'\n", "")]
    [InlineData("google/protobuf/__init__.py", "__version__ = '4.21.12'\n", "pkg:pypi/protobuf@4.21.12")]
    [InlineData("numpy/__init__.py", "version_json = '''\n{\n \"version\": \"1.24.2\"\n}\n'''\n", "pkg:pypi/numpy@1.24.2")]
    [InlineData("six.py", "__author__ = \"B\"\n__version__ = version = \"1.16.0\"\n", "pkg:pypi/six@1.16.0")]
    [InlineData("app/__init__.py", "__author__ = 'me'\n__version__ = '1.0'\n", "")]
    public void Modules_without_metadata_count_where_something_published_shows(string path, string content, string purl) => string.Join(' ', new TestZip().Add(path, "#\n" + content).Read().Purls()).ShouldBe(purl);

    [Fact]
    public void A_known_module_without_a_version_counts_among_others()
    {
        var zip = new TestZip().Add("rich/__init__.py", "x = 1\n");
        zip.Read().Packages.ShouldBeEmpty();
        zip.Add("six.py", "__version__ = '1.16.0'\n").Add("yaml/__init__.py", "__version__ = '6.0'\n").Add("idna/__init__.py", "__version__ = '3.3'\n").Read().Purls().ShouldBe(["pkg:pypi/idna@3.3", "pkg:pypi/pyyaml@6.0", "pkg:pypi/rich", "pkg:pypi/six@1.16.0"]);
    }

    [Fact]
    public void The_customers_own_package_is_not_a_stripped_one() => new TestZip().Add("billing/__init__.py", "__version__ = '1.0.0'\n").Read().Packages.ShouldBeEmpty();

    [Theory]
    [InlineData("requirements.txt", "# c\nrequests==2.31.0 ; python_version > '3' \\\n    --hash=sha256:aa\nidna>=2\n-e .\nflask[async]==3.0.0\n", "pkg:pypi/flask@3.0.0 pkg:pypi/requests@2.31.0")]
    [InlineData("Pipfile.lock", """{"default":{"requests":{"version":"==2.31.0"}},"develop":{"pytest":{"version":"==8.0.0"}}}""", "pkg:pypi/requests@2.31.0")]
    [InlineData("poetry.lock", "[[package]]\nname = \"requests\"\nversion = \"2.31.0\"\n[package.dependencies]\nidna = \">=2\"\nversion = \"x\"\n[metadata]\n", "pkg:pypi/requests@2.31.0")]
    [InlineData("uv.lock", "version = 1\n[[package]]\nname = \"app\"\nversion = \"0.1\"\nsource = { editable = \".\" }\n[[package]]\nname = \"idna\"\nversion = \"3.7\"\nsource = { registry = \"r\" }\n", "pkg:pypi/idna@3.7")]
    [InlineData("pylock.toml", "[[packages]]\nname = \"idna\"\nversion = \"3.7\"\n", "pkg:pypi/idna@3.7")]
    public void Lock_files_declare(string path, string content, string purls)
    {
        var contents = new TestZip().Add(path, content).Read();
        string.Join(' ', contents.Purls()).ShouldBe(purls);
        contents.Packages.ShouldAllBe(p => p.Evidence == PackageEvidence.Declared);
    }

    [Fact]
    public void A_lock_beside_installed_packages_does_not_count_again() =>
        new TestZip().Add("requirements.txt", "requests==2.31.0\npytest==8.0.0\n").Add("requests-2.31.0.dist-info/METADATA", Requests).Read().Purls().ShouldBe(["pkg:pypi/requests@2.31.0"]);

    [Fact]
    public void Files_that_differ_from_RECORD_are_named()
    {
        var contents = new TestZip()
            .Add("p-1.dist-info/METADATA", "Name: p\nVersion: 1\n")
            .Add("p-1.dist-info/RECORD", "p/a.py,sha256=dw5gdiTWiSZcpsRIhNCAfZsFTSPEc8EGxyvp3gi3N2w,4\np/b.py,sha256=dw5gdiTWiSZcpsRIhNCAfZsFTSPEc8EGxyvp3gi3N2w,4\np/c.py,sha256=dw5gdiTWiSZcpsRIhNCAfZsFTSPEc8EGxyvp3gi3N2w,4\np-1.dist-info/RECORD,,\n")
            .Add("p/a.py", "good").Add("p/b.py", "evil").Add("p/c.py", "longer")
            .Read();
        contents.Facts.ModifiedFiles.Select(f => f.Path).ShouldBe(["p/b.py", "p/c.py"]);
        contents.Facts.ModifiedFiles[0].Package.ShouldBe("p 1");
    }

    [Fact]
    public void Of_two_packages_that_record_one_file_either_may_be_right()
    {
        const string good = "dw5gdiTWiSZcpsRIhNCAfZsFTSPEc8EGxyvp3gi3N2w", other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        var zip = new TestZip()
            .Add("p-1.dist-info/RECORD", $"n/__init__.py,sha256={good},4\nn/b.py,sha256={other},4\n")
            .Add("q-1.dist-info/RECORD", $"n/__init__.py,sha256={other},4\nn/b.py,sha256={other},4\n")
            .Add("n/__init__.py", "good").Add("n/b.py", "evil");
        for (var i = 0; i < 10; i++)
        {
            zip.Read().Facts.ModifiedFiles.ShouldBe([new ModifiedFile("n/b.py", "p 1", "content hash differs from the recorded one")]);
        }
    }
}

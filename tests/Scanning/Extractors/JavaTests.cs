using Pellicle.Domain;
using Pellicle.Scanning.Tests.Support;

namespace Pellicle.Scanning.Tests.Extractors;

public class JavaTests
{
    private static string Properties(string group, string artifact, string version) => $"#Generated\ngroupId={group}\nartifactId={artifact}\nversion={version}\n";

    private static byte[] Jar(params (string Path, string Content)[] files)
    {
        var zip = new TestZip();
        foreach (var (path, content) in files)
        {
            zip.Add(path, content);
        }

        return zip.ToBytes();
    }

    [Fact]
    public void A_jar_is_known_by_its_pom_properties_and_what_is_shaded_by_theirs()
    {
        var jar = Jar(("META-INF/maven/com.acme/tool/pom.properties", Properties("com.acme", "tool", "1.2")), ("META-INF/maven/com.google.guava/guava/pom.properties", Properties("com.google.guava", "guava", "31.0-jre")));
        new TestZip().Add("lib/tool-1.2.jar", jar).Read().Lines().ShouldBe([
            "pkg:maven/com.acme/tool@1.2 Installed lib/tool-1.2.jar!/META-INF/maven/com.acme/tool/pom.properties",
            "pkg:maven/com.google.guava/guava@31.0-jre Bundled lib/tool-1.2.jar!/META-INF/maven/com.google.guava/guava/pom.properties"]);
    }

    [Fact]
    public void Pom_xml_serves_where_properties_are_missing()
    {
        const string xml = "<project xmlns='http://maven.apache.org/POM/4.0.0'><parent><groupId>g.p</groupId><artifactId>par</artifactId><version>3</version></parent><artifactId>a</artifactId><dependencies><dependency><groupId>x</groupId><artifactId>y</artifactId><version>9</version></dependency></dependencies></project>";
        new TestZip().Add("lib/a.jar", Jar(("META-INF/maven/g.p/a/pom.xml", xml))).Read().Purls().ShouldBe(["pkg:maven/g.p/a@3"]);
    }

    [Theory]
    [InlineData("lib/spring-core-5.3.9.jar", "Manifest-Version: 1.0\r\nImplementation-Title: spring-core\r\nImplementation-Version: 5.3.9\r\n", "pkg:maven/org.springframework/spring-core@5.3.9")]
    [InlineData("lib/acme-net-2.0.jar", "Manifest-Version: 1.0\nBundle-SymbolicName: com.acme.acme-net;singleton:=t\n rue\n", "pkg:maven/com.acme/acme-net@2.0")]
    [InlineData("lib/renamed.jar", "Bundle-SymbolicName: com.acme.thing\nBundle-Version: 4.1\n", "pkg:maven/com.acme/thing@4.1")]
    [InlineData("lib/log4j-core-2.14.1.jar", "Manifest-Version: 1.0\n", "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1")]
    [InlineData("lib/tomcat-coyote-9.0.70.jar", "Manifest-Version: 1.0\nBundle-SymbolicName: org.apache.tomcat-coyote\n", "pkg:maven/org.apache.tomcat/tomcat-coyote@9.0.70")]
    [InlineData("lib/groovy-json-2.4.21.jar", "Bundle-SymbolicName: groovy-json\n", "pkg:maven/org.codehaus.groovy/groovy-json@2.4.21")]
    [InlineData("lib/groovy-4.0.1.jar", "Bundle-SymbolicName: groovy\n", "pkg:maven/org.apache.groovy/groovy@4.0.1")]
    [InlineData("lib/c3p0-0.9.1.2.jar", "Implementation-Vendor-Id: com.mchange\n", "pkg:maven/c3p0/c3p0@0.9.1.2")]
    [InlineData("lib/org.eclipse.jdt.debug.ui-3.12.900.jar", "Bundle-SymbolicName: org.eclipse.jdt.debug.ui; singleton:=true\n", "pkg:maven/org.eclipse.jdt/org.eclipse.jdt.debug.ui@3.12.900")]
    [InlineData("lib/biojava-core-6.1.0.jar", "Automatic-Module-Name: org.biojava.nbio.core\n", "pkg:maven/org.biojava/biojava-core@6.1.0")]
    [InlineData("lib/rxjava-3.1.5.jar", "Bundle-SymbolicName: io.reactivex.rxjava3.rxjava\n", "pkg:maven/io.reactivex.rxjava3/rxjava@3.1.5")]
    [InlineData("lib/log4j-1.2-api-2.19.0.jar", "Manifest-Version: 1.0\n", "pkg:maven/org.apache.logging.log4j/log4j-1.2-api@2.19.0")]
    [InlineData("lib/acme-1.0-beta-3.jar", "Bundle-SymbolicName: com.acme.acme\n", "pkg:maven/com.acme/acme@1.0-beta-3")]
    [InlineData("lib/hibernate-validator-5.3.6.Final.jar", "Manifest-Version: 1.0\n", "pkg:maven/org.hibernate/hibernate-validator@5.3.6.Final")]
    [InlineData("lib/jakarta.el-api-5.0.1.jar", "Bundle-SymbolicName: jakarta.el-api\n", "pkg:maven/jakarta.el/jakarta.el-api@5.0.1")]
    [InlineData("lib/velocity-tools-2.0.jar", "Implementation-Vendor-Id: org.apache\n", "pkg:maven/org.apache.velocity/velocity-tools@2.0")]
    [InlineData("lib/tiles-core-3.0.7.jar", "Implementation-Vendor-Id: org.apache\nAutomatic-Module-Name: org.apache.tiles.core\n", "pkg:maven/org.apache.tiles/tiles-core@3.0.7")]
    public void A_jar_without_pom_is_known_by_manifest_and_name(string path, string manifest, string purl) =>
        new TestZip().Add(path, Jar(("META-INF/MANIFEST.MF", manifest))).Read().Purls().ShouldBe([purl]);

    [Fact]
    public void The_only_pom_inside_is_not_the_jar_when_the_file_name_says_another_version()
    {
        var jar = Jar(("META-INF/maven/org.apache.bcel/bcel/pom.properties", Properties("org.apache.bcel", "bcel", "6.4.1")), ("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n"));
        new TestZip().Add("lib/xalan-2.7.2.jar", jar).Read().Lines().ShouldBe([
            "pkg:maven/xalan/xalan@2.7.2 Installed lib/xalan-2.7.2.jar!/META-INF/MANIFEST.MF",
            "pkg:maven/org.apache.bcel/bcel@6.4.1 Bundled lib/xalan-2.7.2.jar!/META-INF/maven/org.apache.bcel/bcel/pom.properties"]);
        new TestZip().Add("lib/renamed.jar", jar).Read().Lines().ShouldBe(["pkg:maven/org.apache.bcel/bcel@6.4.1 Installed lib/renamed.jar!/META-INF/maven/org.apache.bcel/bcel/pom.properties"]);
    }

    [Theory]
    [InlineData("lib/codenarc-0.23.jar", "org/codenarc/Rule.class org/codenarc/rule/A.class", "pkg:maven/org.codenarc/codenarc@0.23")]
    [InlineData("lib/jhighlight-1.0.jar", "com/uwyn/jhighlight/A.class com/uwyn/jhighlight/B.class", "pkg:maven/com.uwyn/jhighlight@1.0")]
    [InlineData("lib/acme-http-1.0.jar", "org/apache/acme/http/A.class org/apache/acme/http/impl/B.class", "pkg:maven/org.apache.acme/acme-http@1.0")]
    [InlineData("lib/jdepend-2.10.jar", "jdepend/framework/A.class jdepend/ui/B.class", "pkg:maven/jdepend/jdepend@2.10")]
    [InlineData("lib/hawtbuf-proto-1.11.jar", "org/fusesource/hawtbuf/proto/A.class org/fusesource/hawtbuf/B.class", "pkg:maven/org.fusesource.hawtbuf/hawtbuf-proto@1.11")]
    [InlineData("lib/odfdom-java-0.8.jar", "org/odftoolkit/odfdom/A.class", "pkg:maven/org.odftoolkit/odfdom-java@0.8")]
    [InlineData("lib/oscar4-core-5.2.jar", "uk/ac/cam/oscar/A.class", "pkg:maven/uk.ac.cam.oscar/oscar4-core@5.2")]
    [InlineData("lib/atomicfu-transformer-0.11.jar", "kotlinx/atomicfu/A.class", "pkg:maven/org.jetbrains.kotlinx/atomicfu-transformer@0.11")]
    [InlineData("lib/annotations-25.2.jar", "com/android/annotations/A.class", "pkg:maven/com.android.tools/annotations@25.2")]
    [InlineData("lib/metrics-store-1.0.jar", "com/acme/metrics/A.class", "pkg:maven/com.acme.metrics/metrics-store@1.0")]
    [InlineData("lib/metrics-core-4.2.0.jar", "com/codahale/metrics/A.class", "pkg:maven/io.dropwizard.metrics/metrics-core@4.2.0")]
    [InlineData("lib/bridge-method-annotation-1.25.jar", "com/infradna/tool/bridge_method_injector/A.class", "pkg:maven/com.infradna.tool/bridge-method-annotation@1.25")]
    [InlineData("lib/mojo-executor-2.4.0.jar", "org/twdata/maven/mojoexecutor/A.class", "pkg:maven/org.twdata.maven/mojo-executor@2.4.0")]
    [InlineData("lib/empty-2.10.jar", "readme.txt", "")]
    public void A_jar_that_states_nothing_is_known_by_its_classes(string path, string classes, string purl) =>
        string.Join(' ', new TestZip().Add(path, Jar([.. classes.Split(' ').Select(name => (name, "x"))])).Read().Purls()).ShouldBe(purl);

    [Theory]
    [InlineData("lib/acme4j-1.6.jar", "Bundle-SymbolicName: org.apache.acme.security.acme4j\n", "org/apache/acme/security/A.class", "pkg:maven/org.apache.acme.security/acme4j@1.6")]
    [InlineData("lib/asm-9.4.jar", "Bundle-SymbolicName: org.objectweb.asm\n", "org/objectweb/asm/A.class", "pkg:maven/org.ow2.asm/asm@9.4")]
    [InlineData("lib/json-simple-2.3.0.jar", "Implementation-Vendor-Id: com.github.cliftonlabs\n", "org/json/simple/A.class", "pkg:maven/com.github.cliftonlabs/json-simple@2.3.0")]
    [InlineData("lib/json-simple-1.1.1.jar", "Manifest-Version: 1.0\n", "org/json/simple/A.class", "pkg:maven/com.googlecode.json-simple/json-simple@1.1.1")]
    [InlineData("lib/shiro-tools-hasher-1.3.2.jar", "Implementation-Vendor-Id: org.apache.shiro.tools\n", "org/apache/shiro/tools/hasher/A.class", "pkg:maven/org.apache.shiro.tools/shiro-tools-hasher@1.3.2")]
    public void What_a_manifest_states_comes_before_what_names_suggest(string path, string manifest, string classes, string purl) =>
        new TestZip().Add(path, Jar(("META-INF/MANIFEST.MF", manifest), (classes, "x"))).Read().Purls().ShouldBe([purl]);

    [Fact]
    public void A_plugin_of_Mavens_says_what_it_is()
    {
        const string descriptor = "<plugin><name>p</name><groupId>com.acme.build</groupId><artifactId>odd-maven-plugin</artifactId><version>1.2</version><mojos><mojo><goal>g</goal></mojo></mojos><dependencies><dependency><groupId>x</groupId></dependency></dependencies></plugin>";
        var package = new TestZip().Add("lib/odd-maven-plugin-1.2.jar", Jar(("META-INF/maven/plugin.xml", descriptor), ("org/other/A.class", "x"))).Read().Packages.ShouldHaveSingleItem();
        package.Purl.ToString().ShouldBe("pkg:maven/com.acme.build/odd-maven-plugin@1.2");
        package.Identity.ShouldBeNull();
        new TestZip().Add("lib/odd-maven-plugin-1.2.jar", Jar(("META-INF/maven/plugin.xml", descriptor), ("META-INF/maven/com.acme.build/odd-maven-plugin/pom.properties", Properties("com.acme.build", "odd-maven-plugin", "1.2")))).Read()
            .Lines().ShouldBe(["pkg:maven/com.acme.build/odd-maven-plugin@1.2 Installed lib/odd-maven-plugin-1.2.jar!/META-INF/maven/com.acme.build/odd-maven-plugin/pom.properties"]);
    }

    [Theory]
    [InlineData("META-INF/maven/g/a/pom.xml", "<project><groupId>g</groupId><artif", "not valid XML")]
    [InlineData("META-INF/maven/plugin.xml", "<plugin><groupId>g</", "not valid XML")]
    [InlineData("META-INF/maven/g/a/pom.properties", "groupId=g\nartifac", "does not state groupId, artifactId and version")]
    public void A_damaged_description_is_an_error_of_that_file_and_the_rest_is_read(string path, string content, string message)
    {
        var contents = new TestZip().Add("lib/a-1.0.jar", Jar((path, content))).Add("lib/b-1.0.jar", Jar(("META-INF/maven/g/b/pom.properties", Properties("g", "b", "1.0")))).Read();
        contents.Purls().ShouldBe(["pkg:maven/g/b@1.0"]);
        var error = contents.Errors.ShouldHaveSingleItem();
        error.Path.ShouldBe("lib/a-1.0.jar!/" + path);
        error.Message.ShouldBe(message);
    }

    [Fact]
    public void A_description_that_cannot_be_unpacked_is_an_error_of_that_file()
    {
        var jar = Jar(("META-INF/maven/g/a/pom.properties", Properties("g", "a", "1.0")), ("META-INF/maven/g/c/pom.xml", "<project><groupId>g</groupId><artifactId>c</artifactId><version>${revision}</version></project>"));
        // Into the compressed bytes, behind the local header's name.
        jar[jar.AsSpan().IndexOf("pom.properties"u8) + 20] ^= 0xFF;
        new TestZip().Add("lib/a-1.0.jar", jar).Read().Errors.ShouldHaveSingleItem().Path.ShouldBe("lib/a-1.0.jar!/META-INF/maven/g/a/pom.properties");
    }

    [Fact]
    public void A_jar_says_how_sure_its_name_is()
    {
        PackageIdentity? Of(params (string, string)[] files) => new TestZip().Add("lib/tool-1.2.jar", Jar(files)).Read().Packages.ShouldHaveSingleItem().Identity;
        Of(("META-INF/maven/com.acme/tool/pom.properties", Properties("com.acme", "tool", "1.2"))).ShouldBeNull();
        var stated = Of(("META-INF/MANIFEST.MF", "Implementation-Vendor-Id: com.acme.tools\n")).ShouldNotBeNull();
        var guessed = Of(("com/acme/tool/A.class", "x")).ShouldNotBeNull();
        stated.Method.ShouldBe(IdentityMethod.Manifest);
        guessed.Method.ShouldBe(IdentityMethod.FileName);
        guessed.Confidence.ShouldBeLessThan(stated.Confidence);
        stated.Confidence.ShouldBeLessThan(1);
    }

    [Fact]
    public void A_parameter_file_that_ends_like_an_archive_is_no_damage() =>
        new TestZip().Add("data/MMFF.PAR", "1 2 3\n").Add("lib/broken.jar", "no zip").Read().Errors.ShouldHaveSingleItem().Path.ShouldBe("lib/broken.jar");

    [Fact]
    public void Jars_in_jars_are_opened()
    {
        var inner = Jar(("META-INF/maven/g.h/i/pom.properties", Properties("g.h", "i", "1")));
        var war = new TestZip().Add("WEB-INF/lib/i-1.jar", inner).ToBytes();
        new TestZip().Add("app.ear", new TestZip().Add("app.war", war).ToBytes()).Read().Packages.ShouldHaveSingleItem().Path.ShouldBe("app.ear!/app.war!/WEB-INF/lib/i-1.jar!/META-INF/maven/g.h/i/pom.properties");
    }

    [Fact]
    public void Exploded_and_shaded_functions_are_read_at_the_root() =>
        new TestZip().Add("META-INF/maven/org.apache.commons/commons-text/pom.properties", Properties("org.apache.commons", "commons-text", "1.9")).Read()
            .Lines().ShouldBe(["pkg:maven/org.apache.commons/commons-text@1.9 Bundled META-INF/maven/org.apache.commons/commons-text/pom.properties"]);

    [Fact]
    public void Gradle_locks_declare_what_runs()
    {
        var contents = new TestZip().Add("gradle.lockfile", "# This is a Gradle generated file\ncom.acme:run:1.0=compileClasspath,runtimeClasspath\njunit:junit:4.13=testRuntimeClasspath\norg.x:processor:2=annotationProcessor\norg.y:app:3=appRuntimeClasspath\nbroken\nempty=signatures\n")
            .Add("gradle/dependency-locks/runtimeClasspath.lockfile", "org.z:old:1.1\n").Add("gradle/dependency-locks/testCompileClasspath.lockfile", "org.z:test:1.1\n").Read();
        contents.Lines().ShouldBe(["pkg:maven/com.acme/run@1.0 Declared gradle.lockfile", "pkg:maven/org.y/app@3 Declared gradle.lockfile", "pkg:maven/org.z/old@1.1 Declared gradle/dependency-locks/runtimeClasspath.lockfile"], ignoreOrder: true);
        contents.Errors.ShouldHaveSingleItem().Path.ShouldBe("gradle.lockfile");
    }
}

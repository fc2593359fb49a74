namespace Pellicle.Scanning.Extractors.Java;

/// <summary>Group ids of well-known artifacts whose jars carry no pom (built by Gradle, Ant, Bazel or stripped by shading). Coordinates as published on Maven Central.</summary>
internal static class MavenGroups
{
    // Artifact names and, with a final "*", prefixes; the longest prefix wins.
    private static readonly Dictionary<string, string> Groups = Parse("""
        org.springframework spring-aop spring-aspects spring-beans spring-context* spring-core spring-expression spring-jcl spring-jdbc spring-jms spring-messaging spring-orm spring-oxm spring-test spring-tx spring-web* spring-websocket
        org.springframework.boot spring-boot*
        org.springframework.security spring-security-*
        org.springframework.data spring-data-*
        org.springframework.cloud spring-cloud-*
        org.springframework.retry spring-retry
        org.springframework.integration spring-integration-*
        org.jetbrains.kotlin kotlin-stdlib* kotlin-reflect kotlin-scripting-*
        org.jetbrains.kotlinx kotlinx-*
        org.jetbrains annotations
        com.squareup.okhttp3 okhttp* logging-interceptor mockwebserver
        com.squareup.okio okio*
        com.squareup.retrofit2 retrofit converter-*
        com.squareup.moshi moshi*
        org.codehaus.groovy groovy*
        org.hibernate hibernate-core hibernate-entitymanager
        org.hibernate.common hibernate-commons-annotations
        org.hibernate.validator hibernate-validator*
        io.projectreactor reactor-core
        io.projectreactor.netty reactor-netty*
        io.micrometer micrometer-*
        org.bouncycastle bcprov-* bcpkix-* bcutil-* bcpg-* bctls-* bcmail-*
        com.github.ben-manes.caffeine caffeine
        com.zaxxer HikariCP
        org.projectlombok lombok
        org.postgresql postgresql
        com.mysql mysql-connector-j
        mysql mysql-connector-java
        com.h2database h2
        log4j log4j apache-log4j-extras
        org.apache.logging.log4j log4j-*
        org.slf4j slf4j-* jcl-over-slf4j jul-to-slf4j log4j-over-slf4j
        ch.qos.logback logback-*
        commons-io commons-io
        commons-lang commons-lang
        commons-logging commons-logging commons-logging-*
        commons-codec commons-codec
        commons-collections commons-collections
        commons-fileupload commons-fileupload
        commons-beanutils commons-beanutils
        commons-cli commons-cli
        commons-httpclient commons-httpclient
        org.apache.commons commons-lang3 commons-text commons-collections4 commons-compress commons-csv commons-math3 commons-configuration2 commons-email commons-pool2 commons-exec
        org.apache.httpcomponents httpclient httpcore httpmime httpasyncclient httpcore-nio
        org.apache.httpcomponents.client5 httpclient5*
        org.apache.httpcomponents.core5 httpcore5*
        com.fasterxml.jackson.core jackson-core jackson-databind jackson-annotations
        com.fasterxml.jackson.dataformat jackson-dataformat-*
        com.fasterxml.jackson.datatype jackson-datatype-*
        com.fasterxml.jackson.module jackson-module-*
        com.google.guava guava failureaccess listenablefuture
        com.google.code.gson gson
        com.google.code.findbugs jsr305
        com.google.errorprone error_prone_annotations
        com.google.j2objc j2objc-annotations
        com.google.protobuf protobuf-java*
        com.google.inject guice
        io.netty netty-*
        io.grpc grpc-*
        io.reactivex.rxjava2 rxjava
        org.reactivestreams reactive-streams
        joda-time joda-time
        org.yaml snakeyaml
        org.ow2.asm asm*
        org.javassist javassist
        net.bytebuddy byte-buddy*
        org.json json
        com.jayway.jsonpath json-path
        net.minidev json-smart accessors-smart
        org.dom4j dom4j
        org.jsoup jsoup
        xerces xercesImpl
        xalan xalan serializer
        org.codehaus.jackson jackson-core-asl jackson-mapper-asl jackson-jaxrs jackson-xc
        org.codehaus.jettison jettison
        com.thoughtworks.xstream xstream
        org.apache.velocity velocity*
        org.freemarker freemarker
        org.apache.struts struts2-*
        org.apache.tomcat.embed tomcat-embed-*
        org.eclipse.jetty jetty-*
        io.undertow undertow-*
        org.apache.poi poi*
        org.apache.pdfbox pdfbox* fontbox
        junit junit
        org.junit.jupiter junit-jupiter-*
        org.mockito mockito-*
        org.hamcrest hamcrest*
        javax.servlet javax.servlet-api servlet-api
        javax.inject javax.inject
        javax.annotation javax.annotation-api
        javax.xml.bind jaxb-api
        jakarta.annotation jakarta.annotation-api
        jakarta.inject jakarta.inject-api
        aopalliance aopalliance
        com.amazonaws aws-java-sdk-* jmespath-java aws-lambda-java-* aws-xray-recorder-sdk-*
        software.amazon.ion ion-java
        redis.clients jedis
        io.lettuce lettuce-core
        org.mongodb mongodb-driver-* bson mongo-java-driver
        org.elasticsearch elasticsearch*
        org.apache.kafka kafka-clients
        io.jsonwebtoken jjwt*
        com.auth0 java-jwt
        com.nimbusds nimbus-jose-jwt
        org.scala-lang scala-library scala-reflect scala-actors scala-compiler scala-swing
        org.clojure clojure
        org.apache.tomcat tomcat-*
        axis axis axis-*
        com.mchange c3p0 mchange-commons-java
        xml-apis xml-apis*
        org.scala-lang.modules scala-xml_* scala-parser-combinators_*
        com.typesafe.akka akka-*
        org.apache.ant ant ant-*
        commons-dbcp commons-dbcp
        commons-pool commons-pool
        commons-validator commons-validator
        commons-net commons-net
        commons-digester commons-digester
        commons-configuration commons-configuration
        org.apache.shiro shiro-*
        org.apache.cxf cxf-*
        org.apache.camel camel-*
        org.apache.lucene lucene-*
        org.apache.solr solr-*
        org.apache.tika tika-*
        org.apache.santuario xmlsec
        org.apache.zookeeper zookeeper*
        org.quartz-scheduler quartz*
        net.sf.ehcache ehcache*
        io.opentelemetry opentelemetry-*
        io.vertx vertx-*
        io.quarkus quarkus-*
        io.micronaut micronaut-*
        cglib cglib cglib-nodep
        net.java.dev.jna jna jna-platform
        org.xerial.snappy snappy-java
        org.xerial sqlite-jdbc
        com.microsoft.sqlserver mssql-jdbc
        com.oracle.database.jdbc ojdbc*
        org.mariadb.jdbc mariadb-java-client
        org.hsqldb hsqldb
        org.apache.derby derby*
        com.googlecode.json-simple json-simple
        org.jdom jdom2
        org.owasp.esapi esapi
        org.ini4j ini4j
        org.thymeleaf thymeleaf*
        antlr antlr
        org.antlr antlr4* antlr-runtime stringtemplate ST4
        commons-daemon commons-daemon
        org.apache.xmlgraphics batik-* fop* xmlgraphics-commons
        org.apache.thrift libthrift
        org.aspectj aspectjrt aspectjweaver aspectjtools
        org.beanshell bsh
        org.ccil.cowan.tagsoup tagsoup
        javax.portlet portlet-api
        net.sf.trove4j trove4j
        net.sourceforge.jexcelapi jxl
        gnu-getopt getopt
        com.google.javascript closure-compiler*
        com.google.guava guava-testlib guava-gwt
        org.eclipse.jdt.core.compiler ecj
        org.codehaus.castor castor-*
        kxml2 kxml2*
        xmlunit xmlunit
        xml-resolver xml-resolver
        org.lz4 lz4-java
        net.jpountz.lz4 lz4
        jcifs jcifs
        com.github.luben zstd-jni
        org.bouncycastle.fips bc-fips
        org.jboss.logging jboss-logging*
        com.lmax disruptor
        org.checkerframework checker-qual checker-compat-qual
        org.eclipse.microprofile microprofile-*
        io.dropwizard.metrics metrics-*
        com.typesafe config
        com.squareup javapoet
        software.amazon.awssdk sdk-core aws-core http-client-spi url-connection-client netty-nio-client apache-client json-utils protocol-core aws-json-protocol aws-xml-protocol aws-query-protocol endpoints-spi third-party-jackson-core http-auth-* identity-spi retries-spi metrics-spi
        software.amazon.lambda powertools-*
        software.amazon.eventstream eventstream
        com.jcraft jsch
        net.sf.jopt-simple jopt-simple
        org.jgrapht jgrapht-*
        com.h2database h2-mvstore
        org.liquibase liquibase-core
        org.flywaydb flyway-*
        org.mybatis mybatis*
        com.alibaba fastjson druid
        com.alibaba.fastjson2 fastjson2*
        cn.hutool hutool-*
        org.apache.ivy ivy
        org.apache.bcel bcel
        org.apache.pulsar pulsar-*
        org.apache.avro avro*
        org.apache.parquet parquet-*
        org.apache.hadoop hadoop-*
        org.apache.spark spark-*
        org.apache.maven maven-*
        org.codehaus.plexus plexus-*
        org.codehaus.woodstox stax2-api woodstox-core-asl
        com.fasterxml.woodstox woodstox-core
        org.glassfish.jersey.core jersey-*
        org.json4s json4s-*
        org.typelevel cats-* spire*
        dev.zio zio*
        net.java.dev.jets3t jets3t
        org.apache.maven.scm maven-scm-*
        org.apache.maven.shared maven-shared-* maven-dependency-tree maven-dependency-analyzer maven-invoker maven-verifier file-management
        org.apache.maven.wagon wagon-*
        org.apache.maven.doxia doxia-*
        org.apache.maven.surefire surefire-* maven-surefire-*
        org.apache.maven.resolver maven-resolver-*
        org.apache.maven maven-resolver-provider
        org.apache.httpcomponents httpclient-* httpcore-*
        org.apache.maven.reporting maven-reporting-*
        org.apache.maven.plugin-testing maven-plugin-testing-*
        org.apache.geronimo.specs geronimo-*
        org.apache.tiles tiles-*
        com.google.auto.value auto-value*
        com.google.api-client google-api-client*
        com.google.http-client google-http-client*
        com.google.oauth-client google-oauth-client*
        com.google.truth truth
        com.sun.mail javax.mail jakarta.mail mailapi smtp imap pop3 gimap dsn
        com.sun.activation javax.activation jakarta.activation
        com.sun.jersey jersey-client jersey-server jersey-servlet jersey-json jersey-atom jersey-fastinfoset jersey-core jersey-bundle
        net.lingala.zip4j zip4j
        net.logstash.logback logstash-logback-encoder
        org.aeonbits.owner owner*
        com.thoughtworks.qdox qdox
        args4j args4j
        org.jruby.joni joni
        org.jruby.jcodings jcodings
        com.github.jnr jnr-*
        org.wildfly.common wildfly-common
        com.github.scopt scopt_*
        com.google.code.findbugs jFormatString
        de.jensd fontawesomefx*
        org.scala-lang.modules scala-pickling_* scala-collection-compat_* scala-java8-compat_* scala-async_* scala-swing_* scala-parallel-collections_*
        org.typelevel jawn-*
        org.jetbrains.kotlinx atomicfu*
        org.eclipse.emf org.eclipse.emf.* org.eclipse.xsd
        org.netbeans.external AbsoluteLayout
        com.android.tools sdklib sdk-common repository ddmlib
        com.android.databinding baseLibrary compilerCommon
        """);

    // Java packages and the group that publishes them, where the one does not follow from the other; the longest that holds most classes counts.
    private static readonly (string Package, string Group)[] Roots = [.. """
        akka=com.typesafe.akka play=com.typesafe.play slick=com.typesafe.slick com.typesafe.config=com.typesafe scopt=com.github.scopt sbt=org.scala-sbt scala.pickling=org.scala-lang.modules scala.xml=org.scala-lang.modules
        scala.util.parsing=org.scala-lang.modules scala.collection.parallel=org.scala-lang.modules scala.swing=org.scala-lang.modules cats=org.typelevel spire=org.typelevel jawn=org.spire-math org.typelevel.jawn=org.typelevel
        fs2=co.fs2 zio=dev.zio shapeless=com.chuusai scalaz=org.scalaz monix=io.monix org.http4s=org.http4s io.circe=io.circe spray.json=io.spray upickle=com.lihaoyi ujson=com.lihaoyi os=com.lihaoyi fastparse=com.lihaoyi
        kotlin=org.jetbrains.kotlin kotlinx.coroutines=org.jetbrains.kotlinx kotlinx.serialization=org.jetbrains.kotlinx kotlinx=org.jetbrains.kotlinx groovy=org.codehaus.groovy org.codehaus.groovy=org.codehaus.groovy clojure=org.clojure
        okhttp3=com.squareup.okhttp3 okio=com.squareup.okio retrofit2=com.squareup.retrofit2 reactor=io.projectreactor rx=io.reactivex feign=io.github.openfeign brave=io.zipkin.brave zipkin2=io.zipkin.zipkin2 graphql=com.graphql-java
        spark=com.sparkjava picocli=info.picocli jnr=com.github.jnr jodd=org.jodd oshi=com.github.oshi kong.unirest=com.konghq lombok=org.projectlombok freemarker=org.freemarker nu.xom=xom dagger=com.google.dagger
        android.databinding=com.android.databinding com.android=com.android.tools com.codahale.metrics=io.dropwizard.metrics com.google.common=com.google.guava com.google.gson=com.google.code.gson org.objectweb.asm=org.ow2.asm
        org.apache.http=org.apache.httpcomponents org.apache.hc.core5=org.apache.httpcomponents.core5 org.apache.hc.client5=org.apache.httpcomponents.client5 org.apache.catalina=org.apache.tomcat org.apache.coyote=org.apache.tomcat
        org.apache.batik=org.apache.xmlgraphics org.apache.fop=org.apache.xmlgraphics org.apache.log4j=log4j org.kohsuke.args4j=args4j com.sun.jna=net.java.dev.jna org.jf=org.smali org.fest=org.easytesting com.intellij=com.jetbrains.intellij.platform
        org.json.simple=com.googlecode.json-simple com.zaxxer.hikari=com.zaxxer org.sqlite=org.xerial org.mariadb.jdbc=org.mariadb.jdbc org.h2=com.h2database com.mysql=com.mysql org.quartz=org.quartz-scheduler net.jpountz=org.lz4
        com.thaiopensource=org.relaxng org.jdesktop.swingx=org.swinglabs org.newsclub.net.unix=com.kohlschutter.junixsocket org.springframework=org.springframework org.castor=org.codehaus.castor org.exolab.castor=org.codehaus.castor
        org.mortbay=org.mortbay.jetty org.openide=org.netbeans.api com.bea.xml.stream=stax org.joda.time=joda-time org.yaml.snakeyaml=org.yaml org.apache.juli=org.apache.tomcat org.apache.jasper=org.apache.tomcat
        org.eclipse.wst.common=org.eclipse.webtools.common org.eclipse.jem=org.eclipse.webtools.common org.eclipse.wst.server=org.eclipse.webtools.servertools org.eclipse.wst.jsdt=org.eclipse.webtools.jsdt
        org.eclipse.wst.sse=org.eclipse.webtools.sourceediting org.eclipse.wst.xml=org.eclipse.webtools.sourceediting org.eclipse.wst.html=org.eclipse.webtools.sourceediting org.eclipse.wst.css=org.eclipse.webtools.sourceediting
        org.eclipse.wst.dtd=org.eclipse.webtools.sourceediting org.eclipse.wst.xsd=org.eclipse.webtools.sourceediting org.eclipse.wst.json=org.eclipse.webtools.sourceediting
        org.rocksdb=org.rocksdb software.amazon.awssdk=software.amazon.awssdk software.amazon.lambda.powertools=software.amazon.lambda com.amazonaws=com.amazonaws io.lettuce.core=io.lettuce redis.clients=redis.clients
        com.mongodb=org.mongodb org.bson=org.mongodb org.bouncycastle=org.bouncycastle com.microsoft.sqlserver=com.microsoft.sqlserver oracle.jdbc=com.oracle.database.jdbc com.github.benmanes.caffeine=com.github.ben-manes.caffeine
        """.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=')).Select(pair => (pair[0], pair[1])).OrderByDescending(pair => pair.Item1.Length)];

    // Artifacts that moved: to the group in the table at this version, from this group.
    private static readonly (string Prefix, int[] Since, string Before, string After)[] Moved =
    [
        ("annotations", [5], "com.google.code.findbugs", "org.jetbrains"),
        ("groovy", [4], "org.codehaus.groovy", "org.apache.groovy"),
        ("c3p0", [0, 9, 2], "c3p0", "com.mchange"),
        ("dom4j", [2], "dom4j", "org.dom4j"),
        ("rxjava", [3], "io.reactivex.rxjava2", "io.reactivex.rxjava3"),
        ("hibernate-validator", [6], "org.hibernate", "org.hibernate.validator"),
        ("jawn", [1], "org.spire-math", "org.typelevel"),
        ("velocity-tools", [2], "velocity-tools", "org.apache.velocity"),
    ];

    // Words that many groups give their artifacts: the classes must agree.
    private static readonly HashSet<string> Common = new(StringComparer.Ordinal) { "annotations", "config", "repository", "serializer" };

    /// <summary>Group of a well-known artifact, at this version where it moved; null for others and where the classes are another owner's.</summary>
    public static string? Find(string artifact, string version, ClassRoot classes)
    {
        foreach (var (prefix, since, before, after) in Moved)
        {
            if (artifact == prefix || artifact.StartsWith(prefix + "-", StringComparison.Ordinal))
            {
                var group = IsBefore(version, since) ? before : after;
                return Common.Contains(artifact) && IsForeign(group, classes) ? null : group;
            }
        }

        // "-api" ends the names of the platform's interfaces; what is before it is their group.
        if (artifact.EndsWith("-api", StringComparison.Ordinal) && (artifact.StartsWith("javax.", StringComparison.Ordinal) || artifact.StartsWith("jakarta.", StringComparison.Ordinal)) && !Groups.ContainsKey(artifact))
        {
            return artifact[..^4];
        }

        return Find(artifact, classes);
    }

    /// <summary>Group of the classes in a package; null where it follows from the package or is not known.</summary>
    public static string? OfPackage(string package)
    {
        foreach (var (root, group) in Roots)
        {
            if (package.StartsWith(root, StringComparison.Ordinal) && (package.Length == root.Length || package[root.Length] == '.'))
            {
                return group;
            }
        }

        return null;
    }

    /// <summary>True when the classes bear a domain that is not the group's: the artifact only has the same name.</summary>
    private static bool IsForeign(string group, ClassRoot classes)
    {
        if (classes.Package is not { } package || !group.Contains('.', StringComparison.Ordinal) || package.StartsWith("javax.", StringComparison.Ordinal) || package.StartsWith("jakarta.", StringComparison.Ordinal))
        {
            return false;
        }

        var owner = Owner(group);
        return !classes.Has(owner) && (OfPackage(package) is { } known ? Owner(known) != owner : GroupGuess.IsDomain(package));
    }

    private static string Owner(string name) => string.Join('.', name.Split('.').Take(2));

    private static bool IsBefore(string version, int[] since)
    {
        var numbers = version.Split('.', '-').Select(part => int.TryParse(part, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : 0).ToArray();
        for (var i = 0; i < since.Length; i++)
        {
            var number = i < numbers.Length ? numbers[i] : 0;
            if (number != since[i])
            {
                return number < since[i];
            }
        }

        return false;
    }

    // Artifacts that one group alone has in public advisories and catalogues: read only when a jar needs it.
    private static readonly Lazy<Dictionary<string, string>> PublishedGroups = new(() =>
    {
        using var stream = typeof(MavenGroups).Assembly.GetManifestResourceStream("maven-groups.tsv") ?? throw new InvalidOperationException("`maven-groups.tsv` is not in the assembly");
        using var reader = new StreamReader(stream);
        return Parse(reader.ReadToEnd().Replace('\t', ' '));
    });

    private static string? Find(string artifact, ClassRoot classes)
    {
        if (Groups.TryGetValue(artifact, out var group))
        {
            return Common.Contains(artifact) && IsForeign(group, classes) ? null : group;
        }

        for (var length = artifact.Length; length > 0; length--)
        {
            if (Groups.TryGetValue(artifact[..length] + "*", out group))
            {
                return IsForeign(group, classes) ? null : group;
            }
        }

        return null;
    }

    /// <summary>The one group that public advisories and catalogues name for an artifact; null where there is none or the classes are another owner's.</summary>
    public static string? Published(string artifact, ClassRoot classes) =>
        PublishedGroups.Value.TryGetValue(artifact, out var group) && !(Common.Contains(artifact) && IsForeign(group, classes)) ? group : null;

    private static Dictionary<string, string> Parse(string table)
    {
        var groups = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in table.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            foreach (var artifact in words.Skip(1))
            {
                groups[artifact] = words[0];
            }
        }

        return groups;
    }
}

using System.Text;

namespace Pellicle.Scanning.Extractors.Binaries;

/// <summary>How the version behind an anchor looks.</summary>
internal enum VersionForm
{
    /// <summary>Two numbers or more.</summary>
    Two,

    /// <summary>Three numbers or more: the anchor is an ordinary word.</summary>
    Three,

    /// <summary>Three numbers, letters may follow (<c>1.1.1k</c>), then a space, a dash or the end.</summary>
    Letters,

    /// <summary>A patch number may follow a dash (<c>6.9.11-60</c>).</summary>
    Patch,

    /// <summary><c>p</c> and a number must follow (<c>9.2p1</c>): without it, it is a pattern for other versions.</summary>
    Portable,

    /// <summary>Three numbers, then <c> Copyright</c>.</summary>
    Copyright,

    /// <summary>Three numbers, then <c>p</c> or a space.</summary>
    Patchlevel,
}

/// <summary>Text that stands just before the version, in binaries of one tool or library.</summary>
/// <param name="Name">Package.</param>
/// <param name="Before">The text.</param>
/// <param name="Form">What follows.</param>
/// <param name="Proofs">One of these must be in the file too: the text alone is also in files that only use the library.</param>
internal sealed record VersionAnchor(string Name, string Before, VersionForm Form, params string[] Proofs);

/// <summary>What is known of tools and libraries. Read in the binaries of their own releases and of Debian's.</summary>
internal static class NativeTables
{
    public static IReadOnlyList<VersionAnchor> Anchors { get; } =
    [
        // Whoever is compiled against OpenSSL carries its version text; its own files name its sources or are its command.
        new("openssl", "OpenSSL ", VersionForm.Letters, "crypto/asn1/", "crypto/bio/", "crypto/bn/", "crypto/evp/", "ssl/ssl_lib.c", "ssl/t1_lib.c", "Invalid command '", "is an invalid command"),
        new("libressl", "LibreSSL ", VersionForm.Two), new("mbedtls", "mbed TLS ", VersionForm.Two), new("mbedtls", "Mbed TLS ", VersionForm.Two), new("wolfssl", "wolfSSL ", VersionForm.Two), new("gnutls", "GnuTLS ", VersionForm.Three),
        new("curl", "libcurl/", VersionForm.Two), new("curl", "libcurl ", VersionForm.Two), new("curl", "\0curl/", VersionForm.Three), new("wget", "Wget/", VersionForm.Two),
        new("ffmpeg", "FFmpeg version ", VersionForm.Two), new("ffmpeg", "ffmpeg version ", VersionForm.Two), new("ffmpeg", "%s version ", VersionForm.Two, "ffmpeg", "ffprobe"), new("tcpdump", "%s version ", VersionForm.Two, "tcpdump"),
        new("zlib", " deflate ", VersionForm.Copyright), new("zlib", " inflate ", VersionForm.Copyright),
        new("node", "node.js/v", VersionForm.Two), new("nginx", "nginx/", VersionForm.Three), new("httpd", "Apache/", VersionForm.Three),
        new("imagemagick", "ImageMagick ", VersionForm.Patch), new("graphicsmagick", "GraphicsMagick ", VersionForm.Two), new("bash", "@(#)Bash version ", VersionForm.Two), new("busybox", "BusyBox v", VersionForm.Two), new("php", "X-Powered-By: PHP/", VersionForm.Two),
        new("libpng", "libpng version ", VersionForm.Two), new("libjpeg-turbo", "libjpeg-turbo version ", VersionForm.Two), new("libtiff", "LIBTIFF, Version ", VersionForm.Two), new("expat", "expat_", VersionForm.Two),
        new("libssh2", "SSH-2.0-libssh2_", VersionForm.Two), new("libssh", "SSH-2.0-libssh_", VersionForm.Two), new("openssh", "OpenSSH_", VersionForm.Portable), new("glibc", "stable release version ", VersionForm.Two),
        new("chromium", "HeadlessChrome/", VersionForm.Two), new("wkhtmltopdf", "wkhtmltopdf ", VersionForm.Two), new("ghostscript", "GPL Ghostscript ", VersionForm.Two), new("poppler", "poppler version ", VersionForm.Two), new("poppler", "pdftotext version ", VersionForm.Two),
        new("nghttp2", "nghttp2/", VersionForm.Two), new("libgit2", "libgit2 ", VersionForm.Two), new("xz", "xz (XZ Utils) ", VersionForm.Two), new("tesseract", "tesseract ", VersionForm.Three), new("postgresql", "PostgreSQL ", VersionForm.Two), new("postgresql", "(PostgreSQL) ", VersionForm.Two),
        new("git", "git/", VersionForm.Three), new("redis", "Redis server v=", VersionForm.Two), new("ruby", "ruby ", VersionForm.Patchlevel), new("libxml2", "libxml2-", VersionForm.Two), new("zstd", "zstd v", VersionForm.Two), new("qpdf", "qpdf version ", VersionForm.Two),
        new("pandoc", "pandoc-", VersionForm.Two), new("exiftool", "ExifTool Version Number : ", VersionForm.Two), new("c-ares", "c-ares/", VersionForm.Two), new("jq", "jq-", VersionForm.Two), new("libarchive", "libarchive ", VersionForm.Two),
        new("libgcrypt", "This is Libgcrypt ", VersionForm.Two), new("gnupg", "@GPG@ (@GNUPG@)\0", VersionForm.Two), new("gnupg", "gpg (GnuPG) ", VersionForm.Two), new("gawk", "GNU Awk ", VersionForm.Two), new("libvpx", "WebM Project VP8 Decoder v", VersionForm.Two), new("libvpx", "WebM Project VP9 Decoder v", VersionForm.Two),
        new("opus", "libopus ", VersionForm.Two), new("lame", "LAME3.", VersionForm.Two), new("libvorbis", "Xiph.Org libVorbis ", VersionForm.Two), new("memcached", "\0memcached ", VersionForm.Two), new("exiv2", "\0exiv2 ", VersionForm.Two), new("libpcap", "libpcap version ", VersionForm.Two),
        new("lua", "$LuaVersion: Lua ", VersionForm.Two), new("luajit", "LuaJIT ", VersionForm.Two), new("krb5", "KRB5_BRAND: krb5-", VersionForm.Two), new("nmap", "https://nmap.org\0", VersionForm.Two), new("binutils", "libbfd-", VersionForm.Two), new("perl", "/share/perl/", VersionForm.Three, "PERL_INTERNAL_RAND_SEED"),
        new("vim", "VIM - Vi IMproved ", VersionForm.Two), new("libwebp", "WebP encoder version: ", VersionForm.Two), new("x264", "x264 - core ", VersionForm.Two), new("libvips", "libvips ", VersionForm.Three), new("libexif", "libexif-", VersionForm.Two), new("ncurses", "ncurses ", VersionForm.Two),
        new("libreoffice", "LibreOffice/", VersionForm.Two), new("deno", "Deno/", VersionForm.Three), new("bun", "Bun/", VersionForm.Three), new("rsync", "rsync  version ", VersionForm.Two), new("unbound", "unbound ", VersionForm.Three), new("samba", "Samba ", VersionForm.Three),
    ];

    /// <summary>Shared libraries by the stem of their own name (<c>DT_SONAME</c>): their version is a text of its own, of so many numbers.</summary>
    public static IReadOnlyDictionary<string, (string Name, int Numbers)> Sonames { get; } = ParseSonames("""
        libnghttp2=nghttp2 libcares=c-ares libzstd=zstd liblzma=xz libopenjp2=openjpeg libheif libsodium libidn2 libharfbuzz=harfbuzz libcairo=cairo libpango-1.0=pango libuv libvips libmariadb=mariadb-connector-c libqpdf=qpdf libtesseract=tesseract
        libyaml-0=libyaml libgmp=gmp libmpfr=mpfr libpsl liblz4=lz4 libjansson=jansson libonig=oniguruma libevent-2.1=libevent libevent_core-2.1=libevent libgd libxmlsec1 librabbitmq=rabbitmq-c libhiredis=hiredis libmemcached libunistring libnuma=numactl
        libgnutls=gnutls libfribidi=fribidi libgraphite2=graphite2 libp11-kit=p11-kit libpixman-1=pixman libsndfile libsqlite3=sqlite libgeos=geos libproj=proj libgdal=gdal libspatialite libhdf5=hdf5 libnetcdf=netcdf libfftw3=fftw libopenblas=openblas
        libicuuc=icu/2 libicudata=icu/2 libicui18n=icu/2 libpcre2-8=pcre2/2 libpcre=pcre/2 libreadline=readline/2 libjson-c=json-c/2 libbz2=bzip2 libmagic=file/2
        """);

    /// <summary>Programs: a text that only they have, and how many numbers their version has, which is a text of its own.</summary>
    public static IReadOnlyList<(string Name, string Proof, int Numbers)> Programs { get; } =
    [
        ("jq", "jq - commandline JSON processor", 2), ("tar", "GNU 'tar' saves many files together", 2), ("redis", "REDISCLI_HISTFILE", 3), ("redis", "Redis needs to be running", 3), ("redis", "redis-check-rdb", 3), ("rsync", "rsync error: %s", 3),
        ("socat", "socat by Gerhard Rieger", 4), ("poppler", "pdftotext version", 3), ("zstd", "Zstandard CLI", 3), ("wget", "GNU Wget", 3), ("haproxy", "haproxy.org", 3), 
    ];

    /// <summary>Names that the path of a build proves: <c>/build/…/NAME-VERSION</c>, <c>BUILD/NAME-VERSION/</c>, <c>/usr/src/debug/NAME-VERSION</c>.</summary>
    public static IReadOnlyDictionary<string, string> BuildNames { get; } = """
        openssl openssl1.1=openssl curl wget nginx vim gdb librsvg libxml2 libxslt krb5 openldap expat zlib sqlite3=sqlite sqlite python3.11=python python3.10=python python3.9=python Python=python httpd apache2=httpd haproxy php8.2=php php ffmpeg ImageMagick=imagemagick
        imagemagick ghostscript poppler tiff=libtiff libtiff libpng libwebp freetype cairo pango glib2.0=glib glib harfbuzz git openssh nodejs=node node postgresql mariadb mysql redis memcached bash coreutils tar gzip bzip2 xz busybox perl ruby lua qemu libarchive
        libssh libssh2 nghttp2 c-ares gnutls28=gnutls gnutls libgcrypt nss nspr icu boost protobuf grpc libvips
        """.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(word => word.Split('=')).ToDictionary(pair => pair[0], pair => pair[^1], StringComparer.Ordinal);

    private static Dictionary<string, (string, int)> ParseSonames(string text)
    {
        var rules = new Dictionary<string, (string, int)>(StringComparer.Ordinal);
        foreach (var word in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            var slash = word.IndexOf('/', StringComparison.Ordinal);
            var pair = (slash < 0 ? word : word[..slash]).Split('=');
            rules[pair[0]] = (pair[^1], slash < 0 ? 3 : word[slash + 1] - '0');
        }

        return rules;
    }
}

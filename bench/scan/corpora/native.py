"""Tools and native libraries as layers carry them: copied out of Debian's packages, without the package database. Truth: dpkg's version."""
import glob, os, re, shutil

from .common import WORK, debs, found, run, scan

# Debian package: (name as reported, glob of the file)
FILES = {
    "libssl3": ("openssl", "usr/lib/*/libcrypto.so.3"), "openssl": ("openssl", "usr/bin/openssl"), "libcurl4": ("curl", "usr/lib/*/libcurl.so.4"), "curl": ("curl", "usr/bin/curl"), "ffmpeg": ("ffmpeg", "usr/bin/ffmpeg"),
    "libavformat59": ("ffmpeg", "usr/lib/*/libavformat.so.59"), "libnode108": ("node", "usr/lib/*/libnode.so.108"), "python3.11-minimal": ("python", "usr/bin/python3.11"), "libpython3.11": ("python", "usr/lib/*/libpython3.11.so.1.0"),
    "git": ("git", "usr/bin/git"), "sqlite3": ("sqlite", "usr/bin/sqlite3"), "libsqlite3-0": ("sqlite", "usr/lib/*/libsqlite3.so.0"), "zlib1g": ("zlib", "lib/*/libz.so.1"), "libxml2": ("libxml2", "usr/lib/*/libxml2.so.2"),
    "libxslt1.1": ("libxslt", "usr/lib/*/libxslt.so.1"), "libpng16-16": ("libpng", "usr/lib/*/libpng16.so.16"), "libjpeg62-turbo": ("libjpeg-turbo", "usr/lib/*/libjpeg.so.62"), "libtiff6": ("libtiff", "usr/lib/*/libtiff.so.6"),
    "libexpat1": ("expat", "lib/*/libexpat.so.1"), "libssh2-1": ("libssh2", "usr/lib/*/libssh2.so.1"), "libssh-4": ("libssh", "usr/lib/*/libssh.so.4"), "openssh-client": ("openssh", "usr/bin/ssh"), "libc6": ("glibc", "lib/*/libc.so.6"),
    "wkhtmltopdf": ("wkhtmltopdf", "usr/bin/wkhtmltopdf"), "libgs10": ("ghostscript", "usr/lib/*/libgs.so.10"), "poppler-utils": ("poppler", "usr/bin/pdftotext"), "libnghttp2-14": ("nghttp2", "usr/lib/*/libnghttp2.so.14"),
    "libmbedcrypto7": ("mbedtls", "usr/lib/*/libmbedcrypto.so.7"), "libgit2-1.5": ("libgit2", "usr/lib/*/libgit2.so.1.5"), "xz-utils": ("xz", "usr/bin/xz"), "liblzma5": ("xz", "lib/*/liblzma.so.5"), "libtesseract5": ("tesseract", "usr/lib/*/libtesseract.so.5"),
    "libpq5": ("postgresql", "usr/lib/*/libpq.so.5"), "postgresql-client-15": ("postgresql", "usr/lib/postgresql/15/bin/psql"), "wget": ("wget", "usr/bin/wget"), "libwolfssl35": ("wolfssl", "usr/lib/*/libwolfssl.so.35"), "libgnutls30": ("gnutls", "usr/lib/*/libgnutls.so.30"),
    "redis-server": ("redis", "usr/bin/redis-check-rdb"), "redis-tools": ("redis", "usr/bin/redis-cli"), "libruby3.1": ("ruby", "usr/lib/*/libruby-3.1.so.3.1"), "haproxy": ("haproxy", "usr/sbin/haproxy"), "apache2-bin": ("httpd", "usr/sbin/apache2"),
    "libzstd1": ("zstd", "usr/lib/*/libzstd.so.1"), "zstd": ("zstd", "usr/bin/zstd"), "libqpdf29": ("qpdf", "usr/lib/*/libqpdf.so.29"), "libc-ares2": ("c-ares", "usr/lib/*/libcares.so.2"), "libjq1": ("jq", "usr/lib/*/libjq.so.1"), "jq": ("jq", "usr/bin/jq"),
    "bash": ("bash", "bin/bash"), "busybox": ("busybox", "bin/busybox"), "php8.2-cli": ("php", "usr/bin/php8.2"), "nginx": ("nginx", "usr/sbin/nginx"), "libmagickcore-6.q16-6": ("imagemagick", "usr/lib/*/libMagickCore-6.Q16.so.6"),
    "perl-base": ("perl", "usr/bin/perl"), "lua5.4": ("lua", "usr/bin/lua5.4"), "liblua5.3-0": ("lua", "usr/lib/*/liblua5.3.so.0"), "libpcre2-8-0": ("pcre2", "usr/lib/*/libpcre2-8.so.0"), "libpcre3": ("pcre", "usr/lib/*/libpcre.so.3"), "libwebp7": ("libwebp", None),
    "libopenjp2-7": ("openjpeg", "usr/lib/*/libopenjp2.so.7"), "libheif1": ("libheif", "usr/lib/*/libheif.so.1"), "liblcms2-2": ("lcms2", None), "libbz2-1.0": ("bzip2", "lib/*/libbz2.so.1.0"), "bzip2": ("bzip2", "bin/bzip2"), "libsodium23": ("libsodium", "usr/lib/*/libsodium.so.23"),
    "libarchive13": ("libarchive", "usr/lib/*/libarchive.so.13"), "libgcrypt20": ("libgcrypt", "usr/lib/*/libgcrypt.so.20"), "libidn2-0": ("libidn2", "usr/lib/*/libidn2.so.0"), "libyaml-0-2": ("libyaml", None), "gpg": ("gnupg", "usr/bin/gpg"),
    "rsync": ("rsync", "usr/bin/rsync"), "unzip": ("unzip", "usr/bin/unzip"), "tar": ("tar", "bin/tar"), "gawk": ("gawk", "usr/bin/gawk"), "librdkafka1": ("librdkafka", "usr/lib/*/librdkafka.so.1"), "libx264-164": ("x264", None), "libx265-199": ("x265", None),
    "libvpx7": ("libvpx", "usr/lib/*/libvpx.so.7"), "libopus0": ("opus", "usr/lib/*/libopus.so.0"), "libmp3lame0": ("lame", "usr/lib/*/libmp3lame.so.0"), "libvorbis0a": ("libvorbis", "usr/lib/*/libvorbis.so.0"), "libldap-2.5-0": ("openldap", "usr/lib/*/libldap-2.5.so.0"),
    "libfreetype6": ("freetype", None), "libharfbuzz0b": ("harfbuzz", "usr/lib/*/libharfbuzz.so.0"), "libcairo2": ("cairo", "usr/lib/*/libcairo.so.2"), "libglib2.0-0": ("glib", None), "libicu72": ("icu", "usr/lib/*/libicuuc.so.72"), "librsvg2-2": ("librsvg", "usr/lib/*/librsvg-2.so.2"),
    "libpango-1.0-0": ("pango", "usr/lib/*/libpango-1.0.so.0"), "libmariadb3": ("mariadb-connector-c", None), "libprotobuf32": ("protobuf", "usr/lib/*/libprotobuf.so.32"), "libzmq5": ("zeromq", "usr/lib/*/libzmq.so.5"), "libuv1": ("libuv", "usr/lib/*/libuv.so.1"),
    "libmosquitto1": ("mosquitto", None), "memcached": ("memcached", "usr/bin/memcached"), "gdb-minimal": ("gdb", "usr/bin/gdb"), "binutils-x86-64-linux-gnu": ("binutils", "usr/bin/x86_64-linux-gnu-ld.bfd"), "exiv2": ("exiv2", "usr/bin/exiv2"), "libvips42": ("libvips", "usr/lib/*/libvips.so.42"),
    "socat": ("socat", "usr/bin/socat"), "tcpdump": ("tcpdump", "usr/bin/tcpdump"), "libpcap0.8": ("libpcap", "usr/lib/*/libpcap.so.0.8"), "nmap": ("nmap", "usr/bin/nmap"), "libsnappy1v5": ("snappy", None), "vim.tiny": ("vim", None), "vim-tiny": ("vim", "usr/bin/vim.tiny"),
}


def upstream(version):
    """7.88.1-10+deb12u5 → 7.88.1; 1:2.39.2-1 → 2.39.2; 5.38.0+dfsg-1 → 5.38.0."""
    return re.split(r"[+~]", version.split(":")[-1].rsplit("-", 1)[0])[0].removesuffix(".dfsg")


# What these really carry inside, beside themselves: text that only that library's own source has.
INSIDE = {"libnode108": {"zlib"}}


def told(content, version):
    """True when the file says its version: nothing can be read from one that does not."""
    numbers = version.split(".")
    packed = f"{numbers[0]}{int(numbers[1]):02}{int(numbers[2]):02}" if len(numbers) == 3 and all(n.isdigit() for n in numbers) else version
    return version.encode() in content or b"\0" + packed.encode() in content


def native():
    path = debs("native-debian", list(FILES))
    versions, silent = {}, []
    for archive in glob.glob(path + "/*.deb"):
        fields = dict(line.split(": ", 1) for line in run("dpkg-deb", "-f", archive, "Package", "Version").splitlines())
        versions[fields["Package"]] = upstream(fields["Version"])
    for package, (name, pattern) in sorted(FILES.items()):
        files = glob.glob(f"{path}/root/{pattern}") if pattern else []
        if package not in versions or not files:
            continue
        with open(files[0], "rb") as file:
            if not told(file.read(), versions[package]):
                silent.append(package)
                continue
        directory = f"{WORK}/native-one/{package}"
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory + "/bin")
        # Only the name that the loader asks for, not a name with the version, and no executable bit.
        shutil.copyfile(files[0], f"{directory}/bin/{os.path.basename(pattern)}")
        os.chmod(f"{directory}/bin/{os.path.basename(pattern)}", 0o644)
        yield {(name, versions[package])}, {(n, v) for n, v in found(scan(directory), "generic", ("binary", "installed")) if n not in INSIDE.get(package, ())}
    print(f"    {len(silent)} files hold no version text: {' '.join(silent)}")


CORPORA = {"native debian": native}

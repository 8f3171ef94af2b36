"""Kinds of packages, by plain rules over names: the first rule that holds decides."""

import re

# Debian's own names of Mozilla's programs, some no longer in use.
RENAMED = {"firefox-esr": "firefox", "iceweasel": "firefox", "mozilla-firefox": "firefox",
           "icedove": "thunderbird", "mozilla-thunderbird": "thunderbird"}
KERNEL = re.compile(r"linux(-(lts|libre|edge|virt|stable|rpi|asahi|elm|gru|starfive|openpax|tiny|\d).*)?|"
                    r"linux-2\.6|kernel-source-.*")
LANGUAGES = {
    "Python's libraries": r"python\d?-|py3?-", "Ruby's libraries": r"ruby-", "Perl's libraries":
    r"perl-|lib.+-perl$", "Node.js's libraries": r"node-", "Go's libraries": r"golang-|go-",
    "Rust's libraries": r"rust-", "PHP's libraries": r"php-|php\d+-pecl-|php\d+-",
    "Java's libraries": r"java-|lib.+-java$", "other languages' libraries":
    r"(haskell|ghc|ocaml|lua|emacs|elpa|r-cran|r-bioc|erlang|elixir|cl|guile|texlive)\d?-",
}
BROWSERS = re.compile(
    r"(ungoogled-)?chromium(-browser)?|(mozilla-)?firefox(-esr)?|iceweasel|icecat|librewolf|seamonkey|"
    r"iceape|xulrunner|tor-?browser.*|epiphany(-browser)?|konqueror|falkon|midori|qutebrowser|surf|"
    r"netsurf|dillo|elinks|links2?|lynx|w3m|webkit.*|qtwebkit.*|wpewebkit|wpe-?webkit|"
    r"q?t?\d?-?qtwebengine.*|qtwebengine.*|qt\d-?webengine|qt\d-?webkit|kjs|khtml|(mozilla-)?thunderbird|icedove")
SERVERS = set(
    "apache apache2 httpd nginx lighttpd h2o caddy tomcat jetty haproxy varnish squid trafficserver "
    "bind bind9 isc-bind unbound knot knot-resolver nsd pdns pdns-recursor dnsmasq isc-dhcp isc-dhcp-server "
    "dhcp kea postfix exim exim4 sendmail opensmtpd dovecot cyrus-imapd courier mariadb mysql postgresql "
    "redis valkey memcached mongodb influxdb couchdb openssh dropbear samba cups asterisk freeswitch kamailio "
    "ejabberd prosody rabbitmq mosquitto openldap krb5 heimdal freeradius nfs-utils proftpd pure-ftpd vsftpd "
    "openvpn strongswan libreswan xrdp znc mumble murmur coturn zabbix nagios icinga2 grafana prometheus "
    "salt puppet ansible docker docker.io moby containerd podman kubernetes etcd consul vault nomad gitea "
    "forgejo gitolite cgit mailman roundcube phpmyadmin wordpress drupal mediawiki nextcloud owncloud dokuwiki "
    "moodle cacti icecast minidlna tor ntp chrony openntpd net-snmp rsync stunnel bacula xen qemu libvirt "
    "tomcat wildfly keystone nova glance swift horizon neutron cinder".split())
SERVER_NAME = re.compile(r".*(-server|httpd|ftpd|smtpd|imapd|popd|dnsd|dhcpd)$")
LIBRARIES = set(
    "openssl gnutls gnutls28 nss nspr zlib expat glibc musl eglibc freetype fontconfig cairo pango harfbuzz "
    "tiff openjpeg openjpeg2 openexr jasper giflib poppler ghostscript icu boost qt pcre pcre2 sqlite "
    "glib glib2.0 gtk+ gtk+2.0 gdk-pixbuf gstreamer ffmpeg curl nettle mbedtls wolfssl botan cryptopp "
    "protobuf grpc c-ares nghttp2 openal sdl mesa xerces-c json-c jansson yajl brotli lz4 zstd xz "
    "speex opus flac exiv2 imlib2 audiofile apr apr-util cyrus-sasl cyrus-sasl2 elfutils".split())


def family(package):
    """A package without its version: Debian has php8.2 where a CVE of 2007 names php5."""
    return RENAMED.get(package) or re.sub(r"[-.]?\d[\d.]*$", "", package) or package


def is_kernel(package):
    return KERNEL.fullmatch(package) is not None


def language(package):
    for name, pattern in LANGUAGES.items():
        if re.match(pattern, package):
            return name
    return None


def group(package):
    """The kind of a package."""
    if is_kernel(package):
        return "kernel"
    if found := language(package):
        return found
    if BROWSERS.fullmatch(package):
        return "browsers and their engines"
    if family(package) in SERVERS or package in SERVERS or SERVER_NAME.fullmatch(package):
        return "servers"
    if package.startswith("lib") or family(package) in LIBRARIES or package in LIBRARIES:
        return "libraries"
    return "the rest"

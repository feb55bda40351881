#!/bin/sh
# Installs supd as a service of this machine.
#
#   ./setup.sh install    copy supd, its unit and a configuration to start from; have the system start it, now and at boot
#   ./setup.sh upgrade    copy this supd over the installed one and restart it; the configuration stays as it is
#   ./setup.sh clean      stop it and remove it; the configuration and the logs stay
#
# It works in a source checkout, where it builds supd first, and in a folder that has beside it: supd, supd.service,
# supd.ini and example.ini. It must be run as root, unless DESTDIR is set: then everything is copied below that directory
# and no service is touched. Variables:
#
#   PREFIX=/usr/local   where supd goes: PREFIX/bin
#   DESTDIR=            a directory that stands for /, for those who make packages
#   LINKS=              yes: link supervisord and supervisorctl to supd, unless there are programs of these names
#   SUPD=               the supd to install, instead of the one found or built
#
# "make install" and "make uninstall" do the copying only, with the verbs copy and remove.

set -eu

PREFIX=${PREFIX:-/usr/local}
DESTDIR=${DESTDIR:-}
LINKS=${LINKS:-}
SUPD=${SUPD:-}

fail() {
	echo "setup.sh: $*" >&2
	exit 1
}

case $PREFIX in
*[!A-Za-z0-9/._+-]*) fail "PREFIX=$PREFIX has characters that a unit cannot carry; choose another one" ;;
/*) ;;
*) fail "PREFIX=$PREFIX is not an absolute path" ;;
esac

here=$(cd "$(dirname "$0")" && pwd)
if [ -f "$here/main.go" ]; then
	source=$(cd "$here/../.." && pwd)
	examples=$source/docs/examples
else
	source=
	examples=$here
fi

bin=$DESTDIR$PREFIX/bin
etc=$DESTDIR/etc/supd
log=$DESTDIR/var/log/supd
case $PREFIX in
/usr | /usr/local) units=$DESTDIR$PREFIX/lib/systemd/system ;; # systemd looks there
*) units=$DESTDIR/etc/systemd/system ;;
esac
unit=$units/supd.service

# find_supd sets SUPD to the program to install.
find_supd() {
	if [ -z "$SUPD" ] && [ -n "$source" ]; then
		if command -v "${GO:-go}" >/dev/null; then
			make -C "$source" build >&2 || fail "supd could not be built in $source"
		elif [ ! -x "$source/bin/supd" ]; then
			fail "there is no go in PATH to build supd with; type make build as yourself, then this again"
		fi
		SUPD=$source/bin/supd
	fi
	SUPD=${SUPD:-$here/supd}
	[ -f "$SUPD" ] || fail "there is no $SUPD to install; name one with SUPD=/path/to/supd"
}

# put copies the file $1 to $2 with the mode $3. It is moved into place, so that a program may run meanwhile.
put() {
	if ! { cp "$1" "$2.new" && chmod "$3" "$2.new" && mv -f "$2.new" "$2"; }; then
		fail "$2 could not be written"
	fi
}

copy() {
	find_supd
	mkdir -p "$bin" "$etc/conf.d" "$units" "$log"
	put "$SUPD" "$bin/supd" 755
	sed "s|/usr/local/bin/supd|$PREFIX/bin/supd|" "$examples/supd.service" >"$unit.new"
	chmod 644 "$unit.new"
	mv -f "$unit.new" "$unit"
	if [ -e "$etc/supd.ini" ]; then
		echo "kept $etc/supd.ini"
	else
		put "$examples/supd.ini" "$etc/supd.ini" 644
		put "$examples/example.ini" "$etc/conf.d/example.ini" 644
	fi
	if [ "$LINKS" = yes ]; then
		for name in supervisord supervisorctl; do
			if is_ours "$bin/$name" || ! { [ -e "$bin/$name" ] || [ -L "$bin/$name" ]; }; then
				ln -sf supd "$bin/$name"
			else
				echo "kept $bin/$name, which is not a link to supd"
			fi
		done
	fi
	echo "installed $bin/supd and $unit"
}

# is_ours tells whether $1 is a link that copy has made.
is_ours() { [ -L "$1" ] && [ "$(readlink "$1")" = supd ]; }

remove() {
	for name in supervisord supervisorctl; do
		if is_ours "$bin/$name"; then rm -f "$bin/$name"; fi
	done
	rm -f "$bin/supd" "$unit"
	echo "removed $bin/supd and $unit; $etc and $log stay"
}

# Whoever copies below DESTDIR makes a package: services are then the package's.
live() { [ -z "$DESTDIR" ]; }
systemd() { [ -d /run/systemd/system ]; }

need_root() {
	if live && [ "$(id -u)" != 0 ]; then
		fail "only root may $1 supd; put sudo in front, or set DESTDIR to a directory of yours"
	fi
}

usage() {
	sed -n 's/^# \{0,1\}//; 2,18p' "$0"
}

[ $# -eq 1 ] || {
	usage >&2
	exit 2
}
case $1 in
install)
	need_root install
	[ ! -e "$bin/supd" ] || fail "$bin/supd is there already; ./setup.sh upgrade replaces it"
	copy
	if ! live; then exit 0; fi
	if systemd; then
		systemctl daemon-reload
		systemctl enable --now supd || fail "supd does not start; systemctl status supd says why"
	else
		"$bin/supd" service install -c "$etc/supd.ini"
		"$bin/supd" service start
	fi
	echo "supd runs; put programs into $etc/conf.d and type: supd ctl -c $etc/supd.ini update"
	;;
upgrade)
	need_root upgrade
	[ -e "$bin/supd" ] || fail "there is no $bin/supd to upgrade; ./setup.sh install puts one there"
	copy
	if ! live; then exit 0; fi
	echo "restarting supd and all its programs"
	if systemd; then
		systemctl daemon-reload
		systemctl try-restart supd || fail "supd does not start; systemctl status supd says why"
	elif "$bin/supd" service status; then
		"$bin/supd" service restart
	fi
	;;
clean)
	need_root remove
	[ -e "$bin/supd" ] || fail "there is no $bin/supd to remove"
	if live && systemd; then
		systemctl disable --now supd || fail "supd could not be stopped; systemctl status supd says why"
	elif live; then
		"$bin/supd" service uninstall || echo "going on without a service"
	fi
	remove
	if live && systemd; then systemctl daemon-reload; fi
	;;
copy)
	need_root copy
	copy
	;;
remove)
	need_root remove
	remove
	;;
-h | --help | help) usage ;;
*)
	echo "setup.sh: there is no $1, only install, upgrade and clean" >&2
	exit 2
	;;
esac

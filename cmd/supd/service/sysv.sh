#!/bin/sh
# supd as a service of System V init.
#
# chkconfig: 2345 50 02
# description: supd process supervisor
#
### BEGIN INIT INFO
# Provides:          @NAME@
# Required-Start:    $remote_fs $network
# Required-Stop:     $remote_fs $network
# Should-Start:      $syslog $named
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: supd process supervisor
# Description:       starts the programs of @CONFIG@ and keeps them running
### END INIT INFO

name=@NAME@
supd=@EXECUTABLE@
user=@USER@
# For the pidfile, which supd keeps locked while it runs, so that a second start does nothing.
rundir="${RUNDIR:-/run}/$name"
pidfile="$rundir/$name.pid"
# How many seconds stopping everything may take. Nothing is killed after it: supd goes on stopping.
patience=120

# The daemon's process, if it runs: its pid is in the pidfile and it is supd.
running() {
	pid=$(cat "$pidfile" 2>/dev/null) && [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null &&
		{ [ ! -d /proc/self ] || [ "$(readlink "/proc/$pid/exe" | sed 's/ (deleted)$//')" = "$(readlink -f "$supd")" ]; }
}

start() {
	if running; then
		echo "$name runs already with pid $pid"
		return 0
	fi
	# Returns when supd answers, or has said what is wrong.
	mkdir -p "$rundir" && { [ -z "$user" ] || chown "$user" "$rundir"; } || return 1
	"$supd" @ARGUMENTS@ -d -j "$pidfile" ${user:+-u "$user"}
}

stop() {
	if ! running; then
		echo "$name does not run"
		return 0
	fi
	kill -TERM "$pid" || return 1
	waited=0
	while kill -0 "$pid" 2>/dev/null; do
		if [ "$waited" -ge "$patience" ]; then
			echo "$name with pid $pid still stops its programs after $patience seconds" >&2
			return 1
		fi
		sleep 1
		waited=$((waited + 1))
	done
}

case "$1" in
start) start ;;
stop) stop ;;
restart | force-reload) stop && start ;;
reload)
	running || { echo "$name does not run" >&2; exit 7; }
	kill -HUP "$pid"
	;;
status)
	if running; then
		echo "Running with pid $pid"
	else
		echo "Stopped"
		exit 3
	fi
	;;
*)
	echo "usage: $0 start|stop|restart|reload|force-reload|status" >&2
	exit 2
	;;
esac

# lib.sh: what `make test`, `make demo` and `make bench` share.  Sourced by bash scripts.
#
# Everything happens in one work directory that goes away at the end: a private
# copy of PostgreSQL with the extension in it, and clusters owned by an
# unprivileged user.  A server that runs on this machine is not touched.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
version=${PG_MAJOR:-}

# The same everywhere, also where no locale is set: clusters are UTF-8, and so is what psql pads.
unset LANGUAGE "${!LC_@}"
export LANG=C.UTF-8

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# The PostgreSQL release to use: $PG_MAJOR, what is installed, or what the system packages.
find_version() {
	[ -n "$version" ] && return
	for dir in /usr/lib/postgresql/*/bin; do
		[ -x "$dir/postgres" ] && version=$(basename "$(dirname "$dir")")
	done
	[ -n "$version" ] ||
		version=$(apt-cache depends postgresql | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p')
	[ -n "$version" ] || die "No PostgreSQL package found: run apt-get update first."
}

# Install the packages that are missing, or say how.  Debian 12, Ubuntu 24.04 and newer.
need_packages() {
	command -v dpkg-query >/dev/null && command -v apt-get >/dev/null || die \
"This script installs what it needs on Debian and Ubuntu only.  Elsewhere install PostgreSQL 15 or
newer with its server headers and TAP modules, gcc, make, libcurl >= 7.87 (OpenSSL), cJSON, libevent
2.1, OpenSSL, zlib and Perl's IPC::Run; then 'make && make install && make installcheck'."

	[ -d /usr/lib/postgresql ] || [ "$(id -u)" != 0 ] || apt-get update -qq >/dev/null
	find_version
	local missing=() p
	for p in gcc libc6-dev make postgresql-"$version" postgresql-server-dev-"$version" \
		libcurl4-openssl-dev libcjson-dev libevent-dev libssl-dev zlib1g-dev libipc-run-perl \
		ca-certificates "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$p" 2>/dev/null)" = "ii " ] || missing+=("$p")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" != 0 ]; then
		die "Packages are missing.  Install them with:
  sudo apt-get install -y ${missing[*]}"
	fi
	say "Installing ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq >/dev/null
	# The server's package would start a cluster of its own on port 5432: not asked for here.
	local conf=/etc/postgresql-common/createcluster.conf saved=
	if ! dpkg-query -W postgresql-"$version" >/dev/null 2>&1; then
		apt-get install -y -qq --no-install-recommends postgresql-common >/dev/null 2>&1
		if [ -f $conf ]; then
			saved=$(mktemp) && cp -p $conf "$saved"
			echo 'create_main_cluster = false' >>$conf
		fi
	fi
	apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1 ||
		apt-get install -y --no-install-recommends "${missing[@]}" # again, aloud: what is wrong?
	[ -z "$saved" ] || { cp -p "$saved" $conf && rm -f "$saved"; }
}

# A work directory for the unprivileged user; sets $work and removes it at exit.
make_work_dir() {
	work=$(mktemp -d /tmp/ai_router.XXXXXX)
	trap 'stop_all; rm -rf "$work"' EXIT
	trap 'exit 130' INT TERM
	if [ "$(id -u)" = 0 ]; then
		user=postgres
		chown $user "$work"
	else
		user=$(id -un)
	fi
}

# Run a command as the unprivileged user.
as_user() {
	if [ "$(id -un)" = "$user" ]; then
		"$@"
	else
		runuser -u "$user" -- "$@"
	fi
}

# Build the extension and the sandbox provider, install into the private copy; sets $pg_config, $bin.
build_and_install() {
	# with_llvm=no: bitcode for JIT inlining doubles the build and nothing here needs it.
	pg_config=$("$top/test/private-pg" "$work/pg" /usr/lib/postgresql/"$version"/bin/pg_config)
	bin=$("$pg_config" --bindir)
	make -C "$top" -s -j2 with_llvm=no PG_CONFIG="$pg_config" all
	make -C "$top" -s with_llvm=no PG_CONFIG="$pg_config" install >/dev/null
	make -C "$top/test/provider" -s -j2
	[ "$(id -u)" != 0 ] || chmod -R a+rX "$work/pg" "$work"
}

# A port that is free now.
free_port() {
	perl -MIO::Socket::INET -e \
		'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'
}

# Start a cluster with the extension preloaded on a free port: start_cluster [setting ...]
start_cluster() {
	export PGHOST=$work PGPORT PGUSER=postgres PGDATABASE=postgres
	PGPORT=$(free_port)
	cluster=$work/data
	(cd "$work" && as_user "$bin/initdb" -D "$cluster" -U postgres -A trust -E UTF8 \
		--locale=C.UTF-8 -N >/dev/null)
	{
		echo "shared_preload_libraries = 'ai_router'"
		echo "listen_addresses = ''"
		echo "unix_socket_directories = '$work'"
		echo "port = $PGPORT"
		echo "fsync = off"
		printf '%s\n' "$@"
	} | as_user tee -a "$cluster/postgresql.conf" >/dev/null
	(cd "$work" && as_user "$bin/pg_ctl" -D "$cluster" -l "$work/server.log" -w -s start) ||
		{ cat "$work/server.log" >&2; die "The server did not start."; }
}

# Start the sandbox provider; sets $sandbox_port: start_sandbox [option ...]
start_sandbox() {
	# setpriv and not as_user: in the background that would be a shell, and killing it leaves the server.
	local as=()
	[ "$(id -un)" = "$user" ] || as=(setpriv --reuid "$user" --regid "$user" --init-groups --)
	# A clone in a private directory is not that user's to execute.
	cp "$top/test/provider/ai_sandbox" "$work/ai_sandbox"
	"${as[@]}" "$work/ai_sandbox" --port 0 --ready-file "$work/sandbox.ready" \
		--die-with-parent "$@" >/dev/null 2>"$work/sandbox.log" &
	sandbox_pid=$!
	local i
	for i in $(seq 100); do
		[ -s "$work/sandbox.ready" ] && break
		kill -0 $sandbox_pid 2>/dev/null || die "The sandbox provider did not start: $(cat "$work/sandbox.log")"
		sleep 0.05
	done
	sandbox_port=$(sed 's/.* port=\([0-9]*\).*/\1/' "$work/sandbox.ready")
}

# Stop what this script started.
stop_all() {
	[ -z "${cluster:-}" ] || as_user "$bin/pg_ctl" -D "$cluster" -m immediate -s stop 2>/dev/null || true
	[ -z "${sandbox_pid:-}" ] || kill "$sandbox_pid" 2>/dev/null || true
}

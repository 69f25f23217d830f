# shellcheck shell=bash
#
# PostgreSQL and MariaDB servers for one run of the tests, the C libraries of their clients, valgrind,
# the pooler pgbouncer, and Celery with its brokers. Sourced by `tests/run`, which calls
#
#   provide_libraries      finds or installs the libraries; fails where they are not to be had
#   provide_valgrind       finds or installs valgrind; fails where it is not to be had
#   provide_pgbouncer      finds or installs pgbouncer; fails where it is not to be had
#   provide_celery         finds or installs Celery, RabbitMQ and Redis, and exports where Celery is; fails where
#                          they are not to be had
#   provide_servers        finds, installs and starts what is needed, and exports the two URLs
#   install_everything     finds or installs all of these, and starts nothing
#   report_dead_servers    prints the log of each server that has ended by itself
#   stop_servers           stops the servers and removes their files
#
# Written for bash 3.2 and later.

servers_dir=''     # the private directory of this run
apt_updated=''     # not empty once `apt-get update` has run
cluster_conf=''    # the file that keeps Debian's package from creating a cluster
service_policy=''  # the file that keeps Debian's packages from starting services
as_server_user=()  # the command prefix that runs `env` as the user of the servers
server_port=0
postgres_bin=''
mariadb_server=''
mariadb_install_db=''
pgbouncer=''
rabbitmq=''
epmd=''
redis=''
started_servers=()

readonly start_seconds=60
readonly stop_seconds=10

say() {
    printf 'tests/run: %s\n' "$*" >&2 || true
}

die() {
    say "$@"
    exit 1
}

# ---------------------------------------------------------------------------------------------
# The whole

provide_servers() {
    if [ -n "${COMMIT_ON_SUCCESS_POSTGRES_URL:-}" ]; then
        say 'PostgreSQL: the server of COMMIT_ON_SUCCESS_POSTGRES_URL'
    else
        need_directory
        need_postgres
        start_postgres
        COMMIT_ON_SUCCESS_POSTGRES_URL="postgres://postgres@127.0.0.1:$server_port/postgres"
        say "PostgreSQL: started, $COMMIT_ON_SUCCESS_POSTGRES_URL"
    fi
    if [ -n "${COMMIT_ON_SUCCESS_MYSQL_URL:-}" ]; then
        say 'MariaDB: the server of COMMIT_ON_SUCCESS_MYSQL_URL'
    else
        need_directory
        need_mariadb
        start_mariadb
        COMMIT_ON_SUCCESS_MYSQL_URL="mysql://root@127.0.0.1:$server_port/test"
        say "MariaDB: started, $COMMIT_ON_SUCCESS_MYSQL_URL"
    fi
    export COMMIT_ON_SUCCESS_POSTGRES_URL COMMIT_ON_SUCCESS_MYSQL_URL
}

install_everything() {
    need_directory
    [ -n "${COMMIT_ON_SUCCESS_POSTGRES_URL:-}" ] || need_postgres
    [ -n "${COMMIT_ON_SUCCESS_MYSQL_URL:-}" ] || need_mariadb
    provide_libraries
    say 'the libraries of database clients: found'
    if provide_valgrind; then say 'valgrind: found'; fi
    if provide_pgbouncer; then say 'pgbouncer: found'; fi
    if provide_celery; then say 'Celery, RabbitMQ and Redis: found'; fi
}

provide_libraries() {
    local packages
    packages=$(missing_libraries)
    if [ -z "$packages" ]; then
        return 0
    fi
    if ! can_apt_get; then
        say "libraries of database clients are missing, and whatever is linked with them cannot be
built (Debian's packages of them: ${packages//$'\n'/, }). Install them:
    Debian, Ubuntu    sudo apt-get install pkg-config libpq-dev libmariadb-dev
    Fedora            sudo dnf install pkgconf libpq-devel mariadb-connector-c-devel
    macOS             brew install pkgconf libpq mariadb-connector-c"
        return 1
    fi
    need_directory
    lock_apt
    install_libraries || { unlock_apt; return 1; }
    unlock_apt
}

# There is none for some systems, and what counts instructions does without.
provide_valgrind() {
    if has_valgrind; then
        return 0
    fi
    if ! can_apt_get; then
        say 'valgrind is missing, and instructions cannot be counted. Install it:
    Debian, Ubuntu    sudo apt-get install valgrind
    Fedora            sudo dnf install valgrind'
        return 1
    fi
    need_directory
    lock_apt
    install_valgrind || { unlock_apt; return 1; }
    unlock_apt
}

# Tests that need it say that they are left out without it.
provide_pgbouncer() {
    if find_pgbouncer; then
        return 0
    fi
    if ! can_apt_get; then
        say 'pgbouncer is missing, and nothing is tested behind it. Install it:
    Debian, Ubuntu    sudo apt-get install pgbouncer
    Fedora            sudo dnf install pgbouncer
    macOS             brew install pgbouncer'
        return 1
    fi
    need_directory
    lock_apt
    install_pgbouncer || { unlock_apt; return 1; }
    unlock_apt
}

# Tests that need them say that they are left out without them.
provide_celery() {
    if ! find_brokers; then
        if ! can_apt_get; then
            say 'RabbitMQ or Redis is missing, and nothing is published to Celery. Install them:
    Debian, Ubuntu    sudo apt-get install rabbitmq-server redis-server
    Fedora            sudo dnf install rabbitmq-server redis
    macOS             brew install rabbitmq redis'
            return 1
        fi
        need_directory
        lock_apt
        install_brokers || { unlock_apt; return 1; }
        unlock_apt
    fi
    need_directory
    install_celery
}

report_dead_servers() {
    local name
    for name in ${started_servers[@]+"${started_servers[@]}"}; do
        if ! is_running "$(server_pid "$name")"; then
            say "the server $name ended during the run; the end of its log:"
            tail -n 40 "$servers_dir/$name.log" >&2
        fi
    done
}

stop_servers() {
    [ -z "$cluster_conf" ] || let_clusters_be_created
    [ -z "$service_policy" ] || let_services_be_started
    [ -n "$servers_dir" ] || return 0
    # They have nothing to write down that anybody wants.
    local server
    for server in pgbouncer rabbitmq epmd redis; do
        signal_server KILL "$server"
    done
    # All at once, then wait. An immediate shutdown for PostgreSQL: the data is thrown away.
    signal_server QUIT postgres
    signal_server TERM mariadb
    wait_for_server_end QUIT postgres
    wait_for_server_end TERM mariadb
    # Whatever was begun and not yet written down when a signal came.
    local pid
    for pid in $(jobs -p); do
        stop_group "$pid"
    done
    rm -rf -- "$servers_dir" || { sleep 1; rm -rf -- "$servers_dir"; }
    servers_dir=''
}

# ---------------------------------------------------------------------------------------------
# The directory, and the user who owns it

# The sockets' paths have to fit in about 100 bytes, and the servers' user has to get there.
need_directory() {
    [ -z "$servers_dir" ] || return 0
    local base
    for base in "${TMPDIR:-/tmp}" /tmp; do
        [ "${#base}" -le 60 ] || continue
        servers_dir=$(mktemp -d "${base%/}/commit-on-success.XXXXXX") || continue
        return 0
    done
    die 'no temporary directory could be made'
}

# After the packages are there, as they bring the users. The servers refuse to run as root.
give_directory_to_server_user() {
    [ "${#as_server_user[@]}" -eq 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        as_server_user=(env)
        return 0
    fi
    local user uid gid
    for user in postgres mysql nobody; do
        id -u "$user" >/dev/null 2>&1 && break
    done
    uid=$(id -u "$user") || die 'found no user to run the servers as: postgres, mysql or nobody'
    gid=$(id -g "$user")
    if setpriv --reuid="$uid" --regid="$gid" --clear-groups true 2>/dev/null; then
        as_server_user=(setpriv --reuid="$uid" --regid="$gid" --clear-groups env)
    elif runuser -u "$user" -- true 2>/dev/null; then
        as_server_user=(runuser -u "$user" -- env)
    elif su -s /bin/sh -c true -- "$user" 2>/dev/null; then
        # shellcheck disable=SC2016 # for the shell that su starts
        as_server_user=(su -s /bin/sh -c 'exec "$@"' -- "$user" sh env)
    else
        die "could not become the user $user with setpriv, runuser or su"
    fi
    chown "$uid:$gid" "$servers_dir"
    if ! as_server test -w "$servers_dir"; then
        # A TMPDIR that only root may enter.
        rmdir "$servers_dir"
        servers_dir=$(mktemp -d /tmp/commit-on-success.XXXXXX)
        chown "$uid:$gid" "$servers_dir"
    fi
    say "the servers run as the user $user"
}

# In the directory, with nothing of the caller's environment: neither locale nor PGDATA, and a
# home for users who have none.
as_server() {
    (
        cd -- "$servers_dir" || exit
        exec "${as_server_user[@]}" -i PATH="$PATH:/usr/sbin:/usr/bin:/sbin:/bin" \
            HOME="$servers_dir" TMPDIR="$servers_dir" LC_ALL=C "$@"
    )
}

# ---------------------------------------------------------------------------------------------
# Processes

is_running() {
    [ -n "$1" ] && kill -0 "$1" 2>/dev/null
}

# The process id that the server wrote down, whatever commands it was started through.
server_pid() {
    cat "$servers_dir/$1.pid" 2>/dev/null || true
}

# start_server NAME COMMAND… starts the server in the background, in a process group of its
# own: the terminal's Ctrl-C is for this script, which stops the servers last.
start_server() {
    local name=$1
    shift
    rm -f "$servers_dir/$name.pid"
    : >"$servers_dir/$name.log"
    set -m
    # shellcheck disable=SC2016 # for the shell that becomes the server
    as_server sh -c 'echo "$$" >"$0" && exec "$@"' "$servers_dir/$name.pid" "$@" \
        </dev/null >"$servers_dir/$name.log" 2>&1 &
    server_job=$!
    set +m
}

# start_on_free_port NAME READY STARTER tries random ports, below those which systems give to
# outgoing connections, until STARTER could listen on one; READY tells whether it answers.
start_on_free_port() {
    local name=$1 ready=$2 starter=$3 attempt
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
        server_port=$(random_port)
        "$starter" "$server_port"
        if wait_until_ready "$name" "$ready"; then
            started_servers+=("$name")
            return 0
        fi
        grep -qi 'address already in use' "$servers_dir/$name.log" || break
        say "$name: port $server_port is taken, trying another (attempt $attempt)"
    done
    say "$name did not start; its log:"
    cat "$servers_dir/$name.log" >&2
    exit 1
}

random_port() {
    echo "$((15000 + RANDOM % 17000))"
}

wait_until_ready() {
    local deadline=$((SECONDS + start_seconds))
    while [ "$SECONDS" -lt "$deadline" ]; do
        if "$2"; then
            return 0
        fi
        # The job is the server, or what started it and waits for it.
        is_running "$server_job" || return 1
        sleep 0.1
    done
    say "$1: not ready after $start_seconds seconds"
    return 1
}

signal_server() {
    local pid
    pid=$(server_pid "$2")
    [ -z "$pid" ] || kill -s "$1" "$pid" 2>/dev/null || true
}

# Repeats the signal every second: a server that has just been started may have missed it.
wait_for_server_end() {
    local polls=0
    while is_running "$(server_pid "$2")"; do
        if [ "$polls" -ge "$((stop_seconds * 10))" ]; then
            say "$2 did not stop in $stop_seconds seconds, killing it"
            signal_server KILL "$2"
            sleep 1
            return 0
        fi
        [ "$((polls % 10))" -ne 0 ] || signal_server "$1" "$2"
        polls=$((polls + 1))
        sleep 0.1
    done
}

# Ends a process group that this script made, by its leader's id.
stop_group() {
    [ -n "$1" ] || return 0
    kill -s TERM -- "-$1" 2>/dev/null || return 0
    local deadline=$((SECONDS + stop_seconds))
    while kill -0 -- "-$1" 2>/dev/null; do
        if [ "$SECONDS" -ge "$deadline" ]; then
            kill -s KILL -- "-$1" 2>/dev/null
            break
        fi
        sleep 0.1
    done
    wait "$1" 2>/dev/null || true
}

# ---------------------------------------------------------------------------------------------
# PostgreSQL

need_postgres() {
    find_postgres || install_postgres
    give_directory_to_server_user
}

# On PATH, or else the newest where packages put it.
find_postgres() {
    local bin version newest=0
    if bin=$(type -P initdb) && [ -x "${bin%/*}/postgres" ]; then
        postgres_bin=${bin%/*}
    else
        for bin in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin \
            /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin \
            /Applications/Postgres.app/Contents/Versions/*/bin; do
            version=$(postgres_major "$bin")
            if [ "${version:-0}" -gt "$newest" ]; then
                newest=$version
                postgres_bin=$bin
            fi
        done
    fi
    [ -n "$postgres_bin" ] || return 1
    say "PostgreSQL: found in $postgres_bin"
}

# Nothing, where there is no server.
postgres_major() {
    [ -x "$1/initdb" ] || return 0
    "$1/postgres" --version 2>/dev/null | sed -n 's/^[^0-9]*\([0-9]\{1,\}\).*/\1/p' || true
}

install_postgres() {
    can_apt_get || die "PostgreSQL: initdb and postgres were not found. Install them:
    Debian, Ubuntu    sudo apt-get install postgresql
    Fedora            sudo dnf install postgresql-server
    macOS             brew install postgresql@17
or set COMMIT_ON_SUCCESS_POSTGRES_URL to a server that the tests may write to."
    lock_apt
    # Another run may have been here in the meantime.
    if ! find_postgres; then
        keep_clusters_from_being_created
        apt_install postgresql || die 'PostgreSQL: apt-get could not install it'
        let_clusters_be_created
        say 'PostgreSQL: installed the package postgresql, without a cluster'
        find_postgres || die 'PostgreSQL: still not found'
    fi
    unlock_apt
}

# Debian's package creates and starts a server on its first installation, unless told not to.
keep_clusters_from_being_created() {
    cluster_conf=/etc/postgresql-common/createcluster.d/commit-on-success-$$.conf
    mkdir -p "${cluster_conf%/*}"
    echo 'create_main_cluster = false' >"$cluster_conf"
}

let_clusters_be_created() {
    rm -f "$cluster_conf"
    # The package does without the directory; it stays if somebody else has a file in it.
    rmdir "${cluster_conf%/*}" 2>/dev/null || true
    cluster_conf=''
}

start_postgres() {
    if ! as_server "$postgres_bin/initdb" --pgdata="$servers_dir/postgres" --username=postgres \
        --auth=trust --encoding=UTF8 --locale=C --no-sync \
        </dev/null >"$servers_dir/initdb.log" 2>&1; then
        cat "$servers_dir/initdb.log" >&2
        die 'PostgreSQL: initdb failed'
    fi
    start_on_free_port postgres postgres_is_ready launch_postgres
}

launch_postgres() {
    start_server postgres "$postgres_bin/postgres" -D "$servers_dir/postgres" -p "$1" \
        -c listen_addresses=127.0.0.1 \
        -c unix_socket_directories="$servers_dir" \
        -c max_connections=200 \
        -c max_prepared_transactions=0 \
        -c deadlock_timeout=200ms \
        -c fsync="${COMMIT_ON_SUCCESS_FSYNC:-off}" \
        -c full_page_writes="${COMMIT_ON_SUCCESS_FSYNC:-off}" \
        -c synchronous_commit=on
}

# As pg_ctl does it: the eighth line of the server's own file. A standby never says more than that.
postgres_is_ready() {
    case $(sed -n 8p "$servers_dir/postgres/postmaster.pid" 2>/dev/null || true) in
        ready* | standby*) return 0 ;;
        *) return 1 ;;
    esac
}

# ---------------------------------------------------------------------------------------------
# MariaDB

need_mariadb() {
    find_mariadb || install_mariadb
    give_directory_to_server_user
}

# `mysqld` may be MySQL, which is set up in other ways. `mariadb-install-db` does not work
# without `my_print_defaults`, which Debian has in another package.
find_mariadb() {
    local program
    for program in mariadbd mysqld; do
        mariadb_server=$(find_mariadb_program "$program") || continue
        case $("$mariadb_server" --no-defaults --version 2>/dev/null || true) in
            *MariaDB*) ;;
            *) continue ;;
        esac
        mariadb_install_db=$(find_mariadb_program mariadb-install-db ||
            find_mariadb_program mysql_install_db) || return 1
        find_mariadb_program my_print_defaults >/dev/null || return 1
        say "MariaDB: found $mariadb_server"
        return 0
    done
    return 1
}

find_mariadb_program() {
    local dir path=$PATH
    for dir in /usr/sbin /usr/bin /usr/libexec /usr/local/sbin /usr/local/bin /usr/local/libexec \
        /usr/local/mysql/bin /opt/homebrew/bin /opt/homebrew/opt/mariadb*/bin \
        /usr/local/opt/mariadb*/bin; do
        path=$path:$dir
    done
    PATH=$path type -P "$1"
}

install_mariadb() {
    can_apt_get || die "MariaDB: mariadbd, mariadb-install-db and my_print_defaults were not all found. Install them:
    Debian, Ubuntu    sudo apt-get install mariadb-server-core mariadb-client-core
    Fedora            sudo dnf install mariadb-server
    macOS             brew install mariadb
or set COMMIT_ON_SUCCESS_MYSQL_URL to a server that the tests may write to."
    lock_apt
    if ! find_mariadb; then
        apt_update
        local server client
        server=$(apt_package mariadb-server-core)
        client=$(apt_package mariadb-client-core)
        # Neither of the two has a service.
        apt_install "$server" "$client" || die 'MariaDB: apt-get could not install it'
        say "MariaDB: installed the packages $server and $client"
        find_mariadb || die 'MariaDB: still not found'
    fi
    unlock_apt
}

start_mariadb() {
    local data=$servers_dir/mariadb
    if ! as_server "$mariadb_install_db" --no-defaults --datadir="$data" \
        --auth-root-authentication-method=normal --skip-test-db --force \
        --innodb-log-file-size=32M </dev/null >"$servers_dir/mariadb-install-db.log" 2>&1; then
        cat "$servers_dir/mariadb-install-db.log" >&2
        die 'MariaDB: mariadb-install-db failed'
    fi
    cat >"$servers_dir/mariadb-init.sql" <<'SQL'
CREATE DATABASE IF NOT EXISTS test CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS root@127.0.0.1;
GRANT ALL PRIVILEGES ON *.* TO root@127.0.0.1 WITH GRANT OPTION;
SQL
    chmod 644 "$servers_dir/mariadb-init.sql"
    start_on_free_port mariadb mariadb_is_ready launch_mariadb
}

launch_mariadb() {
    start_server mariadb "$mariadb_server" --no-defaults \
        --datadir="$servers_dir/mariadb" \
        --tmpdir="$servers_dir" \
        --socket="$servers_dir/mariadb.sock" \
        --pid-file="$servers_dir/mariadb/mariadbd.pid" \
        --init-file="$servers_dir/mariadb-init.sql" \
        --bind-address=127.0.0.1 \
        --port="$1" \
        --skip-name-resolve \
        --max-connections=200 \
        --character-set-server=utf8mb4 \
        --innodb-log-file-size=32M \
        --innodb-flush-log-at-trx-commit=2 \
        --innodb-lock-wait-timeout=5
}

mariadb_is_ready() {
    grep -q 'ready for connections' "$servers_dir/mariadb.log"
}

# ---------------------------------------------------------------------------------------------
# pgbouncer

find_pgbouncer() {
    pgbouncer=$(PATH=$PATH:/usr/sbin:/usr/local/sbin:/opt/homebrew/bin type -P pgbouncer)
}

# Another run may have been here in the meantime.
install_pgbouncer() {
    find_pgbouncer && return 0
    keep_services_from_being_started
    local status=0
    apt_install pgbouncer || status=$?
    let_services_be_started
    if [ "$status" -ne 0 ]; then
        say 'apt-get could not install pgbouncer'
        return 1
    fi
    say 'installed the package pgbouncer, without its service'
    find_pgbouncer
}

# Debian asks this file before a package starts its service.
keep_services_from_being_started() {
    [ ! -e /usr/sbin/policy-rc.d ] || return 0
    service_policy=/usr/sbin/policy-rc.d
    printf '#!/bin/sh\nexit 101\n' >"$service_policy"
    chmod 755 "$service_policy"
}

let_services_be_started() {
    [ -z "$service_policy" ] || rm -f -- "$service_policy"
    service_policy=''
}

# start_pgbouncer MODE SESSIONS SERVER starts one with pool_mode=MODE and that many sessions, which it uses
# in turn, of the server that a connection string of libpq names.
start_pgbouncer() {
    cat >"$servers_dir/pgbouncer.common" <<INI
[databases]
* = $3
[pgbouncer]
listen_addr = 127.0.0.1
unix_socket_dir =
auth_type = any
pool_mode = $1
default_pool_size = $2
server_round_robin = 1
ignore_startup_parameters = extra_float_digits, options
INI
    start_on_free_port pgbouncer pgbouncer_is_ready launch_pgbouncer
}

launch_pgbouncer() {
    { cat "$servers_dir/pgbouncer.common"; echo "listen_port = $1"; } >"$servers_dir/pgbouncer.ini"
    chmod 644 "$servers_dir/pgbouncer.ini"
    start_server pgbouncer "$pgbouncer" "$servers_dir/pgbouncer.ini"
}

pgbouncer_is_ready() {
    grep -q 'process up' "$servers_dir/pgbouncer.log"
}

# ---------------------------------------------------------------------------------------------
# Celery and its brokers

find_brokers() {
    find_rabbitmq && find_redis
}

# The script itself: that on PATH is Debian's, which becomes another user.
find_rabbitmq() {
    local path=$PATH:/usr/lib/rabbitmq/bin:/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin
    rabbitmq=$(PATH=/usr/lib/rabbitmq/bin:$path type -P rabbitmq-server) || return 1
    epmd=$(PATH=$path type -P epmd)
}

find_redis() {
    redis=$(PATH=$PATH:/usr/sbin:/usr/local/sbin:/opt/homebrew/bin type -P redis-server)
}

# Another run may have been here in the meantime.
install_brokers() {
    find_brokers && return 0
    keep_services_from_being_started
    local status=0
    apt_install rabbitmq-server redis-server || status=$?
    let_services_be_started
    if [ "$status" -ne 0 ]; then
        say 'apt-get could not install rabbitmq-server and redis-server'
        return 1
    fi
    say 'installed the packages rabbitmq-server and redis-server, without their services'
    find_brokers
}

# An environment of Python for each list of packages, which stays.
install_celery() {
    local list=$here/celery.txt venv
    venv=$here/../target/celery-$(cksum <"$list" | cut -d ' ' -f 1)
    mkdir -p -- "$venv"
    (
        # Another run may be at it; where there is no `flock`, runs come one after the other.
        if type -P flock >/dev/null; then flock 8; fi
        [ -e "$venv/is-complete" ] || make_celery "$venv" "$list"
    ) 8<"$venv" || return 1
    COMMIT_ON_SUCCESS_CELERY=$(CDPATH='' cd -- "$venv" && pwd -P)/bin/python
    export COMMIT_ON_SUCCESS_CELERY
}

make_celery() {
    if ! make_venv "$1"; then
        say 'Celery: python3 could not make an environment for it. Install it:
    Debian, Ubuntu    sudo apt-get install python3-venv'
        return 1
    fi
    if ! "$1/bin/python" -m pip install --quiet --no-deps --requirement "$2" >"$servers_dir/pip.log" 2>&1; then
        cat "$servers_dir/pip.log" >&2
        say 'Celery: pip could not install it'
        return 1
    fi
    touch -- "$1/is-complete"
    say "Celery: installed in $1"
}

# Debian has it without what makes an environment.
make_venv() {
    python3 -m venv --clear "$1" >"$servers_dir/venv.log" 2>&1 && return 0
    can_apt_get && (lock_apt && apt_install python3-venv) &&
        /usr/bin/python3 -m venv --clear "$1" >"$servers_dir/venv.log" 2>&1 && return 0
    cat "$servers_dir/venv.log" >&2
    return 1
}

start_rabbitmq() {
    as_server mkdir "$servers_dir/rabbitmq"
    echo '[].' >"$servers_dir/rabbitmq.plugins"
    : >"$servers_dir/rabbitmq.conf"
    chmod 644 "$servers_dir"/rabbitmq.{plugins,conf}
    start_on_free_port rabbitmq rabbitmq_is_ready launch_rabbitmq
}

# With the ports next to its own for what nodes tell each other, and a name that no other node here has. Erlang would start an
# `epmd` that outlives it and listens everywhere.
launch_rabbitmq() {
    local node_port=$(($1 + 1)) epmd_port=$(($1 + 2))
    if ! is_running "$(server_pid epmd)"; then
        start_server epmd "$epmd" -port "$epmd_port" -address 127.0.0.1
    fi
    start_server rabbitmq env \
        ERL_EPMD_ADDRESS=127.0.0.1 \
        ERL_EPMD_PORT="$epmd_port" \
        RABBITMQ_ALLOW_INPUT=true \
        RABBITMQ_CONFIG_FILE="$servers_dir/rabbitmq.conf" \
        RABBITMQ_CONF_ENV_FILE=/dev/null \
        RABBITMQ_DIST_PORT="$node_port" \
        RABBITMQ_ENABLED_PLUGINS_FILE="$servers_dir/rabbitmq.plugins" \
        RABBITMQ_LOGS=- \
        RABBITMQ_LOG_BASE="$servers_dir/rabbitmq" \
        RABBITMQ_MNESIA_BASE="$servers_dir/rabbitmq" \
        RABBITMQ_NODENAME="commit-on-success-$1@localhost" \
        RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 \
        RABBITMQ_NODE_PORT="$1" \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-noinput -kernel inet_dist_use_interface {127,0,0,1}' \
        "$rabbitmq"
}

rabbitmq_is_ready() {
    grep -q 'Server startup complete' "$servers_dir/rabbitmq.log"
}

start_redis() {
    as_server mkdir "$servers_dir/redis"
    start_on_free_port redis redis_is_ready launch_redis
}

launch_redis() {
    start_server redis "$redis" --bind 127.0.0.1 --port "$1" --dir "$servers_dir/redis" \
        --appendonly yes --appendfsync always --save ''
}

redis_is_ready() {
    grep -q 'Ready to accept connections' "$servers_dir/redis.log"
}

# ---------------------------------------------------------------------------------------------
# The C libraries of their clients, which diesel is linked with

# Debian's packages of what is missing, looked for in the places where the build scripts of
# pq-sys and mysqlclient-sys look.
missing_libraries() {
    has_libpq || echo libpq-dev
    has_mysqlclient || echo libmariadb-dev
    # Tells where they are.
    if ! has_libpq || ! has_mysqlclient; then
        type -P pkg-config >/dev/null || echo pkg-config
    fi
}

has_libpq() {
    [ -z "${PQ_LIB_DIR:-}" ] || return 0
    ! pkg-config --exists libpq 2>/dev/null || return 0
    # The program may be there without the library.
    local directory file
    directory=$(pg_config --libdir 2>/dev/null) || return 1
    for file in "$directory"/libpq.{so,dylib,a}; do
        [ ! -e "$file" ] || return 0
    done
    return 1
}

has_mysqlclient() {
    [ -z "${MYSQLCLIENT_LIB_DIR:-}" ] || return 0
    pkg-config --exists mysqlclient 2>/dev/null ||
        pkg-config --exists libmariadb 2>/dev/null ||
        mysql_config --libs >/dev/null 2>&1
}

# Another run may have been here in the meantime.
install_libraries() {
    local packages
    packages=$(missing_libraries)
    [ -n "$packages" ] || return 0
    # shellcheck disable=SC2086 # one word for each package
    apt_install $packages || {
        say "apt-get could not install the libraries ${packages//$'\n'/, }"
        return 1
    }
    say "installed the packages ${packages//$'\n'/, }"
}

# ---------------------------------------------------------------------------------------------
# Valgrind

has_valgrind() {
    type -P valgrind >/dev/null
}

# Another run may have been here in the meantime.
install_valgrind() {
    has_valgrind && return 0
    # Without the symbols of the C library it does not start.
    apt_install valgrind libc6-dbg || {
        say 'apt-get could not install valgrind'
        return 1
    }
    say 'installed the package valgrind'
}

# ---------------------------------------------------------------------------------------------
# Debian's packages

can_apt_get() {
    [ "$(id -u)" -eq 0 ] && [ -e /etc/debian_version ] && type -P apt-get >/dev/null
}

# One run at a time installs; `flock` is part of every Debian.
lock_apt() {
    exec 9</etc/debian_version
    flock 9
}

unlock_apt() {
    exec 9<&-
}

# One of the lists may be out of reach and not be needed: what matters is the installation.
apt_update() {
    [ -z "$apt_updated" ] || return 0
    apt_updated=yes
    say 'apt-get update'
    apt_get update -qq || say 'apt-get update failed, going on with the lists there are'
}

apt_install() {
    apt_update
    say "apt-get install $*"
    if ! apt_get install -y -qq --no-install-recommends --no-remove "$@"; then
        cat "$servers_dir/apt.log" >&2
        return 1
    fi
}

apt_get() {
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$@" \
        </dev/null >"$servers_dir/apt.log" 2>&1 9<&-
}

# Some releases have the version in the package's name: the newest of them, then.
apt_package() {
    if apt-cache show "$1" >/dev/null 2>&1; then
        echo "$1"
    else
        apt-cache pkgnames "$1-" | grep -E "^$1-[0-9.]+\$" | sort -V | tail -n 1 || echo "$1"
    fi
}

# redis.sh - a redis-server in $work and a client with a load; source it.
# shellcheck shell=bash

# redis_under COMMAND...: start it under the command and wait until it answers.
redis_under()
{
	"$@" redis-server --port 0 --unixsocket "$work/redis" \
	    --save '' --appendonly no --daemonize no --loglevel warning \
	    --enable-debug-command local >redis.log 2>&1 &
	redis_pid=$!
	at_exit "kill -9 $redis_pid 2>/dev/null"
	until redis-cli -s "$work/redis" ping >/dev/null 2>&1; do
		kill -0 $redis_pid 2>/dev/null || return 1
	done
}

cli()
{
	redis-cli -s "$work/redis" "$@"
}

# redis_session N: N rounds of commands, what a client gets to see, then N
# requests of each kind by the benchmark, then the end.
redis_session()
{
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) {
		printf "SET k%d v%d\r\n", i % 3001, i * i
		printf "LPUSH l%d %d\r\n", i % 101, i
		printf "HSET h%d f%d %d\r\n", i % 57, i % 29, i
		if (i % 5 == 0) printf "DEL k%d\r\n", i * 3 % 3001
	} }' | cli --pipe | grep replies
	cli debug digest
	cli dbsize
	redis-benchmark -s "$work/redis" -q -n "$1" -r 1000 -P 8 \
	    -t set,get,incr,lpush,lpop,sadd,hset,zadd,mset >/dev/null 2>&1
	cli shutdown nosave 2>&1
	wait "$redis_pid"
	echo "status $?"
}

# hits.sh: what a hit in shared memory costs.  Sourced by run, after the sandbox and the cluster
# have started; works in a database of its own.
#
# Ten rules with conditions over all kinds of facts, of which the last one matches, and 5,000
# prompts of 500 bytes.  The number of hits per second is the goal, but says as much about the
# machine: so it is also told how many SHA-256 digests of the same prompts PostgreSQL makes in that
# time, and how much two backends that only do this gain over one.

"${psql[@]}" -c "CREATE DATABASE hits"
PGDATABASE=hits "${psql[@]}" -v base="$base/compat/v1" -f "$top/test/bench/setup.sql"
PGDATABASE=hits "${psql[@]}" -f "$top/test/bench/hits.sql"

hits_in=100000 # calls per statement
hits_sql="SELECT count(ai_complete(p)) FROM hit"
sha_sql="SELECT count(sha256(p::bytea)) FROM hit"

# Milliseconds of a statement over all prompts, repeated, on a processor: the second of three.
repeated_ms() {
	local i
	{
		echo '\o /dev/null'
		[ "$(nproc)" = 1 ] || printf '%s\n' "${pin//-pc 0/-pc $2}"
		echo "SET ai_router.cache = on; SET jit = off; SET work_mem = '64MB';"
		echo "SELECT count(ai_complete(p)) FROM hit;"
		echo '\timing on'
		for i in 1 2 3; do echo "$1, generate_series(1, $((hits_in / 5000)));"; done
	} | PGDATABASE=hits "${psql[@]}" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | sed -n 2p
}

# How much more two backends at once do of a statement than one alone.
scaling() {
	local alone
	alone=$(repeated_ms "$1" 0)
	repeated_ms "$1" 1 >"$work/second" &
	repeated_ms "$1" 0 >"$work/first"
	wait $!
	awk -v one="$alone" '{ sum += one / $1 } END { print sum }' "$work/first" "$work/second"
}

for _ in 1 2 3 4 5; do
	repeated_ms "$hits_sql" 0 | awk -v n=$hits_in '{ print n / $1 * 1000 }' >>"$work/hits"
	repeated_ms "$sha_sql" 0 | awk -v n=$hits_in '{ print n / $1 * 1000 }' >>"$work/sha"
done
report "hits in shared memory per second, one backend, ten rules" "$(median <"$work/hits")" 200000
inform "the same per digest: what sha256() of the prompt alone does" \
	"$(awk -v h="$(median <"$work/hits")" -v s="$(median <"$work/sha")" 'BEGIN { print h / s }')"
if [ "$(nproc)" -gt 1 ]; then
	for _ in 1 2 3; do
		scaling "$hits_sql" >>"$work/two"
		scaling "$sha_sql" >>"$work/two_sha"
	done
	report "two backends' hits per one's" "$(median <"$work/two")" 1.8
	inform "the same of sha256(): what this machine lets two gain" "$(median <"$work/two_sha")"
fi

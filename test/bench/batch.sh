# batch.sh: statements whose calls the AI Batch node runs side by side.  Sourced by run, after the
# sandbox and the cluster have started; works in a database of its own.

"${psql[@]}" -c "CREATE DATABASE batch"
PGDATABASE=batch "${psql[@]}" -v base="$base/compat/v1" -f "$top/test/bench/setup.sql"
PGDATABASE=batch "${psql[@]}" -f "$top/test/bench/batch.sql"

batch_rows=2000
plain_rows=40 # of which as much is said of all: one row takes as long as the other

# Milliseconds of an UPDATE of the first N rows by a model: update_ms MODEL N [batching]
update_ms() {
	PGDATABASE=batch sql_ms <<-SQL
		SET ai_router.batching = ${3:-on};
		VACUUM doc;
		UPDATE doc SET answer = ai_complete('Echo: warm-up ' || id, '{"model": "$1"}') WHERE id <= least(64, $2);
		UPDATE doc SET answer = ai_complete('Echo: prompt ' || id, '{"model": "$1"}') WHERE id <= $2;
	SQL
}
# Milliseconds of as many requests by bare curl-multi: multi_ms PROVIDER'S_MODEL
multi_ms() { "${ours_on[@]}" "$work/bare" multi "$base/compat/v1/chat/completions" "$1" $batch_rows 64; }

for _ in 1 2 3 4 5; do
	bare=$(multi_ms slow--lat-50)
	ours=$(update_ms slow $batch_rows)
	plain=$(update_ms slow $plain_rows off)
	awk -v a="$bare" -v b="$ours" 'BEGIN { print a / b }' >>"$work/batch_slow"
	awk -v a="$plain" -v b="$ours" -v n="$plain_rows" -v m="$batch_rows" 'BEGIN { print a / n * m / b }' >>"$work/batch_plain"
done
for _ in $(seq 15); do
	bare=$(multi_ms bare)
	ours=$(update_ms fast $batch_rows)
	awk -v a="$bare" -v b="$ours" 'BEGIN { print a / b }' >>"$work/batch_fast"
done
report "UPDATE of 2,000 rows, 50 ms: speed of bare curl-multi" "$(median <"$work/batch_slow")" 0.90
report "the same by plain evaluation's speed" "$(median <"$work/batch_plain")" 50
report "UPDATE of 2,000 rows, 0 ms: speed of bare curl-multi" "$(median <"$work/batch_fast")" 0.5

# What the node costs a row: 200,000 evaluations that the cache answers, with it and without; and what
# it costs to plan a join without AI calls.  Both ways in one session, in turns.  Processor time, not
# the clock's: the differences are small, and machines are shared.
# in_turns N SQL: milliseconds with batching and without, N times
in_turns() {
	local i way
	{
		printf '%s\n' 'SELECT pg_backend_pid() AS pid \gset' '\setenv BENCH_PID :pid' "$pin"
		echo "SET ai_router.cache = on; SET jit = off; SET work_mem = '64MB'; SET max_parallel_workers_per_gather = 0;"
		echo '\o /dev/null'
		echo "$2"
		for i in $(seq "$1"); do
			for way in on off; do
				printf '%s\n' "SET ai_router.batching = $way;" '\! cat /proc/$BENCH_PID/schedstat' "$2" \
					'\! cat /proc/$BENCH_PID/schedstat'
			done
		done
	} | PGDATABASE=batch "${psql[@]}" | awk '{ print $1 / 1e6 }' | paste - - - - | awk '{ print $2 - $1, $4 - $3 }'
}
in_turns 9 "SELECT count(ai_complete(p)) FROM prompt, generate_series(1, 200);" >"$work/node"
inform "us for a cached evaluation, plainly" "$(awk '{ print $2 / 200 }' "$work/node" | median)"
report_most "us that the node adds to it" "$(awk '{ print ($1 - $2) / 200 }' "$work/node" | median)" 0.3
in_turns 200 "SELECT plan_often();" >"$work/plan"
report "planning without AI calls: speed of batching off" "$(awk '{ print $2 / $1 }' "$work/plan" | median)" 0.98

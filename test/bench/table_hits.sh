# table_hits.sh: calls per second that table ai_router.cache answers.  Sourced by run, last:
# it restarts the cluster with next to no shared memory for answers, so that they come from
# the table.

table_hits=20000
"${psql[@]}" >/dev/null <<-SQL
	ALTER SYSTEM SET ai_router.cache = on;
	ALTER SYSTEM SET ai_router.cache_size = 0;
SQL
(cd "$work" && as_user "$bin/pg_ctl" -D "$cluster" -l "$work/server.log" -m fast -w -s restart)
# 500 bytes each; bought once, then asked for in the same order, so that shared memory has none of
# them any more when its turn comes.
table_sql="SELECT count(ai_complete('Echo: ' || g || repeat(' word', 98))) FROM generate_series(1, $table_hits) g;"
"${psql[@]}" >/dev/null <<-SQL
	SELECT cardinality(ai_complete(array_agg('Echo: ' || g || repeat(' word', 98)))) FROM generate_series(1, $table_hits) g;
SQL
for _ in $(seq 100); do
	[ "$("${psql[@]}" -c 'SELECT count(*) FROM ai_router.cache')" -lt $table_hits ] || break
	sleep 0.1
done
"${psql[@]}" -c 'VACUUM ANALYZE ai_router.cache'
for _ in 1 2 3 4 5; do
	"${psql[@]}" -c 'SELECT ai_router.stats_reset()' >/dev/null
	ms=$(sql_ms <<<"SELECT count(ai_complete('Echo: 1' || repeat(' word', 98))) FROM generate_series(1, 20) g; $table_sql")
	n=$("${psql[@]}" -c "SELECT value FROM ai_router.stats WHERE name = 'cache_table_hits'")
	awk -v n="$n" -v ms="$ms" 'BEGIN { print n / ms * 1000 }'
done >"$work/table_hits"
report "calls per second that the table answers" "$(median <"$work/table_hits")" 20000

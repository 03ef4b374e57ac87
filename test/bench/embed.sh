# embed.sh: what it saves to put many texts into one request.  Sourced by run, after the sandbox and
# the cluster have started; works in a database of its own.

"${psql[@]}" -c "CREATE DATABASE embed"
PGDATABASE=embed "${psql[@]}" -v base="$base" -v v1="$base/v1" <<-'SQL'
	CREATE EXTENSION ai_router;
	CREATE SERVER many FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', base_url :'v1');
	CREATE USER MAPPING FOR PUBLIC SERVER many OPTIONS (api_key 'sandbox-key');
	CREATE SERVER most FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', base_url :'v1', embed_batch '2048');
	CREATE USER MAPPING FOR PUBLIC SERVER most OPTIONS (api_key 'sandbox-key');
	-- Titan takes one text at a time.
	CREATE SERVER one FOREIGN DATA WRAPPER ai_router OPTIONS (api 'bedrock', base_url :'base', region 'us-east-1');
	CREATE USER MAPPING FOR PUBLIC SERVER one OPTIONS (api_key 'sandbox-key');
	INSERT INTO ai_router.models(name, server, model, mode, input_price) VALUES
		('many', 'many', 'many--lat-50', 'embedding', 0),
		('most', 'most', 'most--lat-50', 'embedding', 0),
		('one', 'one', 'titan-embed-text-v2--lat-50--dim-64', 'embedding', 0);
	INSERT INTO ai_router.rules(name) VALUES ('default');
	CREATE TABLE doc AS SELECT id, 'a short text, number ' || id AS body FROM generate_series(1, 10000) id;
SQL

embed_rows=10000
one_rows=1000 # of which as much is said of all

# Milliseconds to embed the first N texts of the table by a model, at the usual concurrency: embed_ms MODEL N array|rows
embed_ms() {
	local query="SELECT count(embedding) FROM ai_embed((SELECT array_agg(body) FROM doc WHERE id <= $2), '{\"model\": \"$1\"}')"

	[ "$3" = array ] || query="SELECT count(ai_embed(body, '{\"model\": \"$1\"}')) FROM doc WHERE id <= $2"
	PGDATABASE=embed sql_ms <<-SQL
		SET ai_router.max_concurrency = 32;
		SELECT ai_embed('warm-up ' || id, '{"model": "$1"}') IS NULL FROM doc WHERE id <= 64;
		$query;
	SQL
}

for _ in 1 2 3; do
	one=$(embed_ms one $one_rows array)
	array=$(embed_ms many $embed_rows array)
	rows=$(embed_ms many $embed_rows rows)
	awk -v a="$one" -v b="$array" -v n=$one_rows -v m=$embed_rows 'BEGIN { print a / n * m / b }' >>"$work/embed_array"
	awk -v a="$one" -v b="$rows" -v n=$one_rows -v m=$embed_rows 'BEGIN { print a / n * m / b }' >>"$work/embed_rows"
done
curl -fs -X POST "$base/control/reset" >/dev/null
embed_ms many $embed_rows array >/dev/null
report_most "requests to embed 10,000 texts, 256 to a request" "$(($(counter many--lat-50 requests) - 1))" 40
embed_ms most $embed_rows array >/dev/null
report_most "requests to embed 10,000 texts, 2,048 to a request" "$(($(counter most--lat-50 requests) - 1))" 5
report "10,000 texts in an array, 50 ms: speed of one per request" "$(median <"$work/embed_array")" 20
report "the same as rows of a table" "$(median <"$work/embed_rows")" 15

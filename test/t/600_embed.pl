# Embeddings, similarity and reranking at the sandbox provider: every family, every fault, and models
# that fail.  A vector of another text, or of another model, is what must never come.
use strict;
use warnings;
use Test::More;
use AiRouterTest;

my $t = AiRouterTest->new('embed', cap => 1, conf => "ai_router.max_statement_cost = 0\nai_router.spool_size = 64MB");
my %path = (openai => '/v1', azure => '/openai/v1', gemini => '/v1beta', ollama => '', cohere => '', bedrock => '');
my @apis = sort keys %path;
$t->server($_, api => $_, path => $path{$_}, $_ eq 'bedrock' ? (region => 'us-east-1') : ()) for @apis;
$t->sql("INSERT INTO ai_router.rules(name) VALUES ('default')");

my $made = 0;
sub embedder
{
	my ($api, $how, %col) = @_;
	my $name = 'e' . ++$made;
	my $id = ($api eq 'bedrock' ? "titan-embed-text-v2-$name" : $name) . ($how ? "--$how" : '');
	$t->model($name, $api, $id, mode => 'embedding', %col);
	return ($name, $id);
}

# What a text's vector is: a provider that does nothing wrong says so.
$t->sql('CREATE TABLE truth (api text, word text, vector real[], PRIMARY KEY (api, word))');
my @words = map { "word $_ of the list" } 1 .. 20;
my $words = 'ARRAY[' . join(', ', map { "'$_'" } @words) . ']';
for my $api (@apis)
{
	my ($name) = embedder($api, '');
	$t->sql(qq{INSERT INTO truth SELECT '$api', w, ai_embed(w, '{"model": "$name"}') FROM unnest($words) w});
	is($t->sql("SELECT count(DISTINCT vector), min(cardinality(vector)), bool_and(abs(1 - (SELECT sqrt(sum(x::float8 * x)) FROM unnest(vector) x)) < 1e-5) FROM truth WHERE api = '$api'"),
		'20|' . ($api eq 'bedrock' ? 256 : 64) . '|t', "$api: vectors");
}
is($t->sql(q(SELECT count(*) FROM truth a JOIN truth b USING (word) WHERE 'bedrock' NOT IN (a.api, b.api) AND (SELECT max(abs(x - y)) FROM unnest(a.vector, b.vector) u(x, y)) < 1e-6)), 500, 'all families say the same');

# (right, without, wrong) vectors of the words
sub vectors_sql
{
	my ($api, $name, $more) = @_;
	return qq{SELECT concat_ws('|', count(*) FILTER (WHERE embedding = vector), count(*) FILTER (WHERE embedding IS NULL), count(*) FILTER (WHERE embedding <> vector))
  FROM ai_embed($words, '{"model": "$name", "on_error": "null"$more}') e JOIN unnest($words) WITH ORDINALITY w (word, ord) USING (ord) JOIN truth USING (word) WHERE api = '$api'};
}
sub vectors { return $t->sql(vectors_sql(@_)); }

# Side by side in sessions, as most of the time goes by between attempts: ([SQL, value, what] ..)
my @sessions = map { $t->session } 1 .. 10;
sub side_by_side
{
	my @checks = @_;

	$sessions[$_]->send($checks[$_][0]) for 0 .. $#checks;
	for my $i (0 .. $#checks)
	{
		my $r = $sessions[$i]->wait;
		is($r->{error} ? $r->{error}{M} : $r->{rows}[0][0], $checks[$i][1], $checks[$i][2]);
	}
	return;
}

# --- Faults -----------------------------------------------------------------------------------------

# A fault that goes away costs one more try; one that stays leaves no vector.
for my $fault (qw(reset resetmid truncate badjson nonjson empty html200 gzipbad err200 nullcontent wrongtypes missing extra double nullvec))
{
	my @checks;
	for my $api (qw(openai cohere gemini ollama bedrock))
	{
		# Only OpenAI's form says which vector is whose.
		next if $fault eq 'double' && $api ne 'openai';
		next if $api eq 'bedrock' && $fault !~ /badjson|nullcontent|wrongtypes|truncate/;
		# One text at a time is enough to see a fault of each request.
		my ($name) = embedder($api, "fault-$fault--first-1");
		push @checks, [ vectors_sql($api, $name, ''), '20|0|0', "$api, $fault once: right vectors" ];
		($name) = embedder($api, "fault-$fault");
		push @checks, [ vectors_sql($api, $name, ', "retries": 1'), '0|20|0', "$api, $fault: none" ];
	}
	side_by_side(@checks);
}
for my $api (qw(openai cohere gemini ollama))
{
	my ($name, $id) = embedder($api, 'fault-reorder');
	my $got = vectors($api, $name, '');
	# Those without indexes cannot be seen through: the order is all that they say.
	$api eq 'openai' ? is($got, '20|0|0', 'openai, reorder: put right') : is($got, '0|0|20', "$api, reorder: nothing tells");
	($name) = embedder($api, 'fault-shortvec');
	is(vectors($api, $name, ', "dimensions": 64'), '0|20|0', "$api, shortvec: not what was asked for");
	for my $fine (qw(nousage gzip blanklines keepclose))
	{
		($name) = embedder($api, "fault-$fine");
		is(vectors($api, $name, ''), '20|0|0', "$api, $fine: right vectors");
	}
	($name) = embedder($api, '');
	is($t->sql(qq{SELECT array_agg(DISTINCT cardinality(embedding)) FROM ai_embed($words, '{"model": "$name", "dimensions": 16}')}), '{16}', "$api: dimensions");
}
my ($name, $id) = embedder('openai', 'fault-missing');
my (undef, $err) = $t->try(qq{SELECT * FROM ai_embed($words, '{"model": "$name"}')});
like($err, qr/ERROR:  RT006: .*embeddings for \d+ inputs/, 'the error says what is wrong');
cmp_ok($t->counter($id, 'requests'), '<=', 3, 'what may have been paid for is asked for once more: ' . $t->counter($id, 'requests'));

# --- How many go into one request -------------------------------------------------------------------

$t->server('many', api => 'openai', path => '/v1', embed_batch => 2048);
$t->server('too_many', api => 'openai', path => '/v1', embed_batch => 3000);
# What 10,000 texts come to: vectors, different ones, requests.  Of some it is seen that they are right.
sub ten_thousand
{
	my ($server, $set, $more, $text) = @_;
	($name, $id) = embedder($server, '');
	my $got = $t->sql(qq{$set; SELECT count(embedding), count(DISTINCT embedding) FROM ai_embed(ARRAY(SELECT $text FROM generate_series(1, 10000) g), '{"model": "$name"$more}')});
	my $requests = $t->counter($id, 'requests');
	my $some = "ARRAY(SELECT $text FROM generate_series(1, 20) g)";
	is($t->sql(qq{SELECT count(*) FILTER (WHERE e.embedding = ai_embed(w, '{"model": "$name"$more}')) FROM unnest($some) WITH ORDINALITY w (w, ord) JOIN ai_embed($some, '{"model": "$name"$more}') e USING (ord)}), 20, 'in order');
	return "$got $requests";
}
my $short = q('short text ' || g);
is(ten_thousand('many', 'RESET ALL', '', $short), '10000|10000 5', 'embed_batch 2048: 10,000 texts in 5 requests');
is(ten_thousand('openai', 'RESET ALL', '', $short), '10000|10000 40', 'a server that nobody knows: 256 to a request');
is(ten_thousand('azure', 'RESET ALL', ', "dimensions": 32', $short), '10000|10000 5', 'Azure: 2048 by itself');
# Vectors of unknown length are taken to be long ones: a reply beyond ai_router.max_response_size is lost.
my ($got) = ten_thousand('azure', q(SET ai_router.max_response_size = '4MB'), ', "dimensions": 1536', $short) =~ / (\d+)$/;
is($got, int((10000 - 1) / int(4 * 1024 * 1024 / (1536 * 16 / 3 + 128))) + 1, 'no reply is longer than may be read');
# What the administrator says is tried: what proves too much is asked for by halves.
is(ten_thousand('too_many', 'RESET ALL', '', $short), '10000|10000 10', 'more than the server takes: in halves');
like(ten_thousand('many', q(SET ai_router.max_response_size = '512kB'), '', $short), qr/^10000\|10000 /, 'replies longer than may be read: in parts');
# So many tokens at most.
my $tokens = $t->sql(q(SELECT sum(ai_count_tokens('a longer text ' || g || repeat(' with words', 100))) FROM generate_series(1, 10000) g));
($got) = ten_thousand('many', 'RESET ALL', '', q('a longer text ' || g || repeat(' with words', 100))) =~ / (\d+)$/;
cmp_ok($got, '>=', $tokens / 200000, "$tokens tokens: not more than 200,000 to a request");
cmp_ok($got, '<=', $tokens / 200000 * 1.05 + 1, 'nor fewer than need be');

# --- Models that fail -----------------------------------------------------------------------------------

$t->sql('DELETE FROM ai_router.models');
$t->model('broken', 'openai', 'broken--status-503', mode => 'embedding', rank => 1);
$t->model('healthy', 'openai', 'healthy', mode => 'embedding', rank => 2);
for my $call (q(ai_embed('a')), q(ai_similarity('a', 'b')), q((SELECT count(*) FROM ai_embed('{a,b}'::text[]))))
{
	my ($out, $e) = $t->try("SET ai_router.retries = 1; SELECT $call");
	like($e, qr/ERROR:  RT002: provider "openai", model "broken"/, "$call: an error");
}
is($t->counter('healthy', 'requests'), 0, 'no vectors of another model');
$t->sql(q(UPDATE ai_router.models SET family = 'f' WHERE name = 'broken'));
$t->model('twin', 'azure', 'twin', mode => 'embedding', rank => 9, family => 'f');
for my $call (q(cardinality(ai_embed('a'))), q((ai_similarity('a', 'a') > 0.999)::int * 64), q((SELECT sum(cardinality(embedding)) / 2 FROM ai_embed('{a,b}'::text[]))))
{
	is($t->sql("SELECT $call"), 64, "$call: from another host of the family");
}
is($t->counter('twin', 'requests') . ' ' . $t->counter('healthy', 'requests'), '3 0', 'and from no other');
is($t->sql(q(SELECT count(*) FROM (SELECT ai_embed('row ' || g) e FROM generate_series(1, 300) g) x WHERE cardinality(e) = 64)), 300, 'rows of a statement, too');
is($t->counter('healthy', 'requests'), 0, 'from the family');

# Rules change while a statement runs.
$t->sql(q(UPDATE ai_router.models SET model = 'twin--lat-20' WHERE name = 'twin'));
$t->sql(q(UPDATE ai_router.models SET enabled = false WHERE name = 'broken'));
$t->sql(q(UPDATE ai_router.models SET rank = 99 WHERE name = 'healthy'));
my $s = $t->session;
$s->query(q(SET ai_router.max_concurrency = 1; SET work_mem = '64kB'));
$s->query(q(BEGIN; DECLARE c CURSOR FOR SELECT ai_embed('long ' || g) FROM generate_series(1, 2000) g));
is(scalar @{ $s->query('FETCH 10 FROM c')->{rows} }, 10, 'a statement begins with a model');
$t->sql(q(UPDATE ai_router.models SET rank = 0 WHERE name = 'healthy'));
my $r = $s->query('FETCH 1500 FROM c');
is($r->{error}{C}, 'RT001', 'and does not go on with another');
like($r->{error}{M}, qr/leads to embedding model "healthy", but the statement began with "twin"/, 'which the error says');
is($t->counter('healthy', 'requests'), 0, 'nothing was asked of that');

# --- Both sides of a comparison go together ---------------------------------------------------------------

$t->sql('DELETE FROM ai_router.models');
($name, $id) = embedder('openai', '');
cmp_ok($t->sql(q(SELECT ai_similarity('red shoes', 'shoes that are red'))), '>', $t->sql(q(SELECT ai_similarity('red shoes', 'a tax form'))), 'similarity');
is($t->counter($id, 'requests'), 2, 'one request each');

# --- Reranking ------------------------------------------------------------------------------------------------

$t->model('rank', 'cohere', 'rank', mode => 'rerank');
is($t->sql(q(SELECT string_agg(ord || ' ' || document || ' ' || score, ', ') FROM ai_rerank('red shoes', '{blue,NULL,red shoes,red}'))),
	'3 red shoes 1, 4 red 0.5, 1 blue 0', 'documents, best first');
is($t->counter('rank', 'requests'), 1, 'one request');
is($t->sql(q(SELECT count(*), count(DISTINCT ord), count(score), (array_agg(ord))[1] FROM ai_rerank('number 1500', ARRAY(SELECT 'document number ' || g FROM generate_series(1, 2500) g)))),
	'2500|2500|2500|1500', 'many documents');
is($t->counter('rank', 'requests'), 4, 'so many to a request');
my @faults = qw(missing extra wrongtypes badjson empty nonjson err200);
$t->model("rank_$_", 'cohere', "rank--fault-$_", mode => 'rerank') for @faults;
side_by_side(map { [ qq{SELECT concat_ws('|', count(*), count(score)) FROM ai_rerank('red', '{a,b,red}', '{"model": "rank_$_", "on_error": "null", "retries": 1}')}, '3|0', "rerank, $_: no scores" ] } @faults);
for my $fault (@faults)
{
	(undef, $err) = $t->try(qq{SELECT count(*), count(score) FROM ai_rerank('red', '{a,b,red}', '{"model": "rank_$fault", "retries": 0}')});
	like($err, qr/ERROR:  RT00[269]: /, 'or an error');
}

# --- In the ledger by their own names ----------------------------------------------------------------------------

ok($t->until_true(sub { $t->sql(q(SELECT string_agg(DISTINCT function, ' ' ORDER BY function) FROM ai_router.calls)) eq 'ai_embed ai_rerank ai_similarity' }), 'functions of the ledger');

# --- pgvector ----------------------------------------------------------------------------------------------------

SKIP:
{
	my $there = $t->sql(q(SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'));
	diag('SKIPPED: extension pgvector is not installed, its casts and indexes are not tested') unless $there;
	skip 'pgvector is not installed', 6 unless $there;
	$t->sql('CREATE EXTENSION vector; CREATE TABLE docs (id int, body text, emb vector(64))');
	$t->sql(q(INSERT INTO docs SELECT g, 'document number ' || g, ai_embed('document number ' || g)::vector FROM generate_series(1, 500) g));
	$t->sql(q(UPDATE docs SET emb = ai_embed(body)));
	is($t->sql('SELECT count(emb) FROM docs'), 500, 'real[] becomes vector by assignment');
	$t->sql('CREATE INDEX ON docs USING hnsw (emb vector_cosine_ops); ANALYZE docs');
	my $search = q(SELECT id FROM docs ORDER BY emb <=> ai_embed('document number 77')::vector LIMIT 1);
	like($t->sql("SET enable_seqscan = off; EXPLAIN $search"), qr/Index Scan using docs_emb_idx/, 'the index is used');
	my $before = $t->counter($id, 'requests');
	is($t->sql("SET enable_seqscan = off; $search"), 77, 'and finds it');
	is($t->counter($id, 'requests'), $before + 1, 'by one call');
	my $half = $t->sql(q(SELECT count(*) FROM pg_type WHERE typname = 'halfvec'));
	skip 'pgvector has no halfvec yet', 2 unless $half;
	$t->sql('ALTER TABLE docs ADD h halfvec(64)');
	$t->sql('UPDATE docs SET h = ai_embed(body)');
	is($t->sql('SELECT count(h) FROM docs'), 500, 'real[] becomes halfvec by assignment');
	is($t->sql(q(SELECT id FROM docs ORDER BY h <=> ai_embed('document number 78')::halfvec LIMIT 1)), 78, 'and by a cast');
}
done_testing();

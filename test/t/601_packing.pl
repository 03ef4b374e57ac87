# Many embeddings in one request: how many requests there are, whose vectors come back, what is told
# of them, and that any call of a request can fail, be cancelled or go by itself.
use strict;
use warnings;
use Test::More;
use AiRouterTest;

my $t = AiRouterTest->new('packing', cache => 1, cap => 1, conf => 'restart_after_crash = on');
$t->server('p', api => 'openai', path => '/compat/v1');
$t->sql("INSERT INTO ai_router.rules(name) VALUES ('default')");

my $made = 0;
# A model of its own for each test, by what the provider is to do: (name, provider's name).
sub embedder
{
	my ($how, %col) = @_;
	my $name = 'e' . ++$made;
	my $id = $name . ($how ? "--$how" : '');
	$t->model($name, 'p', $id, mode => 'embedding', input_price => 0.02, %col);
	return ($name, $id);
}

sub requests { return $t->counter($_[0], 'requests'); }

# So many different texts of a test, as an SQL array.
sub texts { my ($word, $n) = @_; return "ARRAY(SELECT '$word ' || g FROM generate_series(1, $n) g)"; }

# SQL on the ledger's rows of a model once it has so many calls.
sub ledger
{
	my ($name, $calls, $sql) = @_;
	$t->until_true(sub { $t->sql("SELECT count(*) FROM ai_router.calls WHERE model = '$name'") >= $calls }, 60)
	  or fail("$calls calls are in the ledger");
	return $t->sql($sql =~ s/NAME/'$name'/gr);
}

my $sums = q(SELECT c.n, c.tokens = a.tokens, c.cost = a.cost, c.cost > 0, a.calls
  FROM (SELECT count(*) n, sum(input_tokens) tokens, sum(cost) cost FROM ai_router.calls WHERE model = NAME) c,
       (SELECT sum(input_tokens) tokens, sum(cost) cost, sum(calls) calls FROM ai_router.attempts WHERE model = NAME) a);

# --- Whole requests -------------------------------------------------------------------------------

my ($name, $id) = embedder('');
my $rows = $t->sql(qq{SELECT count(*), count(embedding), min(ord), max(ord) FROM ai_embed(@{[texts('text', 10000)]}, '{"model": "$name"}')});
is($rows, '10000|10000|1|10000', 'vectors of 10,000 texts');
is(requests($id), 40, 'in as few requests as there can be');
is($t->sql(qq{SELECT count(*) FILTER (WHERE e.embedding = ai_embed('text ' || e.ord, '{"model": "$name", "cache": "off"}')) FROM ai_embed(ARRAY(SELECT 'text ' || g FROM generate_series(1, 300) g), '{"model": "$name"}') e, (SELECT set_config('ai_router.batching', 'off', true)) s}),
	300, 'each text has its own');
is(requests($id), 340, 'and what was known was not asked for again');
is(ledger($name, 10300, $sums), '10300|t|t|t|10300', 'the shares of tokens and cost add up');
is(ledger($name, 0, q(SELECT count(*), count(*) FILTER (WHERE attempts = 1), count(*) FILTER (WHERE sent_with IS NULL) FROM ai_router.calls WHERE model = NAME)),
	'10300|10300|340', 'each call is in the ledger, and says where its exchange is');
is(ledger($name, 0, q(SELECT count(*), count(DISTINCT request_id) FROM ai_router.attempts WHERE model = NAME)), '340|340', 'a row for each exchange');
is($t->sql(q(SELECT count(*) FROM ai_router.calls c WHERE NOT EXISTS (SELECT FROM ai_router.attempts a WHERE a.call_id = coalesce(c.sent_with, c.call_id)))),
	0, 'which is found');

# NULLs and equal texts.
($name, $id) = embedder('');
is($t->sql(qq{SELECT string_agg(ord || coalesce(':' || dim, ''), ' ' ORDER BY n) FROM (SELECT row_number() OVER () n, ord, cardinality(embedding) dim FROM ai_embed('{NULL,a,NULL,NULL,b,a,NULL}'::text[], '{"model": "$name"}')) x}),
	'1 2:64 3 4 5:64 6:64 7', 'NULL has no vector');
is($t->sql(qq{SELECT count(*), count(DISTINCT embedding) FROM ai_embed(ARRAY(SELECT 'one of ' || g % 10 FROM generate_series(1, 3000) g), '{"model": "$name"}')}),
	'3000|10', '10 texts in 3,000 places');
is(requests($id), 2, 'two requests so far');
is(ledger($name, 12, q(SELECT sum(calls) FROM ai_router.attempts WHERE model = NAME)), 12, 'for 12 texts');
is($t->sql(qq{SELECT count(*) FROM ai_embed('{}'::text[], '{"model": "$name"}')}), 0, 'nothing in, nothing out');
is($t->sql(qq{SELECT count(*) FROM ai_embed(NULL::text[], '{"model": "$name"}')}), 0, 'NULL in, nothing out');
is(requests($id), 2, 'and nothing asked');

# Long texts: so many tokens go into one request.
($name, $id) = embedder('');
is($t->sql(qq{SELECT count(embedding) FROM ai_embed(ARRAY(SELECT g || repeat(' long words here', 2000) FROM generate_series(1, 100) g), '{"model": "$name"}')}), 100, 'long texts');
my $per = $t->sql("SELECT ai_count_tokens(repeat(' long words here', 2000))");
is(requests($id), int((100 + int(200000 / ($per + 3)) - 1) / int(200000 / ($per + 3))), "of $per tokens each");

# --- Other providers ------------------------------------------------------------------------------

my %most = (
	openai => [ '/v1', 256 ], azure => [ '/openai/v1', 2048 ], gemini => [ '/v1beta', 100 ],
	ollama => [ '', 64 ], cohere => [ '', 96 ]);
for my $api (sort keys %most)
{
	my ($path, $most) = @{ $most{$api} };
	my $n = 3 * $most + 1;
	$t->server($api, api => $api, path => $path);
	$t->model("m_$api", $api, "m_$api", mode => 'embedding');
	my $hints = qq('{"model": "m_$api", "dimensions": 32}');
	is($t->sql(qq{SELECT count(*) FILTER (WHERE e.embedding = ai_embed('words of ' || e.ord, $hints)) FROM ai_embed(@{[texts('words of', $n)]}, $hints) e}),
		$n, "$api: vectors of $n texts");
	is(requests("m_$api"), 4, "$api: 4 requests");
}
$t->server('bedrock', api => 'bedrock', path => '', region => 'us-east-1');
$t->model('titan', 'bedrock', 'amazon.titan-embed-text-v2:0', mode => 'embedding');
is($t->sql(qq{SELECT count(embedding) FROM ai_embed(@{[texts('words', 5)]}, '{"model": "titan"}')}), 5, 'bedrock: vectors of 5 texts');
is(requests('amazon.titan-embed-text-v2:0'), 5, 'which takes one at a time');

# --- Rows of a statement --------------------------------------------------------------------------

$t->sql('CREATE TABLE doc (id int PRIMARY KEY, body text, e real[])');
$t->sql(q(INSERT INTO doc SELECT g, 'row number ' || g FROM generate_series(1, 3000) g));
($name, $id) = embedder('lat-20');
is($t->sql(qq{SELECT count(ai_embed(body, '{"model": "$name"}')) FROM doc}), 3000, 'rows of a table');
cmp_ok(requests($id), '<=', 3000 / 256 + 1, 'in few requests');
($name, $id) = embedder('lat-20');
$t->sql(qq{SET work_mem = '1MB'; UPDATE doc SET e = ai_embed(body, '{"model": "$name"}')});
cmp_ok(requests($id), '<', 60, 'in little memory: ' . requests($id));
is($t->sql(qq{SELECT count(*) FROM doc WHERE e = ai_embed(body, '{"model": "$name", "cache": "only"}')}), 3000, 'each row got its own');
($name, $id) = embedder('lat-20');
is($t->sql(qq{SELECT count(e) FROM (SELECT ai_embed(body, '{"model": "$name"}') e FROM doc LIMIT 7) x}), 7, 'LIMIT');
is(requests($id), 1, 'one request');
is($t->sql(qq{SELECT count(*) FROM doc WHERE id <= 300 AND ai_similarity(body, 'row number 17', '{"model": "$name"}') > 0.999}), 1, 'similarity of each row');
cmp_ok(requests($id), '<=', 4, 'few requests, and one side asked once');
is(ledger($name, 300, q(SELECT count(*) FROM ai_router.calls WHERE model = NAME)), 300, 'each text was asked for once');
($name, $id) = embedder('lat-20');
is($t->sql(qq{SELECT count(ai_embed('row ' || id % 5, '{"model": "$name"}')), count(ai_embed('row ' || id % 3, '{"model": "$name", "dimensions": 8}')) FROM doc}), '3000|3000', 'two columns of few texts');
is(ledger($name, 8, q(SELECT count(*), count(DISTINCT coalesce(sent_with, call_id)) FROM ai_router.calls WHERE model = NAME)), '8|2', 'each kind went together');
like($t->sql(qq{EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT ai_embed('explained ' || id, '{"model": "$name"}') FROM doc WHERE id <= 600}),
	qr/Calls Made: 600 .*Requests: 3\b/, 'EXPLAIN tells how many requests there were');

# A cursor: what was read ahead goes together, and what nobody wants is not asked for.
($name, $id) = embedder('lat-20');
is($t->sql(qq{BEGIN; DECLARE c CURSOR FOR SELECT id FROM (SELECT id, ai_embed(body, '{"model": "$name"}') e FROM doc ORDER BY id) x WHERE e IS NOT NULL; FETCH 3 FROM c; MOVE 300 FROM c; FETCH 1 FROM c; CLOSE c; COMMIT}),
	"1\n2\n3\n304", 'FETCH');
cmp_ok(requests($id), '<=', 5, 'few requests: ' . requests($id));

# --- One bad input ----------------------------------------------------------------------------------

my $bad = q(ARRAY(SELECT CASE WHEN g IN (77, 500) THEN 'unembeddable ' ELSE 'good ' END || g FROM generate_series(1, 512) g));
($name, $id) = embedder('');
is($t->sql(qq{SELECT count(*), count(embedding), array_agg(ord) FILTER (WHERE embedding IS NULL) FROM ai_embed($bad, '{"model": "$name", "on_error": "null"}')}),
	'512|510|{77,500}', 'two bad inputs among 512: only they have none');
cmp_ok(requests($id), '<=', 2 * (1 + 2 * 8 + 2), 'few more requests: ' . requests($id));
is(ledger($name, 512, q(SELECT sum(calls) FROM ai_router.attempts WHERE model = NAME AND sqlstate IS NULL)), 510, 'what was answered was asked for once');
is(ledger($name, 512, $sums =~ s/a\.calls\n/a.calls > 512\n/r), '512|t|t|t|t', 'the shares add up');
is(ledger($name, 512, q(SELECT status, sqlstate, count(*) FROM ai_router.calls WHERE model = NAME GROUP BY 1, 2 ORDER BY 1)), "error|RT009|2\nok||510", 'the two failed');
my ($out, $err) = $t->try(qq{SELECT count(*) FROM ai_embed($bad, '{"model": "$name"}')});
like($err, qr/ERROR:  RT009: .*none of them empty, got/, 'or the statement does');
is($t->sql(qq{SELECT count(*) FROM ai_embed($bad, '{"model": "$name", "cache": "only", "on_error": "null"}') WHERE embedding IS NULL}), 2, 'and what came is kept');

# Nothing but bad inputs, and a request that is bad whatever its inputs are: not two requests for each.
my $none = q(SELECT count(*), count(embedding) FROM ai_embed(ARRAY(SELECT PREFIX || g FROM generate_series(1, 1024) g), '{"model": "NAME", "on_error": "null"}'));
for ([ '', q('unembeddable ') ], [ 'status-400', q('rejected ') ])
{
	my ($how, $prefix) = @$_;
	$t->server("sorry$made", api => 'openai', path => '/v1', embed_batch => 1024);
	$t->model("sorry$made", "sorry$made", "sorry$made" . ($how ? "--$how" : ''), mode => 'embedding');
	is($t->sql($none =~ s/PREFIX/$prefix/r =~ s/NAME/sorry$made/r), '1024|0', 'all texts are rejected');
	cmp_ok(requests("sorry$made" . ($how ? "--$how" : '')), '<=', 110, 'in few requests: ' . requests("sorry$made" . ($how ? "--$how" : '')));
	is(ledger("sorry$made", 1024, q(SELECT count(*), min(sqlstate), max(sqlstate) FROM ai_router.calls WHERE model = NAME)), '1024|RT009|RT009', 'each is told so');
	$made++;
}
($name, $id) = embedder('');
is($t->sql(qq{SELECT count(*), count(embedding) FROM ai_embed(@{[texts('word', 50)]}, '{"model": "$name", "dimensions": 9000, "on_error": "null"}')}), '50|0', 'the provider says that it is no text');
is(requests($id), 1, 'one request');
# The more are bad the more is asked: no good one suffers.
($name, $id) = embedder('');
is($t->sql(qq{SELECT count(*) FILTER (WHERE ord % 2 = 0), count(*) FILTER (WHERE ord % 2 = 1) FROM ai_embed(ARRAY(SELECT CASE WHEN g % 2 = 0 THEN 'good ' ELSE 'unembeddable ' END || g FROM generate_series(1, 256) g), '{"model": "$name", "on_error": "null"}') WHERE embedding IS NOT NULL}), '128|0', 'every other text is bad');

# An empty text goes by itself.
($name, $id) = embedder('');
is($t->sql(qq{SELECT count(*), count(embedding) FROM ai_embed(ARRAY(SELECT CASE WHEN g % 100 = 0 THEN repeat(' ', g / 100 - 1) ELSE 'word ' || g END FROM generate_series(1, 200) g), '{"model": "$name", "on_error": "null"}')}),
	'200|199', 'an empty text is refused');
is(requests($id), 3, 'by itself');

# --- Failures of a request ----------------------------------------------------------------------------

($name, $id) = embedder('status-503--first-2');
is($t->sql(qq{SELECT count(embedding) FROM ai_embed(@{[texts('word', 100)]}, '{"model": "$name"}')}), 100, 'a request is tried again');
is(requests($id), 3, 'as a whole');
is(ledger($name, 100, q(SELECT min(attempts), max(attempts), count(DISTINCT sent_with) FROM ai_router.calls WHERE model = NAME)), '3|3|1', 'so says each call');
is(ledger($name, 100, q(SELECT string_agg(attempt || coalesce(' ' || sqlstate, '') || ' ' || calls, ', ' ORDER BY attempt) FROM ai_router.attempts WHERE model = NAME)),
	'1 RT002 100, 2 RT002 100, 3 100', 'and the attempts');
($name, $id) = embedder('status-503');
is($t->sql(qq{SELECT count(*), count(embedding) FROM ai_embed(@{[texts('word', 100)]}, '{"model": "$name", "retries": 1, "on_error": "null"}')}), '100|0', 'and fails as a whole');
is(requests($id), 2, 'after its retries');
like(($t->try(qq{SELECT ai_embed('a', '{"model": "$name", "retries": 1}'), ai_embed('b', '{"model": "$name", "retries": 1}')}))[1], qr/ERROR:  RT002/, 'with the error');

# Some other host of the family takes fewer at a time.
$t->model('here', 'p', 'here--status-503', mode => 'embedding', family => 'f', rank => 1);
$t->model('there', 'cohere', 'there', mode => 'embedding', family => 'f', rank => 2);
is($t->sql(qq{SELECT count(embedding) FROM ai_embed(@{[texts('word', 250)]}, '{"model": "f"}')}), 250, 'another host of the family takes over');
is(requests('here--status-503') . ' ' . requests('there'), '1 3', 'in requests of its own size');

# --- Caps and budgets ------------------------------------------------------------------------------------

($name, $id) = embedder('');
($out, $err) = $t->try(qq{SET ai_router.max_statement_calls = 100; SELECT count(*) FROM ai_embed(@{[texts('word', 256)]}, '{"model": "$name"}')});
like($err, qr/ERROR:  RT004: .*the statement has made 100 calls/, 'the cap of calls');
is(ledger($name, 100, q(SELECT count(*) FROM ai_router.calls WHERE model = NAME)), 100, 'lets as many go as it says');
is($t->sql(qq{SELECT count(embedding) FROM ai_embed(@{[texts('word', 256)]}, '{"model": "$name"}')}), 256, 'and the rest another time');
is(ledger($name, 256, q(SELECT count(*) FROM ai_router.calls WHERE model = NAME)), 256, 'each once');

($name, $id) = embedder('', input_price => 20000);
($out, $err) = $t->try(qq{SET ai_router.max_statement_cost = 5; SELECT count(*) FROM ai_embed(@{[texts('word', 256)]}, '{"model": "$name"}')});
like($err, qr/ERROR:  RT004: .*exceeds ai_router.max_statement_cost \$5\.00/, 'the cap of cost');
my $spent = ledger($name, 1, q(SELECT sum(cost) FROM ai_router.calls WHERE model = NAME));
cmp_ok($spent, '>', 0.5, "lets go what fits: \$$spent");
cmp_ok($spent, '<=', 5, 'and no more');

($name, $id) = embedder('lat-10', input_price => 1000);
$t->sql("INSERT INTO ai_router.budgets(name, model, period, limit_usd, hard) VALUES ('b', '$name', 'total', 1, true)");
my @sessions = map { $t->session } 1 .. 3;
$_->send(qq{SELECT count(*) FROM ai_embed(@{[texts('session ' . $_->pid, 256)]}, '{"model": "$name"}')}) for @sessions;
is(join(' ', map { $_->wait->{error}{C} // 'ok' } @sessions), 'RT004 RT004 RT004', 'a hard budget ends three sessions');
$t->until_true(sub { $t->sql("SELECT reserved FROM ai_router.spending WHERE budget = 'b'") == 0 });
my $spending = q(SELECT spent = (SELECT sum(cost) FROM ai_router.attempts WHERE model = s.model), spent = (SELECT sum(cost) FROM ai_router.calls WHERE model = s.model), spent <= limit_usd, spent > 0.5 FROM ai_router.spending s WHERE budget = 'b');
ok($t->until_true(sub { $t->sql($spending) eq 't|t|t|t' }), 'at what was spent') or diag($t->sql($spending));
$t->sql("DELETE FROM ai_router.budgets");

# --- In the middle ------------------------------------------------------------------------------------------

($name, $id) = embedder('fault-hang');
my $s = $t->session;
$s->send(qq{SELECT count(*) FROM ai_embed(@{[texts('word', 1000)]}, '{"model": "$name"}')});
ok($t->wait_for($id, 'in_flight', 4), 'full requests go, and the rest as nothing more comes');
$t->sql('SELECT pg_cancel_backend(' . $s->pid . ')');
is($s->wait->{error}{C}, '57014', 'cancelled');
ok($t->wait_for($id, 'in_flight', 0, 'eq'), 'nothing is left in flight');
is($s->query('SELECT 1')->{rows}[0][0], 1, 'the session goes on');
is(ledger($name, 1000, q(SELECT count(*), count(DISTINCT call_id), min(sqlstate), max(sqlstate) FROM ai_router.calls WHERE model = NAME)),
	'1000|1000|57014|57014', 'all of them are in the ledger');
is(ledger($name, 1000, q(SELECT count(*) FROM ai_router.attempts WHERE model = NAME)), 4, 'four exchanges');

# A subtransaction ends with calls of both in one backend; the outer statement goes on.
$s->query(q(CREATE FUNCTION tries(t text, m text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL statement_timeout = 0;
    RETURN cardinality(ai_embed(t, jsonb_build_object('model', m, 'timeout_ms', 300, 'retries', 0)));
EXCEPTION WHEN OTHERS THEN RETURN -1;
END $$));
my ($good, $good_id) = embedder('lat-30');
is($s->query(qq{SELECT count(ai_embed('outer ' || g, '{"model": "$good"}')), sum(tries('inner ' || g, '$name')) FROM generate_series(1, 5) g})->{rows}[0][0] . ' ' . requests($good_id),
	'5 1', 'a failing function among the rows that are read ahead');

# The owner of texts goes: another session gets them.
($name, $id) = embedder('lat-1500');
my $other = $t->session;
$s->send(qq{SELECT count(*) FROM ai_embed(@{[texts('word', 300)]}, '{"model": "$name"}')});
$t->wait_for($id, 'requests', 2);
$other->send(qq{SELECT count(*) FROM ai_embed(@{[texts('word', 310)]}, '{"model": "$name"}')});
ok($t->wait_for($id, 'requests', 3), 'what nobody asks for goes at once');
$t->sql('SELECT pg_terminate_backend(' . $s->pid . ')');
is($other->wait->{rows}[0][0], 310, 'another session takes over');
cmp_ok(requests($id), '<=', 30, 'together: ' . requests($id));

# Two sessions with the same texts share the work.
($name, $id) = embedder('lat-50');
@sessions = map { $t->session } 1, 2;
$_->send(qq{SELECT count(*) FROM ai_embed(@{[texts('both', 2560)]}, '{"model": "$name"}')}) for @sessions;
is(join(' ', map { $_->wait->{rows}[0][0] } @sessions), '2560 2560', 'two sessions with the same texts');
is($t->counter($id, 'inputs'), 2560, 'each text is asked for once');
is(ledger($name, 2560, q(SELECT count(*) FROM ai_router.calls WHERE model = NAME)), 2560, 'so says the ledger');
cmp_ok(requests($id), '<=', 20, 'in ' . requests($id) . ' requests');

# So many at a time that sets of a few keys would overflow.
($name, $id) = embedder('lat-300');
$_->send(qq{SELECT count(*) FROM ai_embed(@{[texts('both', 6400)]}, '{"model": "$name"}')}) for @sessions;
is(join(' ', map { $_->wait->{rows}[0][0] } @sessions), '6400 6400', 'two sessions with very many texts');
is($t->counter($id, 'inputs'), 6400, 'each is asked for once, too');

# Nothing is left in a session that saw requests split, retried, cancelled and dropped in parts.
($name, $id) = embedder('');
my ($flaky) = embedder('lat-5--status-503--every-2--retry-0.02--retryfmt-ms');
my ($hangs) = embedder('fault-hang');
my $wild = q(ARRAY(SELECT CASE WHEN random() < 0.02 THEN 'unembeddable ' ELSE 'good ' END || g || random() FROM generate_series(1, 300) g));
$s = $t->session(options => '-c ai_router.cache=off -c client_min_messages=error');
my $left = q(SELECT count(*) FILTER (WHERE name IN ('ai_router request', 'ai_router call', 'ai_router flow')), sum(used_bytes) FILTER (WHERE name LIKE 'ai_router engine%') FROM pg_backend_memory_contexts);
my @left;
for my $round (1 .. 8)
{
	$s->query(qq{SELECT count(*) FROM ai_embed($wild, '{"model": "$name", "on_error": "null"}')});
	$s->query(qq{SELECT count(*) FROM ai_embed($wild, '{"model": "$flaky", "on_error": "null", "retries": 3}')});
	$s->query(qq{SELECT ai_embed(w, '{"model": "$flaky", "on_error": "null"}') FROM unnest($wild) w LIMIT 5});
	$s->query(qq{SET statement_timeout = 50; SELECT count(*) FROM ai_embed($wild, '{"model": "$hangs"}')});
	$s->query(qq{SET statement_timeout = 0; SELECT count(ai_embed(w, '{"model": "$hangs", "timeout_ms": 30, "retries": 1, "on_error": "null"}')) FROM unnest($wild) w});
	$s->query(qq{BEGIN; DECLARE c CURSOR FOR SELECT ai_embed(w, '{"model": "$name", "on_error": "null"}') FROM unnest($wild) w; FETCH 2 FROM c; MOVE 40 FROM c; ROLLBACK});
	push @left, join ' ', @{ $s->query($left)->{rows}[0] };
}
like($left[0], qr/^0 /, 'no memory of calls is left');
is($left[7], $left[1], 'nor of anything else');
is(ledger($name, 300, q(SELECT count(*) FROM ai_router.calls c WHERE model = NAME AND status = 'ok' AND NOT EXISTS (SELECT FROM ai_router.attempts a WHERE a.call_id = coalesce(c.sent_with, c.call_id)))), 0, 'each answer has its exchange');

# The server dies in the middle of requests and comes back.
$s = $t->session;
$s->send(qq{SELECT count(*) FROM ai_embed(@{[texts('crash', 600)]}, '{"model": "$hangs"}')});
$t->wait_for($t->sql("SELECT model FROM ai_router.models WHERE name = '$hangs'"), 'in_flight', 3);
kill 'KILL', $s->pid;
ok($s->wait->{closed}, 'a backend is killed');
ok($t->until_up, 'the server comes back');
is($t->sql(qq{SELECT count(embedding) FROM ai_embed(@{[texts('crash', 600)]}, '{"model": "$name"}')}), 600, 'and embeds');

# A small spool, much to write.
$t->node->append_conf('postgresql.conf', 'ai_router.spool_size = 256kB');
$t->node->restart;
($name, $id) = embedder('dim-1000');
is($t->sql(qq{SELECT count(embedding) FROM ai_embed(@{[texts('spooled', 500)]}, '{"model": "$name"}')}), 500, 'with a small spool');
is(ledger($name, 500, $sums), '500|t|t|t|500', 'all is in the ledger');
ok($t->until_true(sub { $t->sql("SELECT count(*) FROM ai_router.cache WHERE model = '$name'") == 500 }), 'and in the cache');
# Longer than the wait for a spool that is stuck.
($name, $id) = embedder('lat-5500');
is($t->sql(qq{SELECT count(embedding) FROM ai_embed(@{[texts('patient', 120)]}, '{"model": "$name"}')}), 120, 'what is under way has the space: its end is awaited');
cmp_ok(requests($id), '>', $t->counter($id, 'peak'), 'some had to wait');
done_testing();

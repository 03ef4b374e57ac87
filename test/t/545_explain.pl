# EXPLAIN and the estimate before a statement: they buy nothing, wait for no lock, fail nothing.
use strict;
use warnings;
use AiRouterTest;
use Test::More;

my $t = AiRouterTest->new('explain', cap => 1);
$t->models_at_p(m => 'm');
$t->sql("UPDATE ai_router.models SET input_price = 1, output_price = 10");
$t->sql("CREATE TABLE docs AS SELECT n AS id, repeat('word ', 8) AS body FROM generate_series(1, 100) n; ANALYZE docs");
my $explain = 'EXPLAIN UPDATE docs SET body = ai_complete(body)';

sub explained { my ($session) = @_; return join "\n", map { $_->[0] } @{ $session->query($explain)->{rows} }; }
sub output_tokens { my ($plan) = @_; return $plan =~ /Output Tokens: (\d+)/ ? $1 : undef; }

my $s = $t->session;
my $plan = explained($s);
is(output_tokens($plan), 20000, 'an answer is taken to have 200 tokens') or diag $plan;
$s->query($explain) for 1 .. 20;
is($t->counter('m', 'requests'), 0, 'EXPLAIN asks no provider');
is($t->sql('SELECT count(*) FROM ai_router.calls'), 0, 'and leaves nothing in the ledger');

# --- The ledger: what such calls had, if it can be read at once ----------------------

$t->sql("INSERT INTO ai_router.calls (call_id, at, finished_at, role_id, role, function, rule, model, status, attempts, output_tokens)
	SELECT n, now(), now(), 10, 'x', 'ai_complete', 'default', 'm', 'ok', 1, CASE WHEN n > 2000 THEN 20 ELSE 50 END FROM generate_series(1, 3000) n");
$t->sql("UPDATE ai_router.calls SET at = at + call_id * interval '1 ms'");
is(output_tokens(explained($t->session)), 2000, 'the newest thousand calls tell');
my $holder = $t->session;
for ([ 'LOCK TABLE ai_router.calls IN ACCESS EXCLUSIVE MODE', 20000 ], [ 'REINDEX TABLE ai_router.calls', 20000 ],
	[ 'LOCK TABLE ai_router.attempts, ai_router.hits, ai_router.cache IN ACCESS EXCLUSIVE MODE', 2000 ])
{
	my ($lock, $tokens) = @$_;
	$holder->query('BEGIN');
	$holder->query($lock);
	my $other = $t->session;
	# It would wait for this, and have no plan then.
	$other->query("SET statement_timeout = '20s'");
	is(output_tokens(explained($other)), $tokens, "$lock: EXPLAIN does not wait, and estimates by what can be known");
	$holder->query('ROLLBACK');
}

# --- The statement itself ---------------------------------------------------------

my $refused = $t->session;
$refused->query('SET ai_router.max_statement_cost = 0.01');
$refused->query('SET ai_router.refuse_on_estimate = on');
my $r = $refused->query('UPDATE docs SET body = ai_complete(body)');
is($r->{error}{C}, 'RT004', 'refused by its estimate');
like($r->{error}{M}, qr/^estimated \$0\.\d+ for 100 AI calls exceeds ai_router\.max_statement_cost \$0\.01$/, 'in figures');
is($t->counter('m', 'requests'), 0, 'before anything was sent');

# A column that is used several times at each level of a query: as many ways down as nobody can go.
my $levels = 'WITH c0 AS MATERIALIZED (SELECT body AS x FROM docs)' . join '', map { ", c$_ AS MATERIALIZED (SELECT left(x || x, 100) AS x FROM c" . ($_ - 1) . ')' } 1 .. 40;
my $begin = AiRouterSession::now();
my $levelled = $s->query("EXPLAIN $levels SELECT ai_complete(x) FROM c40");
like($levelled->{rows}[-1][0], qr/^Estimated AI Cost: \$\d.* for 100 calls/, 'a query of forty levels is estimated');
# Each way down for itself would be 2^40.
cmp_ok(AiRouterSession::now() - $begin, '<', 30, 'soon');

# A text is never cut inside of a character.
like($s->query("EXPLAIN SELECT ai_complete(ARRAY['\x{c3}\x{a4}', left('\x{c3}\x{a4}\x{c3}\x{b6}' || body, 3)]) FROM docs")->{rows}[-1][0], qr/^Estimated AI Cost: \$\d.* for 200 calls/, 'nor is one with wide characters refused');

# In parallel plans calls are above the Gather: there too.
$refused->query('SET force_parallel_mode = on') if $t->sql('SHOW server_version_num') < 160000;
$refused->query('SET debug_parallel_query = on') if $t->sql('SHOW server_version_num') >= 160000;
is($refused->query('SELECT ai_complete(body) FROM docs')->{error}{C}, 'RT004', 'a parallel plan as well');
$refused->query('RESET ai_router.refuse_on_estimate');
is($refused->query('SELECT count(*) FROM docs')->{error}, undef, 'other statements go on');

# --- EXPLAIN EXECUTE, and those who print plans when they end -------------------------

# The lines of the statement are EXPLAIN's: of no query inside, and of no other printer, whose output is closed by then.
sub sums { my ($sql) = @_; return join '|', map { $_->[0] =~ /^ ?((?:Estimated )?AI Cost: .*)/ ? $1 : () } @{ $s->query($sql)->{rows} }; }
$s->query("CREATE FUNCTION inner_batch(int) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT max(ai_complete(body)) FROM docs WHERE id < \$1); END'");
$s->query('PREPARE q(text) AS SELECT ai_complete(body || $1), inner_batch(2) FROM docs WHERE id < 3');
$s->query('PREPARE r AS SELECT inner_batch(2) FROM docs WHERE id < 3');
my @loaded = (undef, grep { !$s->query("LOAD '$_'")->{error} } 'auto_explain');
for my $loaded (@loaded)
{
	my $with = $loaded ? "with $loaded" : 'alone';
	for my $format ($loaded ? qw(json yaml xml text) : 'none')
	{
		$s->query("SET auto_explain.log_min_duration = 0; SET auto_explain.log_analyze = on; SET auto_explain.log_nested_statements = on; SET auto_explain.log_format = $format")
		  if $loaded;
		my $r = $s->query("SELECT ai_complete(body), inner_batch(3) FROM docs WHERE id < 4");
		is(scalar @{ $r->{rows} }, 3, "$with, $format: a query");
		like(sums("EXPLAIN EXECUTE q('x')"), qr/^Estimated AI Cost: \$\d[^|]*$/, "$with, $format: EXPLAIN EXECUTE has the lines once");
		like(sums("EXPLAIN ANALYZE EXECUTE q('x')"), qr/^Estimated AI Cost: [^|]*\|AI Cost: \$\d[^|]* for 4 calls, [^|]*$/, "$with, $format: ANALYZE, too");
		is(sums('EXPLAIN ANALYZE EXECUTE r'), '', "$with, $format: not those of a query inside");
		like(sums("EXPLAIN ANALYZE CREATE TABLE made AS EXECUTE q('x')"), qr/^Estimated AI Cost: [^|]*\|AI Cost: [^|]*$/, "$with, $format: CREATE TABLE AS EXECUTE");
		like(sums('EXPLAIN ANALYZE SELECT ai_complete(body), inner_batch(2) FROM docs WHERE id < 3'), qr/^Estimated AI Cost: [^|]*\|AI Cost: \$\d[^|]* for 4 calls, [^|]*$/, "$with, $format: EXPLAIN ANALYZE");
		$s->query('DROP TABLE made');
	}
}
is($s->value('SELECT 1'), 1, 'the session lives on');
diag 'without auto_explain: not tested beside it' if @loaded < 2;

# Nothing is written.
$refused->query('SET default_transaction_read_only = on');
like(explained($refused), qr/Estimated AI Cost: \$0\.0/, 'also in a read-only transaction');

done_testing();

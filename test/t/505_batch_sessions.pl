# Batches in the life of a session: what a transaction that is rolled back cannot show (500_batch_shapes.pl has the
# shapes).  What counts is what the provider saw.
use strict;
use warnings;
use AiRouterTest;
use Test::More;

my $t = AiRouterTest->new('batches', conf => "max_connections = 30\nai_router.retries = 0\nautovacuum = off\n");
my $slow = 'slow--lat-400';
my $m = 'm--lat-3--jit-4';
$t->models_at_p(m => $m, slow => $slow, hang => 'hang--fault-hang', bad => 'bad--status-400', long => 'long--lat-2');
$t->sql("UPDATE ai_router.rules SET models = '{m,slow,hang,bad,long}'");
$t->sql("CREATE TABLE d (id int PRIMARY KEY, t text, z text); INSERT INTO d SELECT i, 'w' || i FROM generate_series(1, 60) i; ANALYZE d");

my $s = $t->session;

# What a block of SQL answers, and how many requests and how many side by side it took.  slow => N: so many answers
# take so long that a busy machine sends its calls meanwhile, the others no time.
sub asked
{
	my ($what, %opt) = @_;
	my $model = $opt{model} // $m;
	$t->reset;
	$t->behave($model, lat => 300, first => $opt{slow}) if $opt{slow};
	my $r = ref $what ? $what->() : $s->query($what);
	$t->wait_for(undef, 'in_flight', 0, 'eq');
	return ($r, $t->counter(undef, 'requests'), $t->counter($model, 'peak'));
}

sub column { my ($r) = @_; return join ',', map { $_->[0] // 'NULL' } @{ $r->{rows} }; }

# --- The setting, and plans that were made before it changed ----------------------------

$s->query(q{PREPARE q AS SELECT ai_complete('Echo: ' || t) FROM d ORDER BY id});
my ($with, $n, $peak) = asked('EXECUTE q', slow => 9);
cmp_ok($peak, '>', 8, 'side by side');
is($n, 60, 'a call per row');
$s->query('SET ai_router.batching = off');
(my $without, $n, $peak) = asked('EXECUTE q');
is(column($without), column($with), 'turned off after planning: the same rows');
is("$n $peak", '60 1', 'turned off after planning: one after another');
($without, $n, $peak) = asked(q{SELECT ai_complete('Echo: ' || t) FROM d ORDER BY id});
is("$n $peak", '60 1', 'turned off: one after another');
$s->query('RESET ai_router.batching');
(undef, $n, $peak) = asked('EXECUTE q', slow => 9);
cmp_ok($peak, '>', 8, 'turned on again');
$s->query('BEGIN; SET LOCAL ai_router.batching = off; DECLARE c CURSOR FOR EXECUTE q; ROLLBACK');

# Off in the middle of a cursor.
(my $r, $n, $peak) = asked(
	sub {
		$s->query(q{BEGIN; DECLARE c CURSOR FOR SELECT ai_complete('Echo: ' || t) FROM d ORDER BY id; FETCH 3 FROM c});
		$s->query('SET LOCAL ai_router.batching = off');
		my $rest = $s->query('FETCH ALL FROM c');
		$s->query('ROLLBACK');
		return $rest;
	});
is(scalar @{ $r->{rows} }, 57, 'turned off between fetches: the rest of the rows');
is($r->{rows}[56][0], 'w60', 'in order');
is($n, 60, 'a call per row');

# --- Concurrency: one budget for all stages and nested queries ---------------------------

$s->query('SET ai_router.max_concurrency = 6');
(undef, $n, $peak) = asked(q{SELECT ai_complete('Echo: ' || ai_complete('Echo: ' || ai_complete('Echo: ' || t))) FROM d}, slow => 6);
is($n, 180, 'three stages');
cmp_ok($peak, '<=', 6, 'share the concurrency');
cmp_ok($peak, '>=', 4, 'and use it');
$s->query(q{CREATE FUNCTION nested(x int) RETURNS text LANGUAGE plpgsql AS $$
	BEGIN RETURN (SELECT string_agg(ai_complete('Echo: ' || t), ',') FROM d WHERE id < x); END $$});
(undef, $n, $peak) = asked(q{SELECT ai_complete('Echo: ' || nested(id)), ai_complete('Echo: ' || t) FROM d WHERE id <= 8});
cmp_ok($peak, '<=', 6, 'nested batches share it, too');
is($n, 28 + 7 + 8, 'and make their calls');
$s->query('SET ai_router.max_concurrency = 1');
($r, $n, $peak) = asked(q{SELECT ai_complete('Echo: ' || nested(id)) || ai_complete('Echo: ' || t) FROM d WHERE id IN (1, 2, 5)});
is("$n $peak", '10 1', 'one at a time');
$s->query('RESET ai_router.max_concurrency');

# --- Cursors -----------------------------------------------------------------------------

$s->query(q{BEGIN; DECLARE c CURSOR FOR SELECT id, ai_complete('Echo: ' || t) FROM d});
$s->query('FETCH 2 FROM c');
$r = $s->query('FETCH BACKWARD 1 FROM c');
is($r->{error}{C}, '55000', 'a cursor goes forward unless one says SCROLL');
like($r->{error}{H}, qr/SCROLL/, 'which the hint tells');
$s->query('ROLLBACK');

$s->query(q{BEGIN; DECLARE c CURSOR FOR SELECT id, ai_complete('Echo: ' || t) FROM d; FETCH 2 FROM c});
is($s->query("UPDATE d SET z = '' WHERE CURRENT OF c")->{error}{C}, '24000', 'WHERE CURRENT OF wants FOR UPDATE');
$s->query('ROLLBACK');

(undef, $n) = asked(
	sub {
		$s->query(q{BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT id, ai_complete('Echo: ' || t) FROM d ORDER BY id; FETCH 3 FROM c; COMMIT});
		is($s->query('FETCH 3 FROM c')->{rows}[2][1], 'w6', 'WITH HOLD: goes on after its transaction');
		is($s->query('FETCH ALL FROM c')->{rows}[53][1], 'w60', 'to the end');
		$s->query('CLOSE c');
	});
is($n, 60, 'WITH HOLD: a call per row');

# The protocol's portals: rows in portions.
sub message { my ($type, $body) = @_; return $type . pack('N', 4 + length $body) . $body; }
sub portion { my ($rows) = @_; $s->_write(message('E', "portal\0" . pack('N', $rows)) . message('S', '')); return $s->wait; }
($r, $n) = asked(
	sub {
		$s->query('BEGIN');
		$s->_write(message('P', "\0SELECT ai_complete('Echo: ' || t) FROM d ORDER BY id\0" . pack('n', 0)) . message('B', "portal\0\0" . pack('nnn', 0, 0, 0)));
		is(column(portion(5)), 'w1,w2,w3,w4,w5', 'a portion of 5');
		is(column(portion(5)), 'w6,w7,w8,w9,w10', 'another');
		is(column($s->query(q{SELECT ai_complete('Echo: between')})), 'between', 'something else in between');
		my $last = portion(2);
		$s->query('COMMIT');
		return $last;
	});
is(column($r), 'w11,w12', 'a portion of 2');
is($n, 13, 'calls for the rows that were wanted');

# A cursor that stands idle holds no concurrency.
($r, $n, $peak) = asked(
	sub {
		$s->query('SET ai_router.max_concurrency = 4');
		$s->query(q{BEGIN; DECLARE c CURSOR FOR SELECT id, ai_complete('Echo: ' || t) FROM d WHERE ai_complete('Echo: ' || t) <> ''; FETCH 1 FROM c});
		my $r = $s->query(q{SELECT string_agg(ai_complete('Echo: ' || t), ',' ORDER BY id) FROM d WHERE id < 20});
		is($s->query('FETCH 2 FROM c')->{rows}[1][0], 3, 'the cursor goes on');
		$s->query('COMMIT; RESET ai_router.max_concurrency');
		return $r;
	});
is($r->{rows}[0][0], join(',', map { "w$_" } 1 .. 19), 'beside an open cursor');
cmp_ok($peak, '<=', 4, 'within the concurrency');

# --- Commit in a loop over a batch ----------------------------------------------------------

$s->query(q{CREATE PROCEDURE piecemeal() LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN
	FOR r IN SELECT id, ai_complete('Echo: ' || t) AS a FROM d ORDER BY id LOOP
		UPDATE d SET z = r.a WHERE id = r.id;
		IF r.id % 7 = 0 THEN COMMIT; END IF;
	END LOOP; END $$});
(undef, $n) = asked('CALL piecemeal()');
is($n, 60, 'a procedure that commits: a call per row');
is($t->sql("SELECT count(*) FROM d WHERE z = t"), 60, 'and all rows');

# --- Ends of all kinds with calls in flight --------------------------------------------------

my $update = q{UPDATE d SET z = ai_complete('Echo: new ' || t, '{"model": "hang"}')};
my $hang = 'hang--fault-hang';
for my $how ('pg_cancel_backend', 'pg_terminate_backend', 'statement_timeout', 'quit')
{
	my $victim = $t->session;
	$t->reset;
	$victim->query("SET statement_timeout = 2500") if $how eq 'statement_timeout';
	my $begin = AiRouterSession::now();
	$victim->send($update);
	ok($t->wait_for($hang, 'in_flight', 32), "$how: as many calls as there may be are in flight");
	$begin = AiRouterSession::now() if $how ne 'statement_timeout';
	if ($how eq 'quit') { $victim->quit; $t->sql('SELECT pg_terminate_backend(' . $victim->pid . ')'); }
	else
	{
		$t->sql("SELECT $how(" . $victim->pid . ')') if $how =~ /^pg/;
		my $r = $victim->wait;
		# Within a tenth of a second (100_cancel.pl), unless the machine stands still; calls that hang have a minute.
		cmp_ok($r->{at} - $begin, '<', 8, "$how: comes back soon");
		is($r->{error}{C}, $how eq 'pg_terminate_backend' ? '57P01' : '57014', "$how: its error");
	}
	ok($t->wait_for($hang, 'in_flight', 0, 'eq'), "$how: no call stays in flight");
	is($t->counter($hang, 'aborted'), 32, "$how: they were broken off");
	next if $how =~ /terminate|quit/;
	my $again = $victim->query(q{SET statement_timeout = 0; SELECT string_agg(ai_complete('Echo: ' || t), ',' ORDER BY id) FROM d WHERE id < 4});
	is($again->{rows}[0][0], 'w1,w2,w3', "$how: the session works on");
}
is($t->sql("SELECT count(*) FROM d WHERE z LIKE 'new%'"), 0, 'nothing was changed');

# Cancelled and caught: the session's engine is free for what follows.
$s->query(q{CREATE FUNCTION survives() RETURNS text LANGUAGE plpgsql AS $$ BEGIN
	BEGIN PERFORM ai_complete('Echo: ' || t, '{"model": "hang"}') FROM d; EXCEPTION WHEN query_canceled THEN NULL; END;
	RETURN (SELECT string_agg(ai_complete('Echo: ' || t), ',' ORDER BY id) FROM d WHERE id < 41); END $$});
$t->reset;
$s->send('SELECT survives()');
$t->wait_for($hang, 'in_flight', 32);
$t->sql('SELECT pg_cancel_backend(' . $s->pid . ')');
$r = $s->wait;
is($r->{rows}[0][0], join(',', map { "w$_" } 1 .. 40), 'cancelled and caught: what follows works');
ok($t->wait_for($hang, 'in_flight', 0, 'eq'), 'and nothing is left in flight');

# An error of one row: calls of later rows come to no harm and to no end in another statement.
$r = $s->query(q{SELECT ai_complete('Echo: ' || t, CASE id WHEN 3 THEN '{"model": "bad"}' ELSE '{"model": "slow"}' END::jsonb) FROM d ORDER BY id});
is($r->{error}{C}, 'RT009', 'an error in the third row');
is(scalar @{ $r->{rows} }, 2, 'after the first two');
ok($t->wait_for($slow, 'in_flight', 0, 'eq'), 'nothing is left in flight');

# --- on_error null: one WARNING that counts ------------------------------------------------

my $some_bad = q{CASE WHEN id % 4 = 0 THEN '{"model": "bad", "on_error": "null"}' ELSE '{}' END::jsonb};
for my $sql ("UPDATE d SET z = ai_complete('Echo: ' || t, $some_bad)", "SELECT ai_complete('Echo: ' || t, $some_bad) FROM d",
	"SELECT count(*) FROM d WHERE ai_complete('Echo: ' || t, $some_bad) IS NULL")
{
	my ($r, $n, $peak) = asked($sql, slow => 5);
	cmp_ok($peak, '>', 4, "on_error null, side by side: $sql");
	is($n, 60, 'a call per row');
	is(scalar @{ $r->{notices} }, 1, 'one warning');
	like($r->{notices}[0]{M}, qr/\b15\b/, 'with the count');
}
is($t->sql('SELECT count(*), count(z) FROM d'), '60|45', 'rows of failed calls only are NULL');

# --- Results -----------------------------------------------------------------------------

($r, $n, $peak) = asked(q{SELECT (r).answer, (r).cost FROM (SELECT ai_call('Echo: ' || t) AS r FROM d) s}, slow => 5);
is($n, 60, 'fields of a result of a subquery: one call a row');
cmp_ok($peak, '>', 4, 'side by side');
($r, $n, $peak) = asked(q{SELECT (ai_call('Echo: ' || t)).* FROM d}, slow => 5);
is($n, 60, 'star of a result: one call a row');
cmp_ok($peak, '>', 4, 'side by side');
is(scalar @{ $r->{rows}[0] }, 14, 'all of its columns');

# --- Little memory ------------------------------------------------------------------------

$s->query("SET work_mem = '64kB'");
($r, $n, $peak) = asked(q{SELECT sum(length(ai_complete('Echo: ' || repeat(t, 4000), '{"model": "long"}'))) FROM d}, model => 'long--lat-2');
is($r->{rows}[0][0], 51 * 12000 + 9 * 8000, 'long answers with little memory');
is($n, 60, 'a call per row');
cmp_ok($peak, '<=', 5, 'fewer side by side');
$s->query('RESET work_mem');

# --- The extension goes and comes back ----------------------------------------------------

$s->query(q{CREATE TABLE keep_models AS SELECT * FROM ai_router.models; CREATE TABLE keep_rules AS SELECT * FROM ai_router.rules});
$r = $s->query(q{DROP EXTENSION ai_router CASCADE});
is($r->{error}, undef, 'the extension goes');
$r = $s->query('EXECUTE q');
ok($r->{error}, 'and statements that were prepared do not work');
$s->query('CREATE EXTENSION ai_router');
$t->server('p', api => 'openai', path => '/compat/v1');
$t->model('m', 'p', $m);
$t->sql("INSERT INTO ai_router.rules (name, models) VALUES ('default', '{m}')");
(undef, $n, $peak) = asked(q{SELECT ai_complete('Echo: ' || t) FROM d ORDER BY id}, slow => 9);
cmp_ok($peak, '>', 8, 'it comes back: side by side');

$s->quit;
done_testing;

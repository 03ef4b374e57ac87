# The AI Batch node at run time: how far it reads ahead, what savepoints and rescans leave of it, what an
# error costs.  What statements answer is compared in 500_batch_shapes.pl; here the provider's counters tell
# what was asked, and when.
use strict;
use warnings;
use Test::More;
use AiRouterTest;

my $t = AiRouterTest->new('batch_run', conf => "ai_router.retries = 0\nautovacuum = off\njit = off\n");
my %id = (m => 'm--lat-2--jit-4', slow => 'slow--lat-1500', late => 'late--lat-150', bad => 'bad--status-400--lat-30', hang => 'hang--fault-hang');
$t->models_at_p(%id);
$t->sql(q(
	UPDATE ai_router.rules SET models = '{m,slow,late,bad,hang}';
	UPDATE ai_router.models SET input_price = 0, output_price = 0;
	CREATE TABLE d (id int PRIMARY KEY, t text);
	INSERT INTO d SELECT i, 'w' || i FROM generate_series(1, 200) i;
	CREATE TABLE wide (id int, t text);
	INSERT INTO wide SELECT i, repeat(md5(i::text), 300) FROM generate_series(1, 60) i;
	ANALYZE d, wide;));

my $s = $t->session;
my $m = $id{m};

sub requests { return $t->counter($_[0] // $m, 'requests'); }
sub column { my ($r) = @_; return join ',', map { $_->[0] // 'NULL' } @{ $r->{rows} }; }
sub words { my ($from, $to) = @_; return join ',', map { "w$_" } $from .. $to; }

# A query's error, and how many requests it took.  MODEL, first => N: so many of its answers take so long that a busy
# machine sends its calls meanwhile, the others no time.
sub ran
{
	my ($sql, $model, %slow) = @_;
	$t->reset;
	$t->behave($model, lat => 300, %slow) if $model;
	my $r = $s->query($sql);
	$t->wait_for(undef, 'in_flight', 0, 'eq');
	return ($r, requests());
}

# --- The window ---------------------------------------------------------------------------

for ([ 1, 'm' ], [ 2, 'm' ], [ 7, 'm' ], [ 50, 'late' ])
{
	my ($c, $model) = @$_;
	$s->query("SET ai_router.max_concurrency = $c");
	my ($r) = ran(qq(SELECT ai_complete('Echo: ' || t, '{"model": "$model"}') FROM d ORDER BY id), $id{$model}, first => $c);
	is(column($r), words(1, 200), "$c at a time: all rows in order");
	is(requests($id{$model}), 200, "$c at a time: a request per row");
	is($t->counter($id{$model}, 'peak'), $c, "$c at a time: no more and no fewer");
}
$s->query('RESET ai_router.max_concurrency');

# A slow row holds up the rows behind it, not their calls.
my ($r, $n);
$t->reset;
$s->send(q(SELECT id, ai_complete('Echo: ' || t, CASE id WHEN 1 THEN '{"model": "slow"}' ELSE '{"model": "m"}' END::jsonb) FROM d));
ok($t->wait_for($m, 'ok', 199), 'a slow first row: the rows behind it have their answers');
is($t->counter($id{slow}, 'in_flight'), 1, 'meanwhile');
is(scalar @{ $s->wait->{rows} }, 200, 'and all rows come');

# Rows without a call fill no window.
($r, $n) = ran(q(SELECT CASE WHEN id % 20 = 1 THEN ai_complete('Echo: ' || t, '{"model": "late"}') END FROM d), $id{late}, first => 10);
is($t->counter($id{late}, 'peak'), 10, 'few rows that have a call: all of them side by side');

# A child that is slow itself: calls go on with each row that it gives, here while it cannot come to its end.
$t->reset;
my $gate = $t->session;
$gate->query('SELECT pg_advisory_lock(1)');
$s->send(q(SELECT ai_complete('Echo: ' || id) FROM (SELECT id, CASE id WHEN 20 THEN pg_advisory_xact_lock_shared(1) ELSE pg_sleep(0.02) END FROM d WHERE id < 22 OFFSET 0) x));
ok($t->wait_for($m, 'ok', 2), 'calls end');
ok($s->busy, 'while the child is slow');
$gate->quit;
is(scalar @{ $s->wait->{rows} }, 21, 'all rows in the end');

# --- Look-ahead: nothing is bought that nobody asked for ------------------------------------

# FETCH: what a cursor with that query has bought after each of these.
sub fetches
{
	my ($name, $query, @steps) = @_;
	$t->reset;
	$s->query("BEGIN; DECLARE c CURSOR FOR $query");
	is(requests(), 0, "$name: nothing before a FETCH");
	while (my ($fetch, $most) = splice @steps, 0, 2)
	{
		my $r = $s->query($fetch);
		is($t->counter($m, 'in_flight'), 0, "$name, $fetch: nothing stays in flight");
		cmp_ok(requests(), $most =~ /^<=/ ? '<=' : '==', $most =~ s/^<=//r, "$name, $fetch: requests so far");
	}
	$s->query('COMMIT');
	return;
}

my $e = q(ai_complete('Echo: ' || t));
fetches('select list', "SELECT $e FROM d", 'FETCH 5 FROM c', 5, 'FETCH 1 FROM c', 6, 'MOVE 4 FROM c', 10, 'FETCH 50 FROM c', 60);
fetches('two stages', "SELECT ai_complete('Echo: ' || $e) FROM d", 'FETCH 5 FROM c', 10, 'FETCH 2 FROM c', 14);
fetches('filter', "SELECT id FROM d WHERE $e LIKE '%5'", 'FETCH 2 FROM c', '<=17', 'FETCH 1 FROM c', '<=26');
fetches('CTE', "WITH c AS MATERIALIZED (SELECT $e FROM d) SELECT * FROM c", 'FETCH 3 FROM c', '<=6', 'FETCH 1 FROM c', '<=8', 'FETCH 10 FROM c', '<=28');
fetches('LIMIT', "SELECT id FROM d WHERE $e LIKE '%1' LIMIT 2", 'FETCH 1 FROM c', '<=2', 'FETCH ALL FROM c', 11);
fetches('sort', "SELECT $e FROM d ORDER BY 1", 'FETCH 1 FROM c', 200);

# PL/pgSQL fetches 10 rows, then 50; where it could commit, one.
$s->query(qq(CREATE FUNCTION ends_early() RETURNS void LANGUAGE plpgsql AS \$\$ DECLARE r record; BEGIN
	FOR r IN SELECT id, $e FROM d ORDER BY id LOOP EXIT WHEN r.id = 7; END LOOP; END \$\$));
(undef, $n) = ran('SELECT ends_early()');
is($n, 10, 'a loop that ends early');

# LIMIT from a parameter, and none.
$s->query(qq(PREPARE few(bigint, bigint) AS SELECT id FROM d WHERE $e LIKE '%2' ORDER BY id LIMIT \$1 OFFSET \$2; SET plan_cache_mode = force_generic_plan; SET enable_sort = off));
for ([ 2, 0, '2,12', 12 ], [ 1, 2, '22', 22 ], [ 'NULL', 18, '182,192', 200 ], [ 0, 0, '', 0 ], [ 0, 5, '', 0 ])
{
	my ($limit, $offset, $rows, $most) = @$_;
	my ($r, $n) = ran("EXECUTE few($limit, $offset)");
	is(column($r), $rows, "LIMIT $limit OFFSET $offset: rows");
	is($n, $most, "LIMIT $limit OFFSET $offset: requests");
}
is($s->query('EXECUTE few(-1, 0)')->{error}{C}, '2201W', 'a negative LIMIT is refused as ever');
$s->query('RESET plan_cache_mode; RESET enable_sort; DEALLOCATE ALL');

# Rescans: each scan of a subquery starts with one row again, and stops as early as plain evaluation.
my $exists = qq(SELECT a.id FROM d a WHERE a.id <= 4 AND EXISTS (SELECT 1 FROM d b WHERE b.id >= a.id AND ai_complete('Echo: ' || a.id || ' ' || b.t) LIKE '% w%3') ORDER BY id);
for my $batching ('on', 'off')
{
	$s->query("SET ai_router.batching = $batching");
	my ($r, $n) = ran($exists);
	is(column($r), '1,2,3,4', "EXISTS, batching $batching: rows");
	is($n, 3 + 2 + 1 + 10, "EXISTS, batching $batching: requests");
}
$s->query('RESET ai_router.batching');
my $lateral = qq(SELECT a.id, x.t FROM d a, LATERAL (SELECT b.id, ai_complete('Echo: ' || a.id || b.t) AS t FROM d b WHERE b.id <= a.id OFFSET 0) x WHERE a.id <= 12 ORDER BY 1, x.id);
($r, $n) = ran($lateral, $m, after => 66, first => 12);
is($n, 78, 'LATERAL: a request per row');
cmp_ok($t->counter($m, 'peak'), '>', 4, 'LATERAL: side by side within a scan');
is_deeply($r->{rows}, [ map { my $a = $_; map { [ $a, "${a}w$_" ] } 1 .. $a } 1 .. 12 ], 'LATERAL: rows');

# --- Savepoints -----------------------------------------------------------------------------

$s->query("BEGIN; DECLARE c CURSOR FOR SELECT $e FROM d");
is(column($s->query('FETCH 2 FROM c')), 'w1,w2', 'a cursor');
$s->query('SAVEPOINT a');
is(column($s->query('FETCH 2 FROM c')), 'w3,w4', 'fetched from within a savepoint');
$s->query('ROLLBACK TO a');
is(column($s->query('FETCH 3 FROM c')), 'w5,w6,w7', 'goes on after it is rolled back');
$s->query("SAVEPOINT b; DECLARE i CURSOR FOR SELECT $e FROM d ORDER BY id");
is(column($s->query('FETCH 2 FROM i')), 'w1,w2', 'one that is declared in a savepoint');
$s->query('RELEASE b');
is(column($s->query('FETCH 2 FROM i')), 'w3,w4', 'outlives its release');
$s->query('SAVEPOINT f');
is($s->query('SELECT 1/0')->{error}{C}, '22012', 'an error elsewhere');
$s->query('ROLLBACK TO f');
is(column($s->query('FETCH 2 FROM i')), 'w5,w6', 'does no harm to it');
is(column($s->query('FETCH 2 FROM c')), 'w8,w9', 'nor to the first');
is($s->query('COMMIT')->{error}, undef, 'commit');

# A query that begins in a savepoint, inside of a cursor that does not: row by row from a function.  PostgreSQL
# begins it anew once the savepoint is gone.
$s->query(q(CREATE FUNCTION answers() RETURNS SETOF text LANGUAGE sql VOLATILE AS $$ SELECT ai_complete('Echo: ' || t) FROM d ORDER BY id $$));
for my $batching ('off', 'on')
{
	$s->query("SET ai_router.batching = $batching; BEGIN; DECLARE c CURSOR FOR SELECT answers(); SAVEPOINT a");
	is(column($s->query('FETCH 2 FROM c')), 'w1,w2', "batching $batching: a function that gives rows one by one, in a savepoint");
	$s->query('ROLLBACK TO a');
	is(column($s->query('FETCH 2 FROM c')), 'w1,w2', "batching $batching: begins anew after the savepoint is rolled back");
	$s->query('COMMIT');
}

# An error in a subtransaction, with calls in flight: caught, and what is around it goes on.
$s->query(q(CREATE FUNCTION caught(model text) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		r record;
		got text := '';
	BEGIN
		FOR r IN SELECT id, ai_complete('Echo: ' || t) AS a FROM d WHERE id <= 12 ORDER BY id LOOP
			BEGIN
				PERFORM ai_complete('Echo: in ' || id, jsonb_build_object('model', CASE WHEN id = 5 AND r.id % 4 = 0 THEN model ELSE 'm' END)) FROM d WHERE id < 20;
				got := got || r.a || ' ';
			EXCEPTION WHEN OTHERS THEN
				got := got || SQLSTATE || ' ';
			END;
		END LOOP;
		RETURN got;
	END $$));
is($s->value("SELECT caught('bad')"), 'w1 w2 w3 RT009 w5 w6 w7 RT009 w9 w10 w11 RT009 ', 'exception blocks in a loop over a batch');
is($s->value("SELECT count(*) FROM pg_backend_memory_contexts WHERE name IN ('ai_router batch', 'ai_router call', 'ai_router flow', 'ai_router row')"),
	0, 'leave nothing behind');

# --- Errors ---------------------------------------------------------------------------------

# The first row that has one raises it, whichever call ends first; rows before it were given.
($r, $n) = ran(q(SELECT ai_complete('Echo: ' || t, jsonb_build_object('model', CASE id WHEN 4 THEN 'late' WHEN 6 THEN 'bad' WHEN 9 THEN 'none' ELSE 'm' END)) FROM d ORDER BY id LIMIT 8));
is($r->{error}{C}, 'RT009', 'the error of the first row that has one');
is(column($r), 'w1,w2,w3,w4,w5', 'rows before it were given');

# What is in flight then is paid for: run again, nothing is asked twice.
$s->query('SET ai_router.cache = on');
$t->reset;
my $update = q(UPDATE d SET t = ai_complete('Echo: ' || t, jsonb_build_object('model', CASE WHEN id = 10 THEN '%s' ELSE 'late' END)));
is($s->query('SET ai_router.max_concurrency = 16; ' . sprintf $update, 'bad')->{error}{C}, 'RT009', 'an UPDATE fails at its tenth row');
is($t->counter($id{late}, 'in_flight'), 0, 'nothing is in flight when it has');
is($t->counter($id{late}, 'aborted'), 0, 'nothing was broken off');
my $before = requests($id{late});
cmp_ok($before, '>=', 15, 'more than nine rows had been asked for');
is($s->query('SET ai_router.max_concurrency = 50; ' . sprintf $update, 'late')->{error}, undef, 'run again it succeeds');
is(requests($id{late}), 200, 'and what had been answered was not asked for again');
$s->query('SET ai_router.cache = off; RESET ai_router.max_concurrency');

# An answer that does not come delays the error by some seconds, not until its time-out; a cancel ends that.
$t->reset;
my $mixed = q(SELECT ai_complete('Echo: ' || t, jsonb_build_object('model', CASE id WHEN 1 THEN 'bad' ELSE 'hang' END)) FROM d);
$s->send($mixed);
ok($t->wait_for($id{bad}, 'errors', 1) && $t->wait_for($id{hang}, 'in_flight', 31), 'an error, and calls that hang');
$t->sql('SELECT pg_cancel_backend(' . $s->pid . ')');
is($s->wait->{error}{C}, '57014', 'cancelled while the error waits for what is in flight');
my $begin = AiRouterSession::now();
is($s->query($mixed)->{error}{C}, 'RT009', 'not cancelled: the error');
# Five seconds for the others; their own time-out is a minute.
cmp_ok(AiRouterSession::now() - $begin, '<', 20, 'soon enough');
ok($t->wait_for(undef, 'in_flight', 0, 'eq'), 'and nothing stays in flight');

# --- Memory ---------------------------------------------------------------------------------

# Arguments are parts of rows that are long gone when their call is sent.
($r, $n) = ran(q(SELECT count(*) FROM wide WHERE ai_complete('Echo: ' || t) = t));
is($r->{rows}[0][0], 60, 'wide rows come through whole');
$s->query("SET work_mem = '64kB'");
($r, $n) = ran(q(SELECT count(*) FROM wide WHERE ai_complete('Echo: ' || t) = t));
is($r->{rows}[0][0], 60, 'with little memory, too');
cmp_ok($t->counter($m, 'peak'), '<=', 4, 'and fewer at a time');
$s->query('RESET work_mem');

# A strict function has no call where an argument is NULL; the right to execute is asked for.
$s->query('ALTER FUNCTION ai_complete(text, jsonb) STRICT');
(undef, $n) = ran(q(SELECT ai_complete('Echo: ' || t, CASE WHEN id % 2 = 0 THEN '{}' END::jsonb) FROM d WHERE id <= 10));
is($n, 5, 'strict: no call for a NULL argument');
$s->query('ALTER FUNCTION ai_complete(text, jsonb) CALLED ON NULL INPUT');
$t->sql('CREATE ROLE nobody; GRANT SELECT ON d TO nobody; REVOKE EXECUTE ON FUNCTION ai_complete(text, jsonb) FROM PUBLIC');
for my $how ('', 'EXPLAIN ')
{
	$r = $s->query("SET ROLE nobody; ${how}SELECT $e FROM d");
	is($r->{error}{C}, '42501', "${how}without the right to execute");
	$s->query('RESET ROLE');
}

$s->quit;
done_testing();

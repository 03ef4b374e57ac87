# The table below the shared-memory cache: what was paid for survives restarts, crashes and ROLLBACK,
# and goes when it is told to.  What counts is what the provider saw.
use strict;
use warnings;
use AiRouterTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

# Uses are told by the day: it must not end while this runs.
my $left = 86400 - time % 86400;
sleep $left + 1 if $left < 240;

my $conf = "restart_after_crash = on\nai_router.cache_size = 1MB\nai_router.spool_size = '256kB'\nai_router.max_concurrency = 64\nmax_prepared_transactions = 1\n";
my $t = AiRouterTest->new('cache_table', cache => 1, init => [ allows_streaming => 1 ], conf => $conf);
my $node = $t->node;
my $long = 'long--fault-huge--size-12000';
my $longer = 'longer--fault-huge--size-40000';
my $late = 'late--fault-huge--size-12000--lat-3500'; # in which a busy machine can fill the spool
my $slow = 'slow--lat-100';
my @models = (m => 'good', other => 'other', long => $long, longer => $longer, late => $late, slow => $slow);

$t->models_at_p(@models);
$t->sql(q(UPDATE ai_router.models SET input_price = 1, output_price = 1, rank = CASE name WHEN 'm' THEN 1 ELSE 2 END));

sub rows { my $where = shift // 'true'; return $t->sql("SELECT count(*) FROM ai_router.cache WHERE $where"); }
sub stat_of { return $t->sql("SELECT value FROM ai_router.stats WHERE name = '$_[0]'"); }
sub requests { my $n = 0; $n += $t->counter($_, 'requests') for @_ ? @_ : 'good'; return $n; }
sub written { my ($n, $where) = @_; return $t->until_true(sub { rows($where) == $n }, 60); }

# How many requests of a model a statement makes.
sub asks
{
	my ($n, $sql, $name, %opt) = @_;
	my $id = $opt{id} // 'good';
	my $before = requests($id);
	my $r = ($opt{session} // $t->session)->query($sql);
	is($r->{error} ? "$r->{error}{C} $r->{error}{M}" : requests($id) - $before, $n, "$name: $n request(s)");
	return $r->{error} ? undef : $r->{rows}[0][0];
}

# A number of distinct prompts, one after the other.
sub prompts { my ($what, $n, $hints) = @_; $hints //= '{}'; return "SELECT count(ai_complete('Echo: $what ' || i, '$hints')) FROM generate_series(1, $n) i"; }

# --- Restart -----------------------------------------------------------------------------------

asks(20, prompts('a', 20), 'bought');
ok(written(20), 'and written');
ok($t->until_true(sub { $t->sql(q(SELECT count(*) FROM ai_router.cache c JOIN ai_router.calls l USING (call_id) WHERE c.answer LIKE 'a %' AND c.model = 'm' AND
	c.cost = l.cost AND c.input_tokens = l.input_tokens AND c.output_tokens = l.output_tokens AND c.finish_reason = 'stop' AND c.expires_at IS NULL AND
	c.last_used = (now() AT TIME ZONE 'UTC')::date AND c.hits = 0 AND octet_length(c.digest) = 32)) == 20 }, 60), 'with all that belongs to it');
my $original = $t->sql(q(SELECT call_id, input_tokens, output_tokens FROM ai_call('Echo: a 7')));
$node->restart;
is(stat_of('cache_table_hits'), 0, 'a new start');
asks(0, prompts('a', 20), 'after a restart');
is(stat_of('cache_table_hits'), 20, 'from the table');
is($t->sql(q(SELECT call_id, input_tokens, output_tokens FROM ai_call('Echo: a 7'))), $original, 'as it was');
is($t->sql(q(SELECT answer, cached, cost, attempts FROM ai_call('Echo: a 7'))), 'a 7|t|0|0', 'and free');
is(stat_of('cache_table_hits'), 20, 'from shared memory from then on');
is($t->sql(q(SELECT hits FROM ai_router.cache_stats)), 2, 'where it counts');
# What is under way when the server stops.
asks(10, prompts('b', 10), 'bought just before a stop');
$node->restart;
asks(0, prompts('b', 10), 'after it');
ok(written(30), 'and written');

# However long it takes until they are: a prepared transaction's lock lasts over a restart.
my $hold = q(BEGIN; LOCK ai_router.spool_mark; PREPARE TRANSACTION 'hold');
$t->sql($hold);
asks(3, prompts('held', 3), 'bought and not written');
asks(2, prompts('held', 2, '{"model": "other"}'), 'nor of another model', id => 'other');
asks(1, q(SELECT ai_complete('Echo: held 2', '{"cache": "refresh"}')), 'one of them twice');
my $newer = $t->sql(q(SELECT call_id FROM ai_call('Echo: held 2')));
$t->sql(q(SELECT ai_complete('Echo: brief', '{"cache_ttl": "1 second"}')));
$t->sql(q(SELECT ai_router.cache_clear('other')));
$t->sql(q(SELECT ai_complete('Echo: after', '{"model": "other"}')));
$node->restart;
is(rows(), 30, 'after the restart they are not in the table');
asks(0, prompts('held', 3), 'but given out all the same');
is($t->sql(q(SELECT call_id FROM ai_call('Echo: held 2'))), $newer, 'the newer one of two');
asks(1, q(SELECT pg_sleep(1.1), ai_complete('Echo: brief')), 'not what has expired');
asks(2, prompts('held', 2, '{"model": "other"}'), 'nor what was cleared', id => 'other');
asks(0, q(SELECT ai_complete('Echo: after', '{"model": "other"}')), 'but what came after the clear', id => 'other');
$t->sql(q(ROLLBACK PREPARED 'hold'));
ok(written(3, "answer LIKE 'held %' AND model = 'm'"), 'all are written in the end');
ok(written(3, "model = 'other'"), 'and what was cleared is not');

# A clear whose rows are still in the table at the stop.
$t->sql($hold);
$t->sql(q(SELECT ai_router.cache_clear('other')));
is(rows("model = 'other'"), 3, 'a clear that waits for the writer');
$node->restart;
is(rows("model = 'other'"), 3, 'and still does after a restart');
asks(1, q(SELECT ai_complete('Echo: after', '{"model": "other"}')), 'stays a clear', id => 'other');
$t->sql(q(ROLLBACK PREPARED 'hold'));
ok(written(1, "model = 'other'"), 'in the table, too, in the end');
$t->sql(q(SELECT ai_router.cache_clear('other')));

# Two of a key in one batch of the writer: the newer one.
asks(5, q(SELECT count(ai_complete('twice' || left(i::text, 0), '{"cache": "refresh"}')) FROM generate_series(1, 5) i), 'refreshed');
my $last = $t->sql(q(SELECT call_id FROM ai_call('twice')));
ok(written(1, "call_id = $last"), 'the last one is kept');
is(rows('call_id BETWEEN ' . ($last - 4) . " AND $last"), 1, 'alone');
asks(1, q(SELECT ai_complete('twice', '{"cache": "refresh"}')), 'refreshed again');
ok(written(1, 'call_id = ' . $t->sql(q(SELECT call_id FROM ai_call('twice')))), 'the row is replaced');

# What is not to be kept is not.
my $n = rows();
$t->sql(q(CREATE SERVER fx FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture'); INSERT INTO ai_router.models(name, server) VALUES ('fx', 'fx');
	INSERT INTO ai_router.fixtures(answer) VALUES ('from a fixture')));
asks(1, q(SELECT ai_complete('off', '{"cache": "off"}')), 'off');
asks(0, q(SELECT ai_complete('off', '{"model": "fx"}')), 'a fixture');
asks(0, q(SELECT ai_complete('on', '{"model": "fx", "cache": "on"}')), 'a fixture that asks for it');
asks(1, q(SELECT ai_complete('on')), 'on');
ok(written($n + 2), 'two of the four are written');
is(rows("answer = 'from a fixture'"), 1, 'one of a fixture');

# --- Where it is read ----------------------------------------------------------------------------

$node->restart;
my $s = $t->session;
my $old = $t->session;
$old->query('BEGIN ISOLATION LEVEL REPEATABLE READ');
$old->value('SELECT count(*) FROM ai_router.cache');
asks(3, prompts('new', 3), 'bought after a snapshot was taken');
ok(written(3, "answer LIKE 'new %'"), 'written after it');
$t->sql('SELECT ai_router.stats_reset()');
asks(0, prompts('a', 3), 'an old snapshot', session => $old);
$old->query('ROLLBACK');
for my $how ('BEGIN READ ONLY', 'BEGIN ISOLATION LEVEL SERIALIZABLE', 'BEGIN; SAVEPOINT s; SELECT 1/0; ROLLBACK TO s')
{
	my $i = 3 + ++$n;
	$s->query($_) for split /; /, $how;
	asks(0, qq(SELECT ai_complete('Echo: a @{[ $i % 10 + 4 ]}')), $how, session => $s);
	$s->query('ROLLBACK');
}
cmp_ok(stat_of('cache_table_hits'), '>=', 4, 'from the table');
$t->sql(q(CREATE ROLE poor LOGIN; CREATE ROLE rich LOGIN; GRANT USAGE ON FOREIGN SERVER p TO rich;
	CREATE FUNCTION definer(i int) RETURNS text LANGUAGE sql SECURITY DEFINER AS $$ SELECT ai_complete('Echo: a ' || i) $$;
	CREATE FUNCTION refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'row %', NEW.id; END $$;
	CREATE TABLE many AS SELECT i FROM generate_series(1, 10000) i; ANALYZE many));
$node->restart;
$t->sql('CREATE EXTENSION IF NOT EXISTS ai_router');
is(asks(0, 'SET ROLE poor; SELECT definer(14)', 'security definer'), 'a 14', 'the answer');
like(($t->try(q(SET ROLE poor; SELECT ai_complete('Echo: a 14'))))[1], qr/RT001/, 'no right, no answer from the table');
like(($t->try(q(SET ROLE poor; SELECT * FROM ai_router.cache)))[1], qr/42501/, 'and no right to read it');
like(($t->try(q(GRANT pg_monitor TO poor; SET ROLE poor; SELECT * FROM ai_router.cache)))[1], qr/42501/, 'nor for pg_monitor');
is(asks(0, q(SET ROLE rich; SELECT ai_complete('Echo: a 15')), 'another role with the same key'), 'a 15', 'the answer');
my $parallel = q(SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; );
my $plan = q(SELECT count(*), min(ai_complete('Echo: a ' || n)) FROM (SELECT i % 4 + 16 AS n, count(*) FROM many GROUP BY 1) x);
like($t->sql("$parallel EXPLAIN $plan"), qr/Gather/, 'a parallel plan');
is(asks(0, "$parallel $plan", 'under a Gather'), 4, 'all rows');

# Another server of the same name is another one; so is a mapping.
$n = $t->sql(q(SELECT count(*) FROM ai_router.models));
$t->sql('DROP SERVER p CASCADE');
$t->server('p', api => 'openai', path => '/compat/v1');
asks(1, q(SELECT ai_complete('Echo: a 1')), 'a new server of an old name');
$t->sql(q(ALTER USER MAPPING FOR PUBLIC SERVER p OPTIONS (SET api_key 'sandbox-other')));
$node->restart;
asks(1, q(SELECT ai_complete('Echo: a 1')), 'another key');
$t->sql(q(ALTER USER MAPPING FOR PUBLIC SERVER p OPTIONS (SET api_key 'sandbox-key')));
asks(0, q(SELECT ai_complete('Echo: a 1')), 'the key as before');

# --- Age -------------------------------------------------------------------------------------------

asks(2, q(SELECT ai_complete('Echo: short', '{"cache_ttl": "2 seconds"}'), ai_complete('Echo: day', '{"cache_ttl": "1 day"}')), 'bought for a while');
ok(written(2, "answer IN ('short', 'day') AND expires_at > created_at"), 'with a time to live');
$node->restart;
asks(0, q(SELECT ai_complete('Echo: day')), 'for a day');
asks(0, q(SELECT ai_complete('Echo: day', '{"cache_ttl": "1 hour"}')), 'young enough');
asks(1, q(SELECT pg_sleep(2.1), ai_complete('Echo: short')), 'for two seconds');
$t->sql(q(UPDATE ai_router.cache SET created_at = created_at - interval '2 hours', expires_at = expires_at - interval '2 hours' WHERE answer = 'day'));
$node->restart;
asks(0, q(SELECT ai_complete('Echo: day', '{"cache_ttl": "3 hours"}')), 'its age goes with it');
asks(1, q(SELECT ai_complete('Echo: day', '{"cache_ttl": "1 hour"}')), 'from table to shared memory');

# Uses are told, and what nobody uses goes.
asks(10, prompts('c', 10), 'bought');
ok(written(10, "answer LIKE 'c %'"), 'written');
$t->sql(q(UPDATE ai_router.cache SET last_used = last_used - 1 WHERE answer LIKE 'c %'));
$t->sql(q(UPDATE ai_router.cache SET last_used = last_used - 32 WHERE answer LIKE 'new %'));
$t->sql(q(INSERT INTO ai_router.cache SELECT sha256(i::text::bytea), 'm', 'expired ' || i, 'stop', 1, 0, 0, 1, 0, 0, 1, now(), now(), now(), 0 FROM generate_series(1, 5) i));
$node->restart;
asks(0, prompts('c', 5), 'yesterday\'s answers');
ok(written(5, "answer LIKE 'c %' AND last_used = (now() AT TIME ZONE 'UTC')::date AND hits = 1"), 'the first use of a day is told');
ok(written(0, "answer LIKE 'new %' OR answer LIKE 'expired %'"), 'what nobody used, and what has expired, goes');
is(rows("answer LIKE 'c %'"), 10, 'the rest stays');
asks(0, q(SELECT count(ai_complete('Echo: c 1' || left(i::text, 0))) FROM generate_series(1, 5000) i), 'often');
ok($t->until_true(sub { $t->sql("SELECT hits FROM ai_router.cache WHERE answer = 'c 1'") >= 4096 }, 60), 'many uses are told together');
cmp_ok($t->sql("SELECT hits FROM ai_router.cache WHERE answer = 'c 1'"), '<=', 5001, 'none twice');

# --- An UPDATE that fails ----------------------------------------------------------------------------

$t->sql(q(CREATE TABLE items AS SELECT i AS id, NULL::text AS answer FROM generate_series(1, 1000) i;
	CREATE TRIGGER t BEFORE UPDATE ON items FOR EACH ROW WHEN (NEW.id = 900) EXECUTE FUNCTION refuses()));
for my $how ('shared memory', 'the table')
{
	my $update = "UPDATE items SET answer = ai_complete('Echo: $how, item ' || id)";
	my $before = requests();
	$s = $t->session;
	is($s->query($update)->{error}{M}, 'row 900', "$how: an UPDATE fails");
	# Rows that were read ahead are paid for, too: as many as may be under way or wait for a slot.
	cmp_ok(requests() - $before, '<=', 900 + 2 * 64, 'after no more calls than rows, but for those that were begun');
	$t->sql('ALTER TABLE items DISABLE TRIGGER t');
	if ($how eq 'the table')
	{
		$node->restart;
		$s = $t->session;
	}
	is($s->query($update)->{error}, undef, 'and succeeds the second time');
	# What was in flight when it failed may have been given up.
	cmp_ok(requests() - $before, '<=', 1000 + 64, 'each row was paid for once, but for those in flight');
	is($t->sql("SELECT count(*) FROM items WHERE answer = '$how, item ' || id"), 1000, 'and is right');
	$t->sql('ALTER TABLE items ENABLE TRIGGER t');
}

# --- Crash ---------------------------------------------------------------------------------------------

ok($t->until_true(sub { stat_of('spool_bytes_used') == 0 }, 60), 'idle');
$n = rows();
my @seen;
# A second is the promise; a busy machine may keep the writer from running for two more.
my $late_s = 3;
my $crash = q(SELECT cardinality(ai_complete(array_agg('Echo: crash ' || i), '{"model": "slow"}')) FROM generate_series(1, 4480) i);
$s->send($crash);
until (grep { $_->[1] >= 400 && $_->[0] < AiRouterSession::now() - $late_s - 0.2 } @seen)
{
	push @seen, [ AiRouterSession::now(), $t->counter($slow, 'ok') ];
	usleep(20_000);
}
my $killed = AiRouterSession::now();
ok($t->crash($s->pid), 'a session with 64 calls in flight is killed');
ok($s->wait->{closed}, 'which does not end by itself');
my ($sure) = map { $_->[1] } reverse grep { $_->[0] < $killed - $late_s } @seen;
my $kept = rows("answer LIKE 'crash %'");
cmp_ok($kept, '>=', $sure, "what is more than $late_s seconds old is in the table ($kept of $seen[-1][1], $sure)");
is(rows() - $kept, $n, 'what was there before stays');
$s = $t->session;
asks(4480 - $kept, $crash, 'only the rest is bought', id => $slow, session => $s);
asks(0, prompts('c', 10), 'and nothing else');

# --- Locks ---------------------------------------------------------------------------------------------

ok($t->until_true(sub { stat_of('spool_bytes_used') == 0 }, 60), 'idle');
$node->restart;
my $locker = $t->session;
$s = $t->session;
for my $how ('LOCK ai_router.cache', 'REINDEX INDEX ai_router.cache_pkey')
{
	my $i = $how =~ /LOCK/ ? 1 : 6;
	asks(0, qq(SELECT ai_complete('Echo: c $i')), 'from the table', session => $s);
	$locker->query('BEGIN');
	is($locker->query($how)->{error}, undef, $how);
	# Who waited for the lock would do so for five seconds.
	my $start = AiRouterSession::now();
	asks(0, qq(SELECT ai_complete('Echo: c $i')), 'shared memory answers all the same', session => $s);
	cmp_ok(AiRouterSession::now() - $start, '<', 4.5, 'at once');
	# One message: the failure of the second takes the setting back.
	$start = AiRouterSession::now();
	is($s->query(qq(SET statement_timeout = 300; SELECT ai_complete('Echo: c @{[ $i + 1 ]}')))->{error}{C}, '57014', 'waiting for the lock can be cancelled');
	cmp_ok(AiRouterSession::now() - $start, '<', 4.5, 'at once');
	my $locked = stat_of('cache_table_locked');
	$start = AiRouterSession::now();
	asks(3, prompts("locked by $how", 3), 'the call is answered', session => $s);
	my $took = AiRouterSession::now() - $start;
	# Each call for itself would be fifteen.
	ok($took > 4.5 && $took < 14, "after five seconds for the whole statement ($took)");
	is(stat_of('cache_table_locked') - $locked, 3, 'which is counted');
	$s->send(qq(SELECT ai_complete('Echo: c @{[ $i + 2 ]}')));
	usleep(500_000);
	my $before = requests();
	$locker->query('ROLLBACK');
	is($s->wait->{rows}[0][0], 'c ' . ($i + 2), 'when the lock goes the table answers');
	is(requests(), $before, 'and nobody is asked');
	ok(written(3, "answer LIKE 'locked by $how%'"), 'what was bought is written');
}

# --- Long answers ----------------------------------------------------------------------------------------

asks(1, q(SELECT length(ai_complete('x', '{"model": "long"}'))), 'longer than was reserved', id => $long);
ok(written(1, "model = 'long' AND length(answer) = 12000"), 'in the table');
asks(1, q(SELECT length(ai_complete('x', '{"model": "longer"}'))), 'too long for the spool', id => $longer);
is(stat_of('cache_too_large'), 1, 'is counted');
asks(0, q(SELECT length(ai_complete('x', '{"model": "longer"}'))), 'and in shared memory', id => $longer);
$node->restart;
asks(0, q(SELECT length(ai_complete('x', '{"model": "long"}'))), 'after a restart', id => $long);
is(rows("model = 'longer'"), 0, 'the other is not there');

# While the spool is full.  One database alone cannot fill it: a second one takes the rest.
my $filler = $t->session;
$node->safe_psql('postgres', 'CREATE DATABASE crowd');
$node->safe_psql('crowd', q(CREATE EXTENSION ai_router; CREATE SERVER fx FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
	INSERT INTO ai_router.models (name, server) VALUES ('fx', 'fx'); INSERT INTO ai_router.rules (name) VALUES ('default');
	INSERT INTO ai_router.fixtures (answer) VALUES ('crowd')));
my $crowd = $t->session(dbname => 'crowd');
my $crowd_locker = $t->session(dbname => 'crowd');
my $answered = 0;
for my $case ('room in time', 'no room', 'cleared meanwhile')
{
	my $clear = $t->session;
	$locker = $t->session;
	$s = $t->session;
	$_->query('BEGIN'), $_->query('LOCK ai_router.calls') for $locker, $crowd_locker;
	$s->send(qq(SELECT length(ai_complete('$case', '{"model": "late"}'))));
	ok($t->wait_for($late, 'in_flight', 1), "$case: a call is under way");
	$filler->send(prompts("$case, filler", 2000));
	$crowd->send(prompts('crowd', 2000));
	$answered++;
	ok($t->until_true(sub { $t->counter($late, 'ok') == $answered }, 60), 'it is answered');
	my $start = AiRouterSession::now();
	usleep(500_000);
	ok($s->busy, 'but waits for room for its row');
	# A clear needs little room, and takes effect before the answer is written.
	$clear->send(q(SELECT ai_router.cache_clear('late'))) if $case eq 'cleared meanwhile';
	usleep(500_000) if $case eq 'cleared meanwhile';
	$_->query('ROLLBACK') for $case ne 'no room' ? ($locker, $crowd_locker) : ();
	is($s->wait->{rows}[0][0], 12000, 'and ends');
	my $took = AiRouterSession::now() - $start;
	if ($case eq 'room in time')
	{
		ok(written(1, "model = 'late'"), 'in the table');
		is(stat_of('cache_unwritten'), 0, 'not given up');
	}
	elsif ($case eq 'cleared meanwhile')
	{
		is($clear->wait->{error}, undef, 'the clear ends, too');
		ok($t->until_true(sub { stat_of('spool_bytes_used') == 0 }, 60), 'all is written');
		is(rows("model = 'late'"), 0, 'but no answer that had been cleared');
		asks(1, qq(SELECT length(ai_complete('$case', '{"model": "late"}'))), 'nor is it in shared memory', id => $late);
	}
	else
	{
		# A busy machine may be late at both ends.
		ok($took > 2 && $took < 20, "after five seconds ($took)");
		is(stat_of('cache_unwritten'), 1, 'given up and counted');
		asks(0, qq(SELECT length(ai_complete('$case', '{"model": "late"}'))), 'but in shared memory', id => $late);
	}
	$t->sql('SELECT pg_cancel_backend(' . $_->pid . ')') for $filler, $crowd;
	$_->wait for $filler, $crowd;
	$_->query('ROLLBACK') for $locker, $crowd_locker;
	ok($t->until_true(sub { stat_of('spool_bytes_used') == 0 }, 60), 'no space is lost');
}

# --- Clearing ----------------------------------------------------------------------------------------------

$s = $t->session;
asks(3, prompts('clear', 3, '{"model": "other"}'), 'three of another model', id => 'other');
ok(written(3, "model = 'other'"), 'written');
$n = rows();
is($s->value(q(SELECT ai_router.cache_clear('nobody'))), 0, 'nothing of nobody');
is($s->value(q(SELECT ai_router.cache_clear('other'))), 3, 'a model is cleared');
is(rows(), $n - 3, 'in the table, at once');
asks(3, prompts('clear', 3, '{"model": "other"}'), 'bought again', id => 'other');
is($s->value(q(SELECT ai_router.cache_clear('other'))), 3, 'also what is still in the spool');
is(rows("model = 'other'"), 0, 'which reaches the table no more');
asks(0, prompts('c', 10), 'others stay');
$node->restart;
asks(3, prompts('clear', 3, '{"model": "other"}'), 'nothing comes back', id => 'other');
ok(written(3, "model = 'other'"), 'written');
$s = $t->session;
$s->query('BEGIN');
is($s->value(q(SELECT ai_router.cache_clear('other'))), 3, 'cleared in a transaction');
$s->query('ROLLBACK');
asks(3, prompts('clear', 3, '{"model": "other"}'), 'that is rolled back: cleared all the same', id => 'other');
ok(written(3, "model = 'other'"), 'written');

# While nothing can be written: at once for everybody, in the table when that is possible.
$node->restart;
$s = $t->session;
$locker = $t->session;
$locker->query('BEGIN'); $locker->query('LOCK ai_router.calls');
asks(1, prompts('clear, under way', 1, '{"model": "other"}'), 'one is on its way to the table', id => 'other');
asks(0, q(SELECT ai_complete('Echo: clear 1', '{"model": "other"}')), 'one was read', id => 'other');
my $r = $s->query(q(SELECT ai_router.cache_clear('other')));
like($r->{notices}[0]{M}, qr/not yet deleted/, 'a clear that must wait says so');
is($r->{notices}[0]{S}, 'WARNING', 'by a warning');
is(rows("model = 'other'"), 3, 'the table has its rows');
asks(2, q(SELECT ai_complete('Echo: clear 1', '{"model": "other"}'), ai_complete('Echo: clear 2', '{"model": "other"}')), 'but nobody gets them', id => 'other');
asks(0, q(SELECT ai_complete('Echo: clear 1', '{"model": "other"}')), 'new ones are kept', id => 'other');
my $id = $t->sql(q(SELECT call_id FROM ai_call('Echo: clear 2', '{"model": "other"}')));
$locker->query('ROLLBACK');
ok(written(2, "model = 'other'"), 'the clear comes to the table: what came before it goes, what came after it stays');
is(rows("call_id = $id"), 1, 'the new ones');
$node->restart;
asks(0, q(SELECT ai_complete('Echo: clear 2', '{"model": "other"}')), 'the new ones, after a restart', id => 'other');
asks(1, q(SELECT ai_complete('Echo: clear 3', '{"model": "other"}')), 'not the old ones', id => 'other');
$s = $t->session;
$n = rows();
cmp_ok($n, '>', 1000, 'all that is there');
cmp_ok($s->value(q(SELECT ai_router.cache_clear())), '>=', $n, 'is cleared');
is(rows(), 0, 'in the table');
is($t->sql(q(SELECT entries FROM ai_router.cache_stats)), 0, 'and in shared memory');
asks(2, prompts('c', 2), 'and bought again');

# --- Without much shared memory ------------------------------------------------------------------------------

$node->append_conf('postgresql.conf', 'ai_router.cache_size = 0');
ok(written(2), 'two answers');
$node->restart;
asks(0, prompts('c', 2), 'cache_size 0: the table answers');
asks(1, q(SELECT count(ai_complete('Echo: equal' || left(i::text, 0))) FROM generate_series(1, 10) i), 'equal calls one after another');
my @sessions = map { $t->session } 1 .. 4;
my $before = requests($slow);
# In which all of them come, on a busy machine, too: who comes later finds no answer in the table yet.
$t->behave($slow, lat => 3000);
$_->send(q(SELECT count(*) FROM unnest(ai_complete(array_fill('equal'::text, ARRAY[25]), '{"model": "slow"}')))) for @sessions;
is($_->wait->{rows}[0][0], 25, 'equal calls at once') for @sessions;
is(requests($slow) - $before, 1, 'one request');
$_->quit for @sessions;

# --- A hot standby reads ----------------------------------------------------------------------------------------

ok(written(4), 'four answers');
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
$before = requests();
is($standby->safe_psql('postgres', prompts('c', 2)), 2, 'a hot standby');
is(requests(), $before, 'answers from the table');
is($standby->safe_psql('postgres', q(SELECT value FROM ai_router.stats WHERE name = 'cache_table_hits')), 2, 'indeed');
asks(1, prompts('later', 1), 'bought at the primary');
ok(written(5), 'written');
$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', q(SELECT cached FROM ai_call('Echo: later 1'))), 't', 'and known there');
my ($rc, $out, $err) = $standby->psql('postgres', 'SELECT ai_router.cache_clear() > 0');
is($out, 't', 'its shared memory can be cleared');
like($err, qr/only shared memory is cleared on a hot standby/, 'and it says so');
$standby->stop;

# --- Dump and restore, another database, DROP EXTENSION ------------------------------------------------------------

my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, 'postgres' ], 'pg_dump');
unlike(slurp_file($dump), qr/COPY ai_router\.cache /, 'answers are not dumped');
$t->sql('CREATE DATABASE restored TEMPLATE template0');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('restored'), '-f', $dump ], 'restored');
is($node->safe_psql('restored', 'SELECT count(*) FROM ai_router.cache'), 0, 'an empty table');
$before = requests();
$node->safe_psql('restored', prompts('c', 2));
is(requests() - $before, 2, 'another database buys for itself');
ok($t->until_true(sub { $node->safe_psql('restored', 'SELECT count(*) FROM ai_router.cache') == 2 }, 60), 'into its own table');
is(rows(), 5, 'and nobody else\'s');
$node->safe_psql('restored', q(SELECT ai_router.cache_clear()));
is(rows(), 5, 'and clears its own');
asks(0, prompts('c', 2), 'only');

$s = $t->session;
asks(3, prompts('gone', 3), 'just before DROP EXTENSION', session => $s);
$t->sql('DROP EXTENSION ai_router CASCADE; CREATE EXTENSION ai_router');
ok($t->until_true(sub { stat_of('spool_bytes_used') == 0 }, 60), 'what has no table leaves the spool');
my $stale = rows(); # those that the writer held in between: nobody's any more
$t->models_at_p(m => 'good');
asks(3, prompts('gone', 3), 'bought by new servers', session => $s);
ok(written($stale + 3), 'and written');
cmp_ok($s->value('SELECT ai_router.cache_clear()'), '>=', 3, 'and cleared');
is(rows(), 0, 'indeed');

done_testing();

# The ledger's tables as their owners make them, and writers that cannot come: whatever is in the
# way, no row is lost for it, and none waits for a next call.
use strict;
use warnings;
use Test::More;
use AiRouterTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

my $clock = PostgreSQL::Test::Utils::tempdir() . '/clock';
my $t = AiRouterTest->new(
	'spool',
	init => [ allows_streaming => 1 ],
	env => { LD_PRELOAD => AiRouterTest->preload_library('jump'), AIR_CLOCK => $clock },
	# One slot is the server's own, one the launcher's: one is left.
	conf => "restart_after_crash = on\nmax_worker_processes = 3\nautovacuum = off\n");
my $node = $t->node;
my $prompt = 0;

$t->models_at_p(good => 'good', bad => 'bad--status-400');

sub calls { my ($model, $db) = @_; return $node->safe_psql($db // 'postgres', "SELECT count(*) FROM ai_router.calls WHERE model = '$model'"); }
sub stat_of { my $name = shift; return $t->sql("SELECT value FROM ai_router.stats WHERE name = '$name'"); }
sub writers { return $t->sql(q(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ai_router writer')); }
sub idle { return $t->until_true(sub { writers() == 0 }, 60); }
sub ask { my ($s, $n, $model) = @_; $prompt++; return $s->value(qq[SELECT count(ai_call('Echo: ' || i || ' $prompt', '{"model":"$model"}')) FROM generate_series(1, $n) i]); }

# n calls, and all rows of that model are in the ledger without another call.
sub all_there
{
	my ($s, $n, $what) = @_;
	ask($s, $n, 'good');
	my $want = $t->counter('good', 'requests');
	ok($t->until_true(sub { calls('good') == $want }, 60), "$what: rows arrive");
	is(calls('good'), $want, "$what: all of them");
	return;
}

# --- Tables that somebody has changed -----------------------------------------------------------

my $s = $t->session;
$t->sql('CREATE PUBLICATION everything FOR ALL TABLES');
all_there($s, 2, 'a publication for all tables');

$t->sql(q(
	ALTER TABLE ai_router.calls ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY;
	ALTER TABLE ai_router.calls ADD COLUMN seen boolean NOT NULL DEFAULT false;
	ALTER TABLE ai_router.calls ADD COLUMN total bigint GENERATED ALWAYS AS (input_tokens + output_tokens) STORED;
	ALTER TABLE ai_router.attempts ADD COLUMN gone int;
	ALTER TABLE ai_router.attempts DROP COLUMN gone;
	ALTER TABLE ai_router.attempts ADD COLUMN "when written" timestamptz NOT NULL DEFAULT now()));
all_there($s, 3, 'columns of an owner');
is($t->sql(q(SELECT count(*) FROM ai_router.calls WHERE id IS NOT NULL AND NOT seen AND total = input_tokens + output_tokens)),
	calls('good'), 'with their defaults');

# A table's owner is not made a superuser by those who write there.
$t->sql(q(
	CREATE ROLE keeper; GRANT CREATE ON SCHEMA public TO keeper;
	ALTER TABLE ai_router.calls OWNER TO keeper;
	SET ROLE keeper;
	CREATE TABLE public.saw (who name, path text);
	CREATE FUNCTION public.look() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO public.saw VALUES (current_user, current_setting('search_path'));
		PERFORM set_config('search_path', 'public', false);
		RETURN NEW;
	END $$;
	CREATE TRIGGER look BEFORE INSERT ON ai_router.calls FOR EACH STATEMENT EXECUTE FUNCTION public.look()));
all_there($s, 1, 'an owner who is no superuser') for 1 .. 3;
is($t->sql('SELECT DISTINCT who FROM public.saw'), 'keeper', 'a trigger runs as the owner of the table');
is($t->sql('SELECT count(DISTINCT path) FROM public.saw'), 1, 'and its settings end with it');
$t->sql('DROP TRIGGER look ON ai_router.calls; ALTER TABLE ai_router.calls OWNER TO CURRENT_USER');

# Rows that a table refuses: the others are written, and the log is not flooded.
ok(idle(), 'the writer goes');
my $log = -s $node->logfile;
my $before = $t->sql('SELECT (SELECT count(*) FROM ai_router.calls) + (SELECT count(*) FROM ai_router.attempts)');
my $written = stat_of('rows_written');
my $dropped = stat_of('rows_dropped');
$t->sql(q(ALTER TABLE ai_router.attempts ADD CONSTRAINT no_bad CHECK (model <> 'bad')));
ask($s, 40, 'bad');
ok($t->until_true(sub { stat_of('rows_dropped') == $dropped + 40 }, 60), 'rows that a constraint refuses are dropped and counted');
ok($t->until_true(sub { calls('bad') == 40 }, 60), 'the others are written');
# Counted after they are committed.
ok(idle(), 'the writer goes');
is(stat_of('rows_written') - $written,
	$t->sql('SELECT (SELECT count(*) FROM ai_router.calls) + (SELECT count(*) FROM ai_router.attempts)') - $before,
	'and counted once');
my $lines = () = slurp_file($node->logfile, $log) =~ /writing calls of ai_router failed/g;
cmp_ok($lines, '>=', 1, 'the log tells');
cmp_ok($lines, '<=', 3, 'not once for each row');
$t->sql('ALTER TABLE ai_router.attempts DROP CONSTRAINT no_bad');

# --- Clean-up ---------------------------------------------------------------------------------------

# Rows of a child have the same ctids as old ones of the parent.
$t->sql(q(
	CREATE TABLE public.child () INHERITS (ai_router.calls); ALTER TABLE public.child REPLICA IDENTITY FULL;
	INSERT INTO public.child (call_id, at, finished_at, role_id, role, status, attempts, id, seen)
		SELECT i, now(), now(), 0, 'x', 'ok', 1, i, true FROM generate_series(1, 3000) i;
	INSERT INTO ai_router.calls (call_id, at, finished_at, role_id, role, status, attempts)
		SELECT i, now() - interval '2 days', now(), 0, 'old', 'ok', 1 FROM generate_series(1, 50000) i;
	ALTER SYSTEM SET ai_router.log_retention = '1d'; SELECT pg_reload_conf()));
ok(idle(), 'the writer goes');
$node->stop; $t->start;
$s = $t->session;
ok($t->until_true(sub { ask($s, 1, 'good'); return $t->sql(q(SELECT count(*) FROM ai_router.calls WHERE role = 'old')) == 0 }, 120),
	'clean-up goes on until all old rows are gone');
is($t->sql('SELECT count(*) FROM public.child'), 3000, 'and takes no new one');
$t->sql('DROP TABLE public.child');
all_there($s, 1, 'after the clean-up');

# --- Writers that cannot come -----------------------------------------------------------------------

# A session whose parallel worker takes the slot that is left, until it is cancelled.  It does without a
# worker where the slot of a writer that has gone is not free yet, and tries again then.
sub take_slot
{
	my $taker = $t->session;
	my $force = $taker->value(q(SELECT name FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query') ORDER BY 1 LIMIT 1));
	my $asleep = q(SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep');

	ok(idle(), 'no writer is there');
	$taker->query("SET $force = on");
	ok( $t->until_true(
			sub {
				$taker->send('SELECT pg_sleep(600)');
				$t->until_true(sub { $t->sql($asleep) == 1 });
				return 1 if $t->sql("$asleep AND backend_type = 'parallel worker'") == 1;
				give_back($taker);
				return 0;
			}),
		'the slot is taken');
	return $taker;
}
sub give_back { my $taker = shift; $t->sql('SELECT pg_cancel_backend(' . $taker->pid . ')'); return $taker->wait; }

my $taker = take_slot();
ask($s, 2, 'good');
is(writers(), 0, 'no writer can start');
give_back($taker);
my $want = $t->counter('good', 'requests');
ok($t->until_true(sub { calls('good') == $want }, 60), 'when there is a slot the rows arrive, without another call');

# The clock is put back while it waits.
$taker = take_slot();
ask($s, 1, 'good');
append_to_file($clock, '-7200');
is($t->sql(q(SELECT now() < (SELECT max(finished_at) FROM ai_router.calls))), 't', 'the clock is put back');
give_back($taker);
all_there($s, 1, 'after that');
unlink $clock;

# A writer that is terminated, a launcher that is terminated.
my $locker = $t->session;
$locker->query('BEGIN'); $locker->query('LOCK ai_router.attempts');
ask($s, 1, 'good');
ok($t->until_true(sub { writers() == 1 }, 60), 'a writer waits for a table');
my $launcher = $t->sql(q(SELECT pid FROM pg_stat_activity WHERE backend_type = 'ai_router launcher'));
$t->sql(q(SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type LIKE 'ai_router%'));
ok($t->until_true(sub { $t->sql(qq(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ai_router launcher' AND pid <> $launcher)) == 1 }, 60), 'another launcher comes');
$locker->query('ROLLBACK');
$want = $t->counter('good', 'requests');
ok($t->until_true(sub { calls('good') == $want }, 60), 'and a writer');

# pg_upgrade runs the server (-b), and nothing may be written to it then.
$locker->query('BEGIN'); $locker->query('LOCK ai_router.attempts');
ask($s, 2, 'good');
$before = calls('good');
$node->stop('fast');
system_or_bail('pg_ctl', '-w', '-D', $node->data_dir, '-l', $node->logfile, '-o', '-b', 'start');
usleep_until_settled();
is(calls('good'), $before, 'in pg_upgrade nothing is written');
cmp_ok(stat_of('spool_bytes_used'), '>', 0, 'what was left stays');
system_or_bail('pg_ctl', '-w', '-D', $node->data_dir, '-m', 'fast', 'stop');
$t->start;
$want = $t->counter('good', 'requests');
ok($t->until_true(sub { calls('good') == $want }, 60), 'until the server is itself again');
$s = $t->session;

# A database that takes no more connections, and one that is gone.
my $url = $t->url('/compat/v1');
for my $db ('closed', 'gone')
{
	$t->sql("CREATE DATABASE $db");
	$node->safe_psql($db, qq{CREATE EXTENSION ai_router; CREATE SERVER o FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', base_url '$url');
		CREATE USER MAPPING FOR PUBLIC SERVER o OPTIONS (api_key 'sandbox-key');
		INSERT INTO ai_router.models (name, server, model) VALUES ('$db', 'o', '$db'); INSERT INTO ai_router.rules (name) VALUES ('default')});
}
my $inside = $t->session(dbname => 'closed');
$taker = take_slot();
is(ask($inside, 2, 'closed'), 2, 'calls in a database');
$t->sql('ALTER DATABASE closed ALLOW_CONNECTIONS false');
give_back($taker);
ok($t->until_true(sub { $inside->value('SELECT count(*) FROM ai_router.calls') == 2 }, 60), 'which is closed then: their rows are written');
$dropped = stat_of('rows_dropped');
$taker = take_slot();
my $last = $t->session(dbname => 'gone');
ask($last, 2, 'gone');
$last->quit;
$t->sql('DROP DATABASE gone');
give_back($taker);
ok($t->until_true(sub { stat_of('spool_bytes_used') == 0 }, 60), 'rows of a dropped database leave the spool');
is(stat_of('rows_dropped'), $dropped + 4, 'and are counted');

# Longer than a writer takes to come.
sub usleep_until_settled
{
	my $end = AiRouterSession::now() + 2;
	$t->until_true(sub { AiRouterSession::now() > $end }, 3);
	return;
}

# --- Call ids after a promotion ------------------------------------------------------------------------

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('spool_standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
# After a crash ids go on behind the mark, which is where the standby's copy begins.
$s = $t->session;
ok($t->crash($s->pid), 'the primary crashes');
$s = $t->session;
all_there($s, 50, 'the primary goes on');
$node->wait_for_catchup($standby);
my $on_standby = q[SELECT (ai_call('Echo: standby', '{"model":"good"}')).call_id];
cmp_ok($standby->safe_psql('postgres', $on_standby), '>', 0, 'a call on the standby');
$standby->promote;
$standby->safe_psql('postgres', $on_standby);
ok($t->until_true(sub { $standby->safe_psql('postgres', q(SELECT count(*) FROM ai_router.calls WHERE model = 'good')) == $t->counter('good', 'requests') - 1 }, 60), 'after the promotion calls are in the ledger');
is($standby->safe_psql('postgres', 'SELECT count(*) FROM (SELECT call_id FROM ai_router.calls GROUP BY 1 HAVING count(*) > 1) x'), 0, 'no id is given twice');
my $id = $standby->safe_psql('postgres', 'SELECT max(call_id) FROM ai_router.calls');
$standby->restart;
cmp_ok($standby->safe_psql('postgres', $on_standby), '>', $id, 'nor after a restart');
$standby->stop;

done_testing();

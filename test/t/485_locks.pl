# Locks on our tables: whoever holds one keeps calls waiting for five seconds at most, and mostly not
# at all; and whoever waits for an equal call of a session that is stuck gets on without it.
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(usleep);
use AiRouterTest;

my $t = AiRouterTest->new('locks', cache => 1,
	conf => "ai_router.spool_size = '128kB'\ndeadlock_timeout = 200ms\nautovacuum = off\nmax_connections = 100\n");
my $node = $t->node;
my $slow = 'slow--lat-300';

$t->models_at_p(good => 'good', slow => $slow, hang => 'hang--fault-hang');

my $prompt = 0;
sub call_sql { return sprintf q(SELECT ai_complete('Echo: %d', '{"model":"good"}')), ++$prompt; }
sub elapsed { return AiRouterSession::now() - $_[0]; }

# What sends each session to the tables again, without touching them.
my $admin = $t->session;
my $timeout = 60_000;
sub invalidate { $timeout++; return $admin->query("ALTER SERVER p OPTIONS (" . ($timeout == 60_001 ? "ADD" : "SET") . " timeout '$timeout')"); }
sub cancel { my $session = shift; return $admin->query('SELECT pg_cancel_backend(' . $session->pid . ')'); }
sub waits_for_lock { my $session = shift; return $t->until_true(sub { $admin->value('SELECT wait_event_type FROM pg_stat_activity WHERE pid = ' . $session->pid) eq 'Lock' }); }
sub stat_of { return $admin->value("SELECT value FROM ai_router.stats WHERE name = '$_[0]'"); }
sub is_empty { return $t->until_true(sub { stat_of('spool_bytes_used') == 0 }, 20); }

# --- ACCESS EXCLUSIVE on each table that there is --------------------------------------------

my @tables = split /\n/, $t->sql(q(SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'ai_router'::regnamespace
	AND c.relkind IN ('r', 'p') ORDER BY 1));
cmp_ok(scalar @tables, '>=', 8, 'there are tables: ' . join ' ', @tables);

# All at the same time, each in a set of sessions of its own, or it would take minutes; but only
# one table is locked at a time in what a session can see: each set gets a database of its own.
my @sets;
for my $table (@tables)
{
	my $db = "db_$table";
	my $url = $t->url('/compat/v1');
	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->safe_psql($db, qq{CREATE EXTENSION ai_router;
		CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', base_url '$url', timeout '60000');
		CREATE USER MAPPING FOR PUBLIC SERVER p OPTIONS (api_key 'sandbox-key');
		INSERT INTO ai_router.models (name, server, model) VALUES ('good', 'p', 'good'); INSERT INTO ai_router.rules (name) VALUES ('default')});
	my %set = (table => $table, db => $db);
	$set{$_} = $t->session(dbname => $db) for qw(cached told locker);
	push @sets, \%set;
}
# Only when all are there: each CREATE EXTENSION sends so many invalidations that sessions that rest forget what they know.
for my $set (@sets)
{
	$set->{$_}->value(call_sql()) for qw(cached told);
	$set->{locker}->query('BEGIN');
	$set->{locker}->query("LOCK TABLE ai_router.$set->{table} IN ACCESS EXCLUSIVE MODE");
}
for my $set (@sets)
{
	$set->{sent} = AiRouterSession::now();
	$set->{cached}->send(call_sql());
	$set->{want}{cached} = $prompt;
}
sub knows
{
	my ($set) = @_;
	my $r = $set->{cached}->wait;
	is($r->{rows}[0][0], $set->{want}{cached}, "$set->{table} is locked: a session that knows the configuration calls");
	# An answer may be in the cache's table: it is worth a wait of five seconds, but not another one.
	cmp_ok($r->{at} - $set->{sent}, '<', $set->{table} eq 'cache' ? 9.5 : 4.5, "$set->{table}: without waiting long");
	return;
}
# Before anything else, which would take time.
knows($_) for grep { $_->{table} ne 'cache' } @sets;
for my $set (@sets)
{
	is($set->{locker}->query(call_sql())->{rows}[0][0], $prompt, "$set->{table}: and the one that holds the lock");
	$node->safe_psql($set->{db}, q(ALTER SERVER p OPTIONS (SET timeout '61000')));
}
my $start = AiRouterSession::now();
for my $set (@sets)
{
	$set->{fresh} = $t->session(dbname => $set->{db});
	for my $who (qw(told fresh))
	{
		$set->{$who}->send(call_sql());
		$set->{want}{$who} = $prompt;
	}
}
knows($_) for grep { $_->{table} eq 'cache' } @sets;
my %waited;
for my $set (@sets)
{
	for my $who (qw(told fresh))
	{
		my $r = $set->{$who}->wait;
		my $what = "$set->{table} is locked, " . ($who eq 'told' ? 'after a change' : 'a new session');
		cmp_ok($r->{at} - $start, '<', 9.5, "$what: ends in time, not after a second wait");
		if ($r->{error})
		{
			$waited{ $set->{table} } = 1;
			is($r->{error}{C}, '55P03', "$what: SQLSTATE");
			like($r->{error}{M}, qr/^table ai_router\.$set->{table} is locked by another session$/, "$what: message");
			like($r->{error}{H}, qr/pg_locks/, "$what: hint");
			cmp_ok($r->{at} - $start, '>', 4.5, "$what: not before five seconds");
		}
		else { is($r->{rows}[0][0], $set->{want}{$who}, "$what: answers"); }
	}
}
like(join(' ', sort keys %waited), qr{^(?:budgets )?fixtures models predictors prompts rules$}, 'calls wait for what they are configured by, and for nothing else');
for my $set (@sets)
{
	$set->{locker}->query('COMMIT');
	is($set->{$_}->value(call_sql()), $prompt, "$set->{table} is free: calls work ($_)") for qw(cached told fresh locker);
	$set->{$_}->quit for qw(cached told fresh locker);
}

# --- What a wait is like ----------------------------------------------------------------------

my $locker = $t->session;
my $s = $t->session;
sub hold { my $what = shift; $locker->query('BEGIN'); $locker->query($what); invalidate(); return; }

# Over as soon as the lock is.
cmp_ok($t->quickest(0.5, sub {
	hold('LOCK TABLE ai_router.rules');
	$s->send(call_sql());
	ok($t->until_true(sub { $admin->value('SELECT ' . $locker->pid . ' = ANY (pg_blocking_pids(' . $s->pid . '))') eq 't' }), 'who is waited for can be seen');
	my $begin = AiRouterSession::now();
	$locker->query('COMMIT');
	my $r = $s->wait;
	is($r->{rows}[0][0], $prompt, 'a call goes on when the lock goes');
	return $r->{at} - $begin;
}), '<', 0.5, 'at once');

# Interruptible; a shorter lock_timeout counts, and is what it was afterwards.
hold('LOCK TABLE ai_router.rules');
cmp_ok($t->quickest(0.5, sub {
	$s->send(call_sql());
	ok(waits_for_lock($s), 'it waits');
	my $begin = AiRouterSession::now();
	cancel($s);
	my $r = $s->wait;
	is($r->{error}{C}, '57014', 'and can be cancelled');
	return $r->{at} - $begin;
}), '<', 0.5, 'at once');
is($s->value('SHOW lock_timeout'), '0', 'lock_timeout is as before');
$s->query('SET lock_timeout = 300');
$start = AiRouterSession::now();
is($s->query(call_sql())->{error}{C}, '55P03', 'lock_timeout counts');
cmp_ok(elapsed($start), '<', 4.5, 'where it is shorter');
is($s->value('SHOW lock_timeout'), '300ms', 'and is as before');
$s->query(q(DO $$ BEGIN PERFORM ai_complete('x'); EXCEPTION WHEN lock_not_available THEN NULL; END $$));
is($s->value('SHOW lock_timeout'), '300ms', 'also after a caught error');
$locker->query('COMMIT');
is($s->value(call_sql()), $prompt, 'free again');
$s->query('RESET lock_timeout');

# The table that comes after the wait is another one, or none.
hold('TRUNCATE ai_router.rules; INSERT INTO ai_router.rules (name, models) VALUES (\'default\', \'{slow}\')');
$s->send(call_sql());
usleep(200_000);
$locker->query('COMMIT');
is($s->wait->{error}{C}, 'RT001', 'what was committed meanwhile is what counts');
$t->sql(q(UPDATE ai_router.rules SET models = NULL));
$locker->query('BEGIN');
$locker->query('DROP EXTENSION ai_router CASCADE');
$s->quit;
$s = $t->session;
$s->send(q(DO $$ BEGIN PERFORM ai_complete('Echo: 1'); END $$));
usleep(200_000);
$locker->query('ROLLBACK');
is($s->wait->{error}, undef, 'an extension that is not dropped after all');

# VACUUM FULL of all configuration under load: nobody fails.
my @many = map { $t->session } 1 .. 4;
$_->send(q(DO $$ BEGIN FOR i IN 1..300 LOOP PERFORM ai_complete('Echo: ' || i, '{"model":"good","cache":"off"}'); END LOOP; END $$)) for @many;
for (1 .. 5)
{
	$t->sql("VACUUM FULL ai_router.$_") for qw(models rules fixtures);
}
is($_->wait->{error}, undef, 'VACUUM FULL breaks no call') for @many;

# --- Holding a lock and calling ----------------------------------------------------------------

# With the spool full because of a lock: an end, and no deadlock with the writer, for the one that holds it
# and another one. The savepoint keeps the lock when the call has failed.
my $elsewhere = $t->session(dbname => 'db_models');
$locker->query($_) for 'BEGIN', 'LOCK ai_router.calls', 'SAVEPOINT locked';
my $fill = q(SELECT count(ai_complete('Echo: ' || i, '{"model":"good","cache":"off"}')) FROM generate_series(1, %d) i);
$_->send(sprintf $fill, 1000) for $locker, $s;
ok($t->until_true(sub { stat_of('spool_waits') >= 2 }), 'the spool is full');
$start = AiRouterSession::now();
is($elsewhere->value(sprintf $fill, 20), 20, 'another database calls');
ok($s->busy && $locker->busy, 'meanwhile: the two still wait');
is($locker->wait->{error}{C}, '53400', 'calling under one\'s own lock ends when the spool is full');
cmp_ok(elapsed($start), '<', 9.5, 'after five seconds of that, not after twice as many');
is($s->wait->{error}{C}, '53400', 'the same under somebody else\'s lock');
$elsewhere->quit;
$locker->query('ROLLBACK');
is($s->value(call_sql()), $prompt, 'then calls work');

# Nearly full of what is under way: there is room for a call without an answer for the cache, not for one with
# it.  As long as rows of others come and go that one waits, and does not fail after five seconds.
sub occupy
{
	my ($session, $n) = @_;
	return $session->send(qq(SELECT ai_complete((SELECT array_agg('Echo: hold ' || i) FROM generate_series(1, $n) i), '{"model":"hang","cache":"off"}')));
}
my ($first, $second, $busy, $late) = map { $t->session } 1 .. 4;
ok(is_empty(), 'the spool is empty');
occupy($first, 1);
ok($t->wait_for('hang--fault-hang', 'in_flight', 1), 'a call is under way');
my $one = stat_of('spool_bytes_used');
cancel($first);
$first->wait;
ok(is_empty(), 'and has ended');
# A database has three quarters of the spool at most.
my $fit = int(stat_of('spool_bytes') * 3 / 4 / $one) - 1;
occupy($first, int($fit / 2));
occupy($second, $fit - int($fit / 2));
ok($t->wait_for('hang--fault-hang', 'in_flight', $fit), "$fit calls are under way");
$busy->send(q(DO $$ BEGIN LOOP PERFORM ai_complete('Echo: busy', '{"model":"good","cache":"off"}'); END LOOP; END $$));
my $waits = stat_of('spool_waits');
$late->send(call_sql());
my $sent = AiRouterSession::now();
$t->until_true(sub { !$late->busy || elapsed($sent) > 7 });
ok($late->busy, 'a call waits for room while the writer makes headway');
cmp_ok(stat_of('spool_waits'), '>', $waits, 'indeed');
cancel($_) for $first, $second;
$_->wait for $first, $second;
is($late->wait->{rows}[0][0], $prompt, 'and is made when there is some');
ok($busy->busy, 'as the others were');
cancel($busy);
$busy->wait;

# Rows locked crosswise by two sessions with the same prompts: PostgreSQL's own deadlock, for one of them.
$t->sql(q(CREATE TABLE r (id int PRIMARY KEY, v text); INSERT INTO r VALUES (1), (2)));
my @pair = map { $t->session } 1 .. 2;
$pair[$_]->query('BEGIN') for 0, 1;
$pair[$_]->value(sprintf q(UPDATE r SET v = ai_complete('Echo: own', '{"model":"slow"}') WHERE id = %d RETURNING v), $_ + 1) for 0, 1;
$pair[$_]->send(sprintf q(UPDATE r SET v = ai_complete('Echo: other', '{"model":"slow"}') WHERE id = %d RETURNING v), 2 - $_) for 0, 1;
my @ends = map { my $e = $_->wait; $_->query('ROLLBACK'); $e->{error} ? $e->{error}{C} : $e->{rows}[0][0] } @pair;
is(join(' ', sort @ends), '40P01 other', 'rows locked crosswise: one deadlock, one answer');
is($t->counter($slow, 'requests'), 2, 'and each prompt was asked once');

# The owner of a flight waits for a lock of a session that waits for the flight: the flight's lease ends
# that, though neither PostgreSQL nor we can see the circle.
$t->reset;
my ($owner, $waiter) = @pair;
# The first four take so long that nobody can miss them, the others no time.
$t->behave($slow, lat => 2000, first => 4);
$owner->query('SET ai_router.max_concurrency = 4');
$waiter->value(q(SELECT count(*) FROM ai_route('x')));    # knows the configuration
$waiter->query('BEGIN');
$waiter->query('LOCK TABLE ai_router.models');
# The eighth call of the array is submitted with the first seven; the ninth meets the lock.
$owner->send(q(SELECT ai_complete((SELECT array_agg('Echo: deep ' || i ORDER BY i) FROM generate_series(1, 12) i), '{"model":"slow"}')));
ok($t->wait_for($slow, 'in_flight', 4), 'the owner has calls in flight');
$start = AiRouterSession::now();
invalidate();
ok(waits_for_lock($owner), 'and waits for the lock');
# Its own configuration is out of date, too: it may read what it has locked.
my $r = $waiter->query(q(SELECT ai_complete('Echo: deep 8', '{"model":"slow"}')));
is($r->{rows}[0][0], 'deep 8', 'who holds the lock gets its answer');
# While the owner still waits, for five seconds at most: it would have an error then.
cmp_ok($r->{at} - $start, '>', 1.9, 'when the lease is over, and not before');
$waiter->query('COMMIT');
$r = $owner->wait;
is($r->{error}, undef, 'the owner goes on');
is($r->{rows}[0][0], '{' . join(',', map { "\"deep $_\"" } 1 .. 12) . '}', 'and has all answers');
cmp_ok($t->counter($slow, 'requests'), '<=', 13, 'bought once each, or twice what changed hands');

# --- A trigger of the user's on the ledger -------------------------------------------------------

ok(is_empty(), 'the spool is empty');
$t->sql(q(CREATE TABLE mine (call_id bigint);
	CREATE FUNCTION copy_call() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.mine VALUES (NEW.call_id); RETURN NEW; END $$;
	CREATE TRIGGER copy_call BEFORE INSERT ON ai_router.calls FOR EACH ROW EXECUTE FUNCTION copy_call()));
$locker->query('BEGIN');
$locker->query('LOCK TABLE mine');
# It is held until this has ended.
is($s->value(q(SELECT count(ai_complete('Echo: t' || i, '{"model":"good"}')) FROM generate_series(1, 20) i)), 20,
	'a trigger on ai_router.calls that waits for a lock holds no call up at all');
usleep(1_500_000);    # past the writer's lock_timeout
$locker->query('COMMIT');
ok($t->until_true(sub { $t->sql('SELECT count(*) FROM mine') >= 20 }, 20), 'the rows arrive when it goes');
is($t->sql('SELECT count(*) || \' \' || count(DISTINCT call_id) FROM mine'), '20 20', 'once each');
is(stat_of('rows_dropped'), 0, 'and nothing was dropped');

done_testing();

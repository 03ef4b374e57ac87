# Crashes: of a session with calls in flight, of the postmaster, of the whole
# server; and what a call says when it may not be made at all.  Ids of calls
# only go up, across all of it.
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(usleep);
use Cwd qw(abs_path);
use AiRouterTest;
use PostgreSQL::Test::Utils;

my $t = AiRouterTest->new('crash', conf => "restart_after_crash = on\n");
my $node = $t->node;
my $hang = 'hang--fault-hang';
my $highest = 0;

my $busy = 'busy--lat-40--jit-40';
$t->models_at_p(good => 'good', hang => $hang, busy => $busy);
$t->sql(q(CREATE ROLE somebody; GRANT USAGE ON FOREIGN SERVER p TO somebody));

my $hanging = q(SELECT ai_complete((SELECT array_agg('Echo: ' || i) FROM generate_series(1, 64) i), '{"model":"hang"}'));

# Calls work, in several sessions, and their ids are above all that were seen before.
sub works
{
	my $when = shift;
	my @ids;

	for my $session (1 .. 2)
	{
		my $s = $t->session;
		for my $i (1 .. 3)
		{
			my $r = $s->query(qq(SELECT answer, call_id, ai_last_call_id() FROM ai_call('Echo: $i', '{"model":"good"}')));
			is($r->{rows}[0][0], $i, "$when: session $session calls");
			is($s->value('SELECT ai_last_call_id()'), $r->{rows}[0][1], "$when: ai_last_call_id() tells its id");
			push @ids, $r->{rows}[0][1];
		}
	}
	my $first = (sort { $a <=> $b } @ids)[0];
	cmp_ok($first, '>', $highest, "$when: ids are above $highest");
	my %distinct = map { $_ => 1 } @ids;
	is(scalar keys %distinct, scalar @ids, "$when: ids are distinct");
	$highest = (sort { $a <=> $b } @ids)[-1];
	return;
}

# A session with 64 calls in flight.
sub in_flight
{
	my $s = $t->session;
	$s->query('SET ai_router.max_concurrency = 64');
	$s->send($hanging);
	ok($t->wait_for($hang, 'in_flight', 64), '64 calls are in flight');
	return $s;
}

is($t->session->value('SELECT ai_last_call_id()'), undef, 'no call yet, no id');
works('at first');

$node->restart;
works('after a clean restart');

$node->stop('immediate');
$t->start;
works('after an immediate stop');

# A session is killed.
my $victim = in_flight();
my $bystander = $t->session;
$bystander->value(q(SELECT ai_complete('Echo: x', '{"model":"good"}')));
kill 'KILL', $victim->pid;
ok($victim->wait->{closed}, 'the killed session ends');
ok($t->wait_for($hang, 'in_flight', 0, 'le'), 'its connections to the provider are closed');
ok($bystander->wait->{closed}, 'the server restarts all sessions');
$t->until_up;
works('after a crash of a session');

# A session is killed while 64 calls are in flight and others end all the time: what was answered until
# some time before is in the ledger, once, and there is nothing in it that was not answered.  A second is
# the promise; a busy machine may keep the writer from running for two more.
my $late_s = 3;
sub rows { my $table = shift; return $t->sql("SELECT count(*) FROM ai_router.$table WHERE model = 'busy'"); }
for my $round (1 .. 2)
{
	$t->reset;
	$t->sql(q(DELETE FROM ai_router.calls WHERE model = 'busy'; DELETE FROM ai_router.attempts WHERE model = 'busy'));
	$victim = $t->session;
	$victim->query('SET ai_router.max_concurrency = 64');
	$victim->send(q(SELECT ai_complete((SELECT array_agg('Echo: busy ' || i) FROM generate_series(1, 100000) i), '{"model":"busy"}')));
	my @seen;
	# Until enough were answered so long ago.
	while (!grep { $_->[1] > 200 && $_->[0] <= AiRouterSession::now() - $late_s - 0.5 } @seen)
	{
		push @seen, [ AiRouterSession::now(), $t->counter($busy, 'ok') ];
		usleep(20_000);
	}
	my $seen_before = rows('calls');
	ok($t->wait_for($busy, 'in_flight', 33), "round $round: many calls are in flight");
	my $killed = AiRouterSession::now();
	ok($t->crash($victim->pid), "round $round: the server restarts");
	ok($victim->wait->{closed}, "round $round: the session is killed");
	my $answered = $t->counter($busy, 'ok');
	my ($safe) = map { $_->[1] } grep { $_->[0] <= $killed - $late_s } reverse @seen;
	my $kept = rows('calls');
	cmp_ok($safe, '>', 200, "round $round: $safe answers were older than $late_s seconds");
	cmp_ok($kept, '>=', $safe, "round $round: they are in the ledger ($kept of $answered)");
	cmp_ok($kept, '>=', $seen_before, "round $round: as is what was seen there before ($seen_before)");
	cmp_ok($kept, '<=', $answered, "round $round: and nothing that was not answered");
	is(rows('attempts'), $kept, "round $round: an attempt for each");
	is($t->sql('SELECT count(*) FROM (SELECT call_id FROM ai_router.calls GROUP BY 1 HAVING count(*) > 1) x'), 0, "round $round: nothing twice");
	$highest = $t->sql('SELECT max(call_id) FROM ai_router.calls');
	works("round $round: after it");
	is($t->sql(q(SELECT string_agg(name || ' ' || value, ', ') FROM ai_router.stats WHERE name IN ('calls', 'failures', 'spool_waits', 'rows_dropped') AND value > 6)),
		'', "round $round: counters have begun anew");
	is($t->sql('SELECT coalesce(sum(in_flight), 0) FROM ai_router.model_health'), 0, "round $round: nothing counts as in flight");
}

# Ids that were given but never seen: those of calls in flight at a crash.
$victim = in_flight();
my $last = $t->session;
my $given = $last->value(q(SELECT call_id FROM ai_call('Echo: x', '{"model":"good"}')));
cmp_ok($given, '>', $highest + 64, 'calls in flight have ids of their own');
$highest = $given;

# The postmaster dies.
my $start = AiRouterSession::now();
$node->kill9;
my $r = $victim->wait;
ok($r->{closed}, 'the death of the postmaster ends a session with calls in flight');
# The calls would go on for a minute; a busy machine may need some seconds.
cmp_ok($r->{at} - $start, '<', 20, sprintf 'soon (%.1f ms)', 1000 * ($r->{at} - $start));
ok($last->wait->{closed}, 'and idle ones');
ok($t->wait_for($hang, 'in_flight', 0, 'le'), 'nothing stays in flight');

# Its last children follow; then the lock files go, because a postmaster that the machine's init
# has not reaped yet would count as running.
my $data = abs_path($node->data_dir);
ok( $t->until_true(sub { !grep { (readlink($_) // '') eq $data } glob '/proc/[0-9]*/cwd' }),
	'all processes of the server have ended');
unlink "$data/postmaster.pid", $node->host . "/.s.PGSQL." . $node->port . ".lock";
$t->start;
works('after the death of the postmaster');

# Switched off.
$t->sql('ALTER SYSTEM SET ai_router.enabled = off; SELECT pg_reload_conf()');
ok( $t->until_true(sub { $t->sql('SHOW ai_router.enabled') eq 'off' }),
	'calls are switched off for the whole server');
my $s = $t->session;
my $before = $t->counter('good', 'requests');
for my $call (
	q(ai_complete('x')),
	q(ai_complete('{x,y}'::text[])),
	q(ai_call('x')),
	q(ai_complete('x', '{"on_error":"null"}')))
{
	$r = $s->query("SELECT $call");
	is($r->{error}{C}, '55000', "$call, switched off: SQLSTATE");
	like($r->{error}{M}, qr/switched off/, "$call, switched off: message");
	like($r->{error}{H}, qr/ai_router\.enabled/, "$call, switched off: hint");
}
$s->query('SET ROLE somebody');
is($s->query('SET ai_router.enabled = on')->{error}{C}, '42501', 'a user cannot switch them on');
$s->query('RESET ROLE');
is($t->counter('good', 'requests'), $before, 'nothing was sent');
$s->query('SET ai_router.enabled = on');
is($s->value(q(SELECT ai_complete('Echo: on', '{"model":"good"}'))), 'on', 'a superuser can');
$t->sql('ALTER SYSTEM RESET ai_router.enabled; SELECT pg_reload_conf()');

# Not preloaded.
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
$s = $t->session;
for my $call (q(ai_complete('x')), q(ai_complete('{x,y}'::text[])), q(ai_call('x')))
{
	$r = $s->query("SELECT $call");
	is($r->{error}{C}, '55000', "$call, not preloaded: SQLSTATE");
	like($r->{error}{M}, qr/must be loaded via shared_preload_libraries/, "$call, not preloaded: message");
	like($r->{error}{H}, qr/ALTER SYSTEM SET shared_preload_libraries/, "$call, not preloaded: hint");
}
is($s->value('SELECT count(*) FROM ai_router.models'), 3, 'what calls nobody works without it');
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'ai_router'");
$node->restart;
works('preloaded again');

done_testing();

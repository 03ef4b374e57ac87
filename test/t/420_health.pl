# Health, circuit breaker and limits: what one session learns, all sessions mind.
use strict;
use warnings;
use JSON::PP;
use Test::More;
use Time::HiRes qw(usleep);
use AiRouterTest;
use PostgreSQL::Test::Utils;

my $t = AiRouterTest->new('health',
	breaker => 1,
	conf => "max_connections = 40\nai_router.health_entries = 64\nautovacuum = off\n");
my $sandbox = $t->sandbox;
my ($priority, $made) = (50, 0);

$t->server('p', api => 'openai', path => '/compat/v1');
$t->sql("INSERT INTO ai_router.rules (name) VALUES ('all')");
my @sessions = map { $t->session } 1 .. 8;

# Models, each [ id, COLUMN => value .. ] or id, and a rule that allows them in that order for task $name.
sub rule
{
	my ($name, $strategy, @specs) = @_;
	my @ids;

	for (@specs)
	{
		my ($id, %col) = ref $_ ? @$_ : ($_);
		$t->model($id, 'p', $id, %col);
		push @ids, $id;
	}
	my $list = join ',', map { qq("$_") } @ids;
	$t->sql('INSERT INTO ai_router.rules (name, priority, condition, strategy, models) VALUES ('
		  . qq|'$name', $priority, '\$.task == "$name"', '$strategy', '{$list}')|);
	$priority--;
	return;
}

# The call of a task as SQL, and its row.
sub call_sql
{
	my ($task, %hints) = @_;
	return "ai_call('Echo: ' || " . ++$made . ', ' . AiRouterTest::quote(encode_json({ task => $task, %hints })) . '::jsonb)';
}

sub call
{
	my ($s, $task, %hints) = @_;
	return decode_json($s->value('SELECT row_to_json(r) FROM ' . call_sql($task, %hints) . ' r'));
}

# A column of model_health for a model.
sub health
{
	my ($model, $column) = @_;
	return $t->sql("SELECT $column FROM ai_router.model_health WHERE model = '$model'");
}

# n calls of a task in each session at once; the results of all.
sub storm
{
	my ($task, $n, %hints) = @_;
	my $hints = AiRouterTest::quote(encode_json({ task => $task, %hints }));

	$_->send("SELECT (r).model, (r).answer, (r).error FROM (SELECT ai_call('Echo: ' || i, $hints) AS r "
		  . "FROM generate_series(1, $n) i OFFSET 0) x")
	  for @sessions;
	return map { @{ $_->wait->{rows} } } @sessions;
}

# --- A model that fails slowly ----------------------------------------------------

# Calls are held back for a second at most until the first failure is known.  On a busy machine that may take
# longer, and more than 5 go: so the best of some tries.
rule('slow', 'ordered', 'sick', 'well');
my @r;
sub most_failures
{
	my ($prepare) = @_;
	my $best;

	for (1 .. 5)
	{
		$prepare->();
		my $before = $t->counter('sick', 'requests');
		$sandbox->behave('sick', lat => 300, status => 503);
		@r = storm('slow', 4);
		is(scalar(grep { $_->[0] eq 'well' && defined $_->[1] } @r), 32, 'all calls were answered by the fallback');
		my $n = $t->counter('sick', 'requests') - $before;
		$best = $n if !defined $best || $n < $best;
		last if $best <= 5;
	}
	return $best;
}
cmp_ok(most_failures(sub { $t->sql('SELECT ai_router.health_reset()') }), '<=', 5, 'a model never seen before: at most 5 slow failures in 8 sessions');
is(health('sick', 'breaker'), 'open', 'its breaker is open');
like($t->sql(q(SELECT reason FROM ai_route('x', '{"task": "slow"}') WHERE model = 'sick')),
	qr/circuit breaker (open|half-open)/, 'ai_route tells');

# Recovery: exactly one probe, then everybody.
# It takes long enough for all sessions to come meanwhile, on a busy machine, too.
$sandbox->behave('sick', lat => 3000);
ok($t->until_true(sub { health('sick', 'breaker') eq 'half-open' }), 'the cool-down passes');
my $before = $t->counter('sick', 'requests');
$_->send('SELECT ' . call_sql('slow')) for @sessions;
ok($sandbox->wait_for('sick', 'in_flight', 1), 'after the cool-down a probe goes');
usleep(200_000);
is($t->counter('sick', 'in_flight'), 1, 'exactly one');
$_->wait for @sessions;
is($t->counter('sick', 'requests'), $before + 1, 'the other sessions went to the fallback meanwhile');
is(health('sick', 'breaker'), 'closed', 'its answer closes the breaker');
is(call($sessions[3], 'slow')->{model}, 'sick', 'and another session uses the model again');

# It starts to fail after it was well.
my $well = sub {
	$t->sql('SELECT ai_router.health_reset()');
	$sandbox->behave('sick');
	call($sessions[0], 'slow') for 1 .. 10;
};
cmp_ok(most_failures($well), '<=', 5, 'a model that starts failing: again at most 5 slow failures');

# What is refused is no failure.
rule('refused', 'ordered', 'refuses--status-400');
call($sessions[$_ % 8], 'refused') for 1 .. 12;
is(health('refuses--status-400', 'breaker'), 'closed', 'rejected requests open nothing');
is($t->counter('refuses--status-400', 'requests'), 12, 'each was asked');

# --- One candidate only -------------------------------------------------------------

rule('alone', 'ordered', 'alone--status-503');
call($_, 'alone', retries => 0) for @sessions[ 0 .. 4 ];
is($t->counter('alone--status-503', 'requests'), 5, 'five were asked');
# A busy machine may let the cool-down pass; the next one is longer.
my $r;
for (1 .. 6)
{
	$before = $t->counter('alone--status-503', 'requests');
	$r = call($sessions[0], 'alone', timeout_ms => 300, retries => 0);
	last if $r->{error} =~ /circuit breaker/;
}
like($r->{error}, qr/^RT002: .*\d failures in a row opened its circuit breaker at .* until /, 'open: RT002 says since when');
is($t->counter('alone--status-503', 'requests'), $before, 'nothing was sent');
$sandbox->behave('alone--status-503');
is(call($sessions[0], 'alone')->{answer}, $made, 'with time, the call waits for the cool-down and is the probe');

# --- A prober that dies --------------------------------------------------------------

rule('prober', 'ordered', 'dying');
$sandbox->behave('dying', status => 503);
call($_, 'prober', retries => 0) for @sessions[ 0 .. 4 ];
$sandbox->behave('dying', fault => 'hang');
my $prober = $t->session;
$prober->send('SELECT ' . call_sql('prober'));
ok($sandbox->wait_for('dying', 'in_flight', 1), 'a probe hangs');
is(health('dying', 'in_flight'), 1, 'it is in flight');
$sandbox->behave('dying');
$t->sql('SELECT pg_terminate_backend(' . $prober->pid . ')');
# Its lease would last for 15 seconds.
is(call($sessions[0], 'prober', timeout_ms => 13000)->{answer}, $made, 'its session is killed: another one probes at once');

# --- Retry-After ----------------------------------------------------------------------

rule('busy', 'ordered', 'busy', 'idle');
$sandbox->behave('busy', status => 429, retry => 30);
is(call($sessions[0], 'busy')->{model}, 'idle', 'a model asks for patience');
is(call($sessions[1], 'busy')->{attempts}, 1, 'another session does not even ask it');
is($t->counter('busy', 'requests'), 1, 'it had one request');
is(health('busy', q(breaker || ' ' || (cool_down_until > now() + interval '20 s'))), 'closed true', 'the view tells');
$t->sql('SELECT ai_router.health_reset()');
$sandbox->behave('busy');
is(call($sessions[2], 'busy')->{model}, 'busy', 'health_reset() forgets it');

# --- Places in flight come back -----------------------------------------------------------

rule('hang', 'ordered', 'hang--fault-hang');
$sessions[0]->send('SELECT ' . call_sql('hang'));
ok($sandbox->wait_for('hang--fault-hang', 'in_flight', 1), 'a request hangs');
is(health('hang--fault-hang', 'in_flight'), 1, 'in flight');
$t->sql('SELECT pg_cancel_backend(' . $sessions[0]->pid . ')');
is($sessions[0]->wait->{error}{C}, '57014', 'cancelled');
is(health('hang--fault-hang', 'in_flight'), 0, 'cancel gives it back');
# One message: the failure of the second takes the setting back.
is($sessions[0]->query("SET statement_timeout = '200ms'; SELECT " . call_sql('hang'))->{error}{C}, '57014', 'statement_timeout');
is(health('hang--fault-hang', "in_flight || ' ' || failures"), '0 0', 'too, and neither is a failure');
$prober = $t->session;
$prober->send('SELECT ' . call_sql('hang'));
ok($sandbox->wait_for('hang--fault-hang', 'in_flight', 1), 'once more');
$t->sql('SELECT pg_terminate_backend(' . $prober->pid . ')');
ok($t->until_true(sub { health('hang--fault-hang', 'in_flight') == 0 }), 'the end of a backend gives it back');

# --- Rates ----------------------------------------------------------------------------------

# The best of some tries: what a busy machine sent, or its provider read, late comes all at once.
rule('rpm', 'ordered', [ 'rated', rpm => 600 ]);
my ($begin, $took, $per_second);
for (1 .. 5)
{
	# The bucket is full again.
	usleep(1_100_000) if defined $took;
	$t->reset;
	$begin = AiRouterSession::now();
	@r = storm('rpm', 4);
	$took = AiRouterSession::now() - $begin;
	$per_second = $t->counter('rated', 'max_per_second');
	is(scalar(grep { defined $_->[1] } @r), 32, 'rpm 600, 8 sessions: all 32 calls are answered');
	last if $per_second <= 20 && $took < 5;
}
cmp_ok($per_second, '<=', 20, 'never more than 10 and a burst of 10 in a second');
cmp_ok($took, '>=', 2.1, 'so it takes (32 - 10) / 10 seconds');
cmp_ok($took, '<', 5, 'and not much longer');

$sessions[0]->query('SELECT ' . call_sql('rpm')) for 1 .. 10;
$t->sql(q(UPDATE ai_router.models SET rpm = 1 WHERE name = 'rated'));
$begin = AiRouterSession::now();
call($sessions[0], 'rpm', timeout_ms => 300);
$r = call($sessions[1], 'rpm', timeout_ms => 300);
like($r->{error}, qr/^RT003: .*limit of 1 requests per minute leaves no room within 300 ms/, 'no room in time: RT003');
(my $ms, $r) = $t->cancel_ms($sessions[0], sub {
	$sessions[0]->send('SELECT ' . call_sql('rpm', timeout_ms => 100_000));
	usleep(300_000);
	ok($sessions[0]->busy, 'a wait for room');
	return 1;
}, 100);
is($r->{error}{C}, '57014', 'can be cancelled');
cmp_ok($ms, '<', 100, 'at once');

# Four tokens a call, more by estimate: 64 at 20 a second and a burst of 20.
rule('tpm', 'ordered', [ 'tokens', tpm => 1200 ]);
$begin = AiRouterSession::now();
call($sessions[ $_ % 8 ], 'tpm', max_tokens => 10) for 0 .. 15;
$took = AiRouterSession::now() - $begin;
cmp_ok($took, '>=', 1.5, 'tpm makes calls wait');
cmp_ok($took, '<', 8, 'and settles what they used');
rule('spill', 'ordered', [ 'narrow', rpm => 1 ], 'wide');
is_deeply([ map { call($sessions[$_], 'spill')->{model} } 0, 1 ], [ 'narrow', 'wide' ],
	'a full limit sends the call to the next candidate');

# --- Concurrency --------------------------------------------------------------------------------

rule('places', 'ordered', [ 'places--lat-100', max_concurrency => 2 ]);
@r = storm('places', 2);
is(scalar(grep { defined $_->[1] } @r), 16, 'max_concurrency 2, 8 sessions: all answered');
is($t->counter('places--lat-100', 'peak'), 2, 'two at a time');

$t->server('two', api => 'openai', path => '/compat/v1', max_concurrency => 3, key => 'sandbox-two');
$t->model($_, 'two', $_) for qw(s1--lat-100 s2--lat-100);
$_->send(q(SELECT count(answer) FROM ai_compare('Echo: x', '{s1--lat-100,s2--lat-100}'))) for @sessions;
is_deeply([ map { $_->wait->{rows}[0][0] } @sessions ], [ (2) x 8 ], 'max_concurrency of a server: all answered');
cmp_ok($t->counter('s1--lat-100', 'peak') + $t->counter('s2--lat-100', 'peak'), '<=', 6, 'few at a time');

# All sessions have the setting.
sub reload
{
	my ($sql, $value) = @_;
	$t->sql($sql);
	$t->sql('SELECT pg_reload_conf()');
	for my $s (@sessions)
	{
		$t->until_true(sub { $s->value('SHOW ai_router.max_total_concurrency') eq $value }) or die 'no reload';
	}
	return;
}
my $unlimited = $sessions[0]->value('SHOW ai_router.max_total_concurrency');
reload('ALTER SYSTEM SET ai_router.max_total_concurrency = 3', 3);
rule('total', 'ordered', 'total--lat-100');
@r = storm('total', 2);
is(scalar(grep { defined $_->[1] } @r), 16, 'max_total_concurrency 3, 8 sessions: all answered');
is($t->counter('total--lat-100', 'peak'), 3, 'three at a time');
reload('ALTER SYSTEM RESET ai_router.max_total_concurrency', $unlimited);

# A model that was idle starts with five in flight, and soon has as many as are wanted.
rule('burst', 'ordered', 'burst--lat-300', 'spare');
$sessions[0]->query('SET ai_router.max_concurrency = 64');
is($sessions[0]->value(q(SELECT count(*) FROM unnest(ai_complete((SELECT array_agg('Echo: ' || i) FROM generate_series(1, 300) i), '{"task": "burst"}')))),
	300, '300 calls in one array');
is($t->counter('burst--lat-300', 'requests'), 300, 'all of them go to the first candidate');
is($t->counter('burst--lat-300', 'peak'), 64, 'with all slots in the end');

# --- Strategy fastest ------------------------------------------------------------------------------

rule('speed', 'fastest', 'tortoise--lat-150', 'hare--lat-5');
# Once more if a busy machine has made the hare the slower one.
my %models;
for (1 .. 5)
{
	$t->sql('SELECT ai_router.health_reset()');
	%models = map { call($sessions[$_], 'speed')->{model} => 1 } 0, 1;
	is(scalar keys %models, 2, 'fastest: a model that nobody measured comes first');
	last if $t->sql(q(SELECT bool_or(model LIKE 'hare%' AND latency_p95_ms < 75) FROM ai_router.model_health)) eq 't';
}
is_deeply([ map { call($sessions[$_], 'speed')->{model} } 2 .. 7 ], [ ('hare--lat-5') x 6 ], 'then the faster one');
cmp_ok($t->sql(q(SELECT est_latency_ms FROM ai_route('x', '{"task": "speed"}') WHERE model LIKE 'tortoise%')),
	'>', 100, 'ai_route knows the latency');
is($t->sql(q(SELECT model FROM ai_route('x', '{"prefer": "speed", "model": ["tortoise--lat-150", "hare--lat-5"]}') WHERE rank = 1)),
	'hare--lat-5', 'prefer: speed takes it');

# --- Databases, rights, a full table -------------------------------------------------------------------

$t->sql('CREATE DATABASE other');
$t->node->safe_psql('other', 'CREATE EXTENSION ai_router; CREATE SERVER p2 FOREIGN DATA WRAPPER ai_router OPTIONS '
	  . "(api 'openai', base_url '" . $t->url('/compat/v1') . "'); "
	  . "CREATE USER MAPPING FOR PUBLIC SERVER p2 OPTIONS (api_key 'sandbox-key'); "
	  . "INSERT INTO ai_router.models (name, server, model) VALUES ('mine', 'p2', 'shared'); "
	  . "INSERT INTO ai_router.rules (name) VALUES ('all')");
rule('shared', 'ordered', 'shared');
$sandbox->behave('shared', status => 503);
call($_, 'shared', retries => 0) for @sessions[ 0 .. 4 ];
# A busy machine may let the cool-down pass; the next one is longer.
my $error;
for (1 .. 6)
{
	$before = $t->counter('shared', 'requests');
	$error = $t->node->safe_psql('other', q(SELECT (ai_call('x', '{"timeout_ms": 200, "retries": 0, "model": "mine"}')).error));
	last if $error =~ /circuit breaker/;
}
like($error, qr/circuit breaker/, 'another database minds the breaker');
is($t->counter('shared', 'requests'), $before, 'and sends nothing');

$t->sql('CREATE ROLE watcher IN ROLE pg_monitor; CREATE ROLE nobody_special');
cmp_ok($t->sql('SET ROLE watcher; SELECT count(*) FROM ai_router.model_health'), '>', 5, 'pg_monitor reads the view');
like(($t->try('SET ROLE nobody_special; SELECT * FROM ai_router.model_health'))[1], qr/42501/, 'others do not');
like(($t->try('SET ROLE watcher; SELECT ai_router.health_reset()'))[1], qr/42501/, 'nor do they reset');

# 64 entries: 90 models in flight at once do not fit.
$t->sql(q(INSERT INTO ai_router.models (name, server, model) SELECT 'n' || i, 'p', 'n' || i || '--lat-500' FROM generate_series(1, 90) i));
$sessions[0]->query('SET ai_router.max_concurrency = 100');
is($sessions[0]->value(q(SELECT count(answer) FROM ai_compare('Echo: x', (SELECT array_agg('n' || i) FROM generate_series(1, 90) i)))),
	90, 'a full table: calls go on');
is($t->sql('SELECT coalesce(sum(in_flight), 0) FROM ai_router.model_health'), 0, 'nothing is left in flight');
is(call($sessions[1], 'busy')->{answer}, $made, 'and the table is used anew');

done_testing();

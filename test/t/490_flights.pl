# Equal calls under way at the same time are one request, whoever makes them and however the one who
# asks comes to an end.  What counts is what the provider saw.  (400_cache.pl has the simple cases.)
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(usleep);
use AiRouterTest;
use PostgreSQL::Test::Cluster;

my $t = AiRouterTest->new('flights', cache => 1, init => [ allows_streaming => 1 ],
	conf => "restart_after_crash = on\nmax_connections = 40\nai_router.cache_size = 4MB\n");
my $node = $t->node;

my %id = (
	good => 'good',
	slow => 'slow--lat-1000',
	refuses => 'refuses--lat-2000--status-400',
	hang => 'hang--fault-hang',
	# Where the first ones get no answer, or a late one, whoever asks next has it at once.
	timeout => 'timeout--fault-hang--first-1',
	relay => 'relay--fault-hang--first-3',
	stopped => 'stopped--lat-3000--first-1',
	paused => 'paused--lat-1500--first-1',
	again => 'again--fault-hang--first-1',
	hints => 'hints--lat-2500',
	killed => 'killed--fault-hang--first-1');
$t->models_at_p(%id);

sub requests { return $t->counter($id{ $_[0] }, 'requests'); }
sub ask { my ($model, $prompt, $more) = @_; return sprintf q(SELECT ai_complete('Echo: %s', '{"model":"%s"%s}')), $prompt, $model, $more // ''; }
sub outcome { my $r = shift; return $r->{closed} ? 'closed' : $r->{error} ? $r->{error}{C} : $r->{rows}[0][0]; }

# Who of these sessions has asked the provider; they have no idle connections yet.
sub asking { return grep { $t->sockets_to($_->pid, $t->{port}, 'ESTABLISHED') > 0 } @_; }

# --- 1,000 equal prompts from 16 sessions, by all functions ---------------------------------------

my @sessions = map { $t->session } 1 .. 16;
my @forms = (
	q(SELECT array_agg(DISTINCT a) FROM unnest(ai_complete(array_fill('Echo: equal'::text, ARRAY[100]), '{"model":"slow"}')) a),
	q(SELECT array_agg(DISTINCT ai_complete('Echo: equal' || left(i::text, 0), '{"model":"slow"}')) FROM generate_series(1, 50) i),
	q(SELECT array_agg(DISTINCT ai_chat(('[{"role":"user","content":"Echo: equal"}]' || left(i::text, 0))::jsonb, '{"model":"slow"}')) FROM generate_series(1, 50) i),
	q(SELECT array_agg(DISTINCT (ai_call('Echo: equal' || left(i::text, 0), '{"model":"slow","task":"t"}')).answer) FROM generate_series(1, 50) i));
$sessions[$_]->send($forms[ $_ % 4 ]) for 0 .. 15;
is(join(' ', map { outcome($_->wait) } @sessions), join(' ', ('{equal}') x 16), '1,000 equal prompts from 16 sessions: one answer');
is(requests('slow'), 1, 'one request');
ok($t->until_true(sub { $t->sql(q(SELECT count(*) FROM ai_router.calls)) >= 1 }), 'in the ledger');
is($t->sql(q(SELECT count(*) FROM ai_router.calls)), 1, 'once');

# Among other prompts: each distinct one is asked once.
$_->send(q(SELECT array_agg(DISTINCT cardinality(ai_complete((SELECT array_agg('Echo: of ' || i % 40 ORDER BY random()) FROM generate_series(1, 160) i), '{"model":"slow"}')))))
  for @sessions;
is(join(' ', map { outcome($_->wait) } @sessions), join(' ', ('{160}') x 16), 'the same 40 prompts in 2,560 places');
is(requests('slow'), 41, '40 requests');

# --- The owner ends ---------------------------------------------------------------------------------

# An owner under way and the others waiting for it; all sessions are new.
sub under_way
{
	my ($model, $prompt, $n, %opt) = @_;
	my $before = requests($model);
	my $owner = $t->session;
	my @waiters = map { $t->session } 1 .. $n;
	$owner->query($opt{set}) if $opt{set};
	$owner->send(ask($model, $prompt));
	$t->wait_for($id{$model}, 'requests', $before + 1) or die 'the owner does not ask';
	$_->send(ask($model, $prompt)) for @waiters;
	my $pids = join ',', map { $_->pid } @waiters;
	$t->until_true(sub { $t->sql("SELECT count(*) FROM pg_stat_activity WHERE pid IN ($pids) AND state = 'active' AND wait_event_type = 'Extension'") == $n })
	  or die 'the others do not wait';
	return ($owner, $before, @waiters);
}

my ($owner, $before, @waiters) = under_way('timeout', 'timeout', 5, set => 'SET statement_timeout = 2500');
is(outcome($owner->wait), '57014', 'statement_timeout of the owner');
is(join(' ', map { outcome($_->wait) } @waiters), join(' ', ('timeout') x 5), 'the others have their answer');
is(requests('timeout'), $before + 2, 'one of them asked');

# One owner after the other.
($owner, $before, @waiters) = under_way('relay', 'relay', 4);
for my $n (1 .. 3)
{
	$t->sql('SELECT pg_terminate_backend(' . $owner->pid . ')');
	is(outcome($owner->wait), 'closed', "owner $n is terminated");
	ok($t->wait_for($id{relay}, 'requests', $before + $n + 1), 'somebody takes over');
	my @asking = asking(@waiters);
	is(scalar @asking, 1, 'and nobody else');
	$owner = $asking[0];
	@waiters = grep { $_ != $owner } @waiters;
}
is(join(' ', map { outcome($_->wait) } $owner, @waiters), 'relay relay', 'who is left has the answer');
is(requests('relay'), $before + 4, 'one request for each owner');

# It stops driving: its lease ends.  It goes on later, and does no harm.
($owner, $before, @waiters) = under_way('stopped', 'stopped', 3);
kill 'STOP', $owner->pid;
my $start = AiRouterSession::now();
ok($t->wait_for($id{stopped}, 'requests', $before + 2), 'the owner is stopped: another session asks');
my $took = AiRouterSession::now() - $start;
cmp_ok($took, '>', 1, sprintf 'not before the lease is over (%.1f s)', $took);
# Two seconds and what the machine may stand still; who waited for more waits for a minute.
cmp_ok($took, '<', 10, 'but then');
kill 'CONT', $owner->pid;
is(join(' ', map { outcome($_->wait) } $owner, @waiters), join(' ', ('stopped') x 4), 'all have the answer, and who was stopped, too');
is(requests('stopped'), $before + 2, 'of two requests');
is(outcome($owner->query(ask('stopped', 'stopped'))), 'stopped', 'afterwards it is in the cache');
is(outcome($owner->query(ask('good', 'on'))), 'on', 'and all goes on');
is(requests('stopped'), $before + 2, 'without another request');

# The machine stands still for longer than a lease, and whoever waits is the first to go on: its owner is well.
($owner, $before, @waiters) = under_way('paused', 'paused', 1);
kill 'STOP', $_->pid for $owner, @waiters;
my $newcomer = $t->session;
usleep(2_500_000);
kill 'CONT', $_->pid for @waiters;
$newcomer->send(ask('paused', 'paused'));
usleep(100_000);
kill 'CONT', $owner->pid;
is(join(' ', map { outcome($_->wait) } $owner, @waiters, $newcomer), 'paused paused paused', 'all were stopped: all have the answer');
is(requests('paused'), $before + 1, 'of one request');

# The owner needs a second attempt: who waits would, too, and waits for it.
$before = requests('again');
($owner, @waiters) = map { $t->session } 1 .. 4;
my $again = ask('again', 'again', ',"timeout_ms":1500');
$owner->send($again);
ok($t->wait_for($id{again}, 'requests', $before + 1), 'a first attempt hangs');
$_->send($again) for @waiters;
is(join(' ', map { outcome($_->wait) } $owner, @waiters), 'again again again again', 'all have the answer to the second');
is(requests('again'), $before + 2, 'which is the last');

# It has not asked yet, as its statement is at something else: another session does, and it finds what that one got.
$t->model('vectors', 'p', 'vectors', mode => 'embedding');
$t->sql('CREATE TABLE gate (n int); INSERT INTO gate VALUES (1)');
$t->sql(q(CREATE FUNCTION at_gate(g int) RETURNS text LANGUAGE plpgsql AS $$BEGIN IF g = 2 THEN PERFORM FROM gate FOR UPDATE; END IF; RETURN 'row ' || g; END$$));
my $gate = $t->session;
$gate->query('BEGIN');
$gate->query('SELECT n FROM gate FOR UPDATE');
my ($held, $other) = map { $t->session } 1 .. 2;
my $embeds = q(SELECT count(ai_embed(w, '{"model":"vectors"}')) FROM (SELECT at_gate(g) AS w FROM generate_series(1, 3) g OFFSET 0) s);
$held->send($embeds);
ok($t->until_true(sub { $t->sql("SELECT wait_event_type FROM pg_stat_activity WHERE pid = " . $held->pid) eq 'Lock' }), 'a statement waits between two rows');
is($t->counter('vectors', 'requests'), 0, 'and has asked for none of them');
is(outcome($other->query(q(SELECT cardinality(ai_embed('row 1', '{"model":"vectors"}'))))), 64, 'another session asks for the first one itself');
$gate->query('ROLLBACK');
is(outcome($held->wait), 3, 'the statement goes on');
is($t->counter('vectors', 'requests'), 2, 'with a request of its own');
is($t->counter('vectors', 'inputs'), 3, 'for the other two rows');

# The waiters end, by all means at once; the owner does not notice.
($owner, $before, @waiters) = under_way('hang', 'waiters', 7);
my $killer = $t->session;
for ([ 'pg_cancel_backend', '57014', 'cancelled' ], [ 'pg_terminate_backend', 'closed', 'terminated' ])
{
	my ($how, $outcome, $what) = @$_;
	my $seconds = $t->quickest(0.3,
		sub {
			my $waiter = shift(@waiters) // die 'nobody waits any more';
			my $begin = AiRouterSession::now();
			$killer->query("SELECT $how(" . $waiter->pid . ')');
			my $r = $waiter->wait;
			is(outcome($r), $outcome, "a waiter is $what");
			return $r->{at} - $begin;
		});
	cmp_ok($seconds, '<', 0.3, 'at once');
}
kill 'TERM', $_->pid for @waiters;
is(outcome($_->wait), 'closed', 'one more goes') for @waiters;
my $late = $t->session;
$late->query('SET statement_timeout = 200');
is(outcome($late->query(ask('hang', 'waiters'))), '57014', 'another one comes, and waits, too');
is(requests('hang'), $before + 1, 'nobody has asked but the owner');
$t->sql('SELECT pg_cancel_backend(' . $owner->pid . ')');
is(outcome($owner->wait), '57014', 'the owner is cancelled');

# --- What the hints of a waiter mean ----------------------------------------------------------------

my %by = (
	'cache_ttl' => [ ',"cache_ttl":"1 day"', 'hints', 0 ],
	'on_error' => [ ',"on_error":"null"', 'hints', 0 ],
	'retries' => [ ',"retries":0,"tags":{"a":1}', 'hints', 0 ],
	'cache only' => [ ',"cache":"only"', 'RT002', 0 ],
	'cache refresh' => [ ',"cache":"refresh"', 'hints', 1 ],
	'cache off' => [ ',"cache":"off"', 'hints', 1 ],
	'temperature' => [ ',"temperature":0.5', 'hints', 1 ]);
my %with = map { $_ => $t->session } keys %by;
($owner, $before, @waiters) = under_way('hints', 'hints', 1);
$with{$_}->send(ask('hints', 'hints', $by{$_}[0])) for sort keys %by;
is(outcome($with{$_}->wait), $by{$_}[1], "hint $_ of one who comes second") for sort keys %by;
is(outcome($_->wait), 'hints', 'the others have their answer') for $owner, @waiters;
is(requests('hints'), $before + 4, 'only who must asks for itself');

# A failure that nobody can do better: each gets it as it asked for it.
$before = requests('refuses');
my @asks = (ask('refuses', 'no'), ask('refuses', 'no', ',"on_error":"null"'), q(SELECT error FROM ai_call('Echo: no', '{"model":"refuses"}')),
	q(SELECT ai_complete(array_fill('Echo: no'::text, ARRAY[50]), '{"model":"refuses","on_error":"null"}')::text));
$sessions[$_]->send($asks[ $_ % 4 ]) for 0 .. 15;
my @results = map { $_->wait } @sessions;
is(requests('refuses'), 1, 'a prompt that is refused is refused once, for 16 sessions');
is(join(' ', map { $results[$_]{error}{C} } 0, 4, 8, 12), join(' ', ('RT009') x 4), 'an error for those who want errors');
is(scalar(grep { !defined $results[$_]{rows}[0][0] && @{ $results[$_]{notices} } == 1 } 1, 5, 9, 13), 4, 'NULL and one warning for those who want NULL');
like($results[$_]{rows}[0][0], qr/RT009/, 'a column for ai_call()') for 2, 6, 10, 14;
is($results[3]{rows}[0][0], '{' . join(',', ('NULL') x 50) . '}', 'NULLs for an array');

# --- Two databases -----------------------------------------------------------------------------------

$t->sql('CREATE DATABASE other');
my $url = $t->url('/compat/v1');
$node->safe_psql('other', qq{CREATE EXTENSION ai_router; CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', base_url '$url');
	CREATE USER MAPPING FOR PUBLIC SERVER p OPTIONS (api_key 'sandbox-key');
	INSERT INTO ai_router.models (name, server, model) VALUES ('slow', 'p', '$id{slow}'); INSERT INTO ai_router.rules (name) VALUES ('default')});
my @there = map { $t->session(dbname => 'other') } 1 .. 4;
$before = requests('slow');
$_->send(ask('slow', 'databases')) for @sessions[ 0 .. 3 ], @there;
is(join(' ', map { outcome($_->wait) } @sessions[ 0 .. 3 ], @there), join(' ', ('databases') x 8), 'the same prompt in two databases');
is(requests('slow'), $before + 2, 'is asked in each');
$_->quit for @there;

# --- More flights than there is room for ----------------------------------------------------------------

# 49,152 calls that wait for their turn, each with a flight of its own: one and a half times the table.
my @fillers = @sessions[ 0 .. 5 ];
$t->model('scarce', 'p', 'scarce', mode => 'embedding', rpm => 1);
$t->sql(q(SELECT cardinality(ai_embed('its one in this minute', '{"model":"scarce"}'))));
$fillers[$_]->send(qq(SELECT count(*) FROM ai_embed(ARRAY(SELECT '$_ ' || j FROM generate_series(1, 8192) j), '{"model":"scarce","timeout_ms":600000}')))
	for 0 .. 5;
my $pids = join ',', map { $_->pid } @fillers;
ok($t->until_true(sub { $t->sql("SELECT count(*) FROM pg_stat_activity WHERE pid IN ($pids) AND wait_event_type = 'Extension'") == 6 }), '49,152 calls wait');
ok($t->until_true(sub { $t->sql(q(SELECT value < 100000 FROM ai_router.stats WHERE name = 'spool_bytes_used')) eq 't' }), 'and hold no room in the spool');
$before = requests('slow');
$_->send(ask('slow', 'no room')) for @sessions[ 12 .. 15 ];
is(join(' ', map { outcome($_->wait) } @sessions[ 12 .. 15 ]), join(' ', ('no room') x 4), 'no room for a flight: calls go on');
cmp_ok(requests('slow') - $before, '>', 1, 'each for itself');
cmp_ok($t->sql(q(SELECT value FROM ai_router.stats WHERE name = 'flights_full')), '>', 0, 'which is counted');
$start = AiRouterSession::now();
$t->sql("SELECT pg_cancel_backend(pid) FROM unnest(ARRAY[$pids]) pid");
is(join(' ', map { outcome($_->wait) } @fillers), join(' ', ('57014') x 6), '49,152 calls are cancelled');
# A tenth of a second for each of six processes, ten times that on a busy machine; their time-out is ten minutes.
cmp_ok(AiRouterSession::now() - $start, '<', 12, 'at once');
$before = requests('slow');
$_->send(ask('slow', 'room again')) for @sessions[ 3 .. 15 ];
is(join(' ', map { outcome($_->wait) } @sessions[ 3 .. 15 ]), join(' ', ('room again') x 13), 'with room again');
is(requests('slow'), $before + 1, 'it is one request');

# --- A hot standby ------------------------------------------------------------------------------------------

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
@there = map { AiRouterSession->new($standby) } 1 .. 8;
$before = requests('slow');
$_->send(ask('slow', 'standby')) for @there;
is(join(' ', map { outcome($_->wait) } @there), join(' ', ('standby') x 8), 'on a hot standby');
is(requests('slow'), $before + 1, 'there is single flight');
is(outcome(AiRouterSession->new($standby)->query(ask('slow', 'standby'))), 'standby', 'and a cache');
is(requests('slow'), $before + 1, 'without another request');
$there[0]->send(ask('hang', 'standby'));
ok($t->wait_for($id{hang}, 'in_flight', 1), 'a call there hangs');
$there[1]->send(ask('hang', 'standby'));
usleep(200_000);
$standby->promote;
$standby->safe_psql('postgres', 'SELECT pg_cancel_backend(' . $_->pid . ')') for reverse @there[ 0, 1 ];
is(join(' ', map { outcome($_->wait) } @there[ 0, 1 ]), '57014 57014', 'a promotion does not keep owner and waiter from being cancelled');
$_->send(ask('slow', 'promoted')) for @there;
is(join(' ', map { outcome($_->wait) } @there), join(' ', ('promoted') x 8), 'calls go on after it');
$standby->stop;

# --- kill -9 of the owner ----------------------------------------------------------------------------------

($owner, $before, @waiters) = under_way('killed', 'killed', 4);
kill 'KILL', $owner->pid;
is(join(' ', map { outcome($_->wait) } $owner, @waiters), join(' ', ('closed') x 5), 'the owner is killed: the server restarts');
$t->until_up;
@waiters = map { $t->session } 1 .. 8;
$before = requests('killed');
$_->send(ask('killed', 'killed')) for @waiters;
is(join(' ', map { outcome($_->wait) } @waiters), join(' ', ('killed') x 8), 'after recovery there is nothing that waits for it');
is(requests('killed'), $before + 1, 'and single flight works');

done_testing();

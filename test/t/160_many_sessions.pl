# Many sessions at once, and the ways in which a statement can come: parallel
# plans, prepared statements, read-only transactions, a hot standby.
use strict;
use warnings;
use Test::More;
use AiRouterTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

my $t = AiRouterTest->new('many', init => [ allows_streaming => 1 ], conf => "max_connections = 40\n");
my $node = $t->node;
my $slow = 'slow--lat-50--jit-100';
my $hang = 'hang--fault-hang';

$t->models_at_p(good => 'good', slow => $slow, hang => $hang);

# 16 sessions, 100 calls each with answers out of order: nobody gets what is another's.
my @sessions = map { $t->session } 1 .. 16;
for my $n (keys @sessions)
{
	my $array = qq(SELECT array_agg('Echo: s$n c' || i ORDER BY i) FROM generate_series(1, 80) i);
	my $rows = qq(SELECT string_agg(ai_complete('Echo: s$n r' || i, '{"model":"slow"}'), ',' ORDER BY i) FROM generate_series(1, 20) i);
	$sessions[$n]->send(qq(SELECT array_to_string(ai_complete(($array), '{"model":"slow"}'), ','), ($rows)));
}
for my $n (keys @sessions)
{
	my $r = $sessions[$n]->wait;
	is_deeply(
		$r->{rows},
		[ [ join(',', map { "s$n c$_" } 1 .. 80), join(',', map { "s$n r$_" } 1 .. 20) ] ],
		"session $n has its own answers in order");
}
is($t->counter($slow, 'requests'), 1600, 'one request per call');
is($t->counter($slow, 'digests'), 1600, 'all of them distinct');
cmp_ok($t->counter($slow, 'peak'), '>', 32, 'the sessions really called at the same time');

# Distinct ids in all sessions.
$_->send(q(SELECT array_agg((ai_call('Echo: ' || i, '{"model":"good"}')).call_id) FROM generate_series(1, 25) i)) for @sessions;
my %ids;
for my $s (@sessions)
{
	$ids{$_}++ for $s->wait->{rows}[0][0] =~ /\d+/g;
}
is(scalar keys %ids, 16 * 25, 'no id was given twice');

# One session's trouble is its own.
$sessions[0]->send(q(SELECT ai_complete(array_agg('Echo: ' || i), '{"model":"hang"}') FROM generate_series(1, 30) i));
ok($t->wait_for($hang, 'in_flight', 30), 'one session waits for a provider that hangs');
is($sessions[$_]->value(qq(SELECT ai_complete('Echo: $_', '{"model":"good"}'))), $_, "session $_ calls meanwhile")
  for 1 .. 3;
$sessions[1]->value('SELECT pg_cancel_backend(' . $sessions[0]->pid . ')');
is($sessions[0]->wait->{error}{C}, '57014', 'it can be cancelled');
$_->quit for @sessions;
ok($t->wait_for(undef, 'connections_open', 0, 'le'), 'no connection is left when the sessions have ended');

# A parallel plan: the calls stay above Gather.
my $s = $t->session;
$s->query('CREATE TABLE big AS SELECT i, repeat(md5(i::text), 5) AS filler FROM generate_series(1, 30000) i');
$s->query('ANALYZE big');
$s->query("SET $_") for (
	'parallel_setup_cost = 0',
	'parallel_tuple_cost = 0',
	'min_parallel_table_scan_size = 0',
	'max_parallel_workers_per_gather = 2');
my $query = q(SELECT i, ai_complete('Echo: ' || i, '{"model":"good"}') FROM big WHERE i % 1000 = 0 AND filler LIKE '%');
my $plan = join "\n", map { $_->[0] } @{ $s->query("EXPLAIN (VERBOSE, COSTS OFF) $query")->{rows} };
like($plan, qr/Gather/, 'the plan is parallel');
unlike($plan =~ s/^.*?(?=Parallel Seq Scan)//sr, qr/ai_complete/, 'no call below Gather');
$t->reset;
my $r = $s->query($query);
is_deeply(
	[ sort { $a->[0] <=> $b->[0] } @{ $r->{rows} } ],
	[ map { [ 1000 * $_, 1000 * $_ ] } 1 .. 30 ],
	'the answers belong to their rows');
is($t->counter('good', 'requests'), 30, 'one request per row');
is($s->value("SELECT count(*) FROM big WHERE i <= 20 AND ai_complete('Echo: ' || i, '{\"model\":\"good\"}') = i::text"),
	20, 'calls in a WHERE clause over a parallel scan');

# Prepared statements: generic plans, changed rules and models in between.
$s->query(q(PREPARE p(text, jsonb) AS SELECT answer, model FROM ai_call($1, $2)));
for my $i (1 .. 8)
{
	my $model = $i % 2 ? 'good' : 'slow';
	is_deeply($s->query(qq(EXECUTE p('Echo: $i', '{"model":"$model"}')))->{rows},
		[ [ $i, $model ] ], "EXECUTE $i goes where its hints say");
}
$s->query('SET plan_cache_mode = force_generic_plan');
$s->query(q(PREPARE q(text) AS SELECT answer, model FROM ai_call($1)));
$s->query(q(UPDATE ai_router.rules SET models = '{good}'));
is_deeply($s->query(q(EXECUTE q('Echo: a')))->{rows}, [ [ 'a', 'good' ] ], 'a generic plan, by the rule');
$s->query(q(UPDATE ai_router.rules SET models = '{slow}'));
is_deeply($s->query(q(EXECUTE q('Echo: b')))->{rows}, [ [ 'b', 'slow' ] ], 'the rule has changed, the plan has not');
$t->sql(q(UPDATE ai_router.rules SET models = '{good}'));
is_deeply($s->query(q(EXECUTE q('Echo: c')))->{rows}, [ [ 'c', 'good' ] ], 'another session has changed the rule');
$t->sql(q(UPDATE ai_router.rules SET models = NULL));

# Read-only transactions.
$s->query('BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE');
is($s->value(q(SELECT ai_complete('Echo: read only', '{"model":"good"}'))), 'read only', 'a read-only transaction');
is($s->value(q(SELECT ai_complete('{Echo: a,Echo: b}'::text[], '{"model":"good"}'))), '{a,b}', 'the array form in it');
$s->query('COMMIT');
$s->quit;

# A hot standby.
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
my $there = AiRouterSession->new($standby);
is($there->value('SELECT pg_is_in_recovery()'), 't', 'the standby is one');
$t->reset;
is($there->value(q(SELECT ai_complete('Echo: standby', '{"model":"good"}'))), 'standby', 'a call on the standby');
is( $there->value(q(SELECT ai_complete((SELECT array_agg('Echo: ' || i ORDER BY i) FROM generate_series(1, 20) i), '{"model":"slow"}'))),
	'{' . join(',', 1 .. 20) . '}',
	'the array form on the standby');
cmp_ok($there->value('SELECT ai_last_call_id()'), '>', 0, 'its calls have ids');
is($t->counter('good', 'requests') + $t->counter($slow, 'requests'), 21, 'the provider saw them');

# What the primary changes arrives at an open session of the standby.
$t->model('new', 'p', 'new-model');
$t->sql(q(DELETE FROM ai_router.models WHERE name = 'good'));
ok($standby->poll_query_until('postgres', q(SELECT count(*) = 0 FROM ai_router.models WHERE name = 'good')),
	'the standby follows');
# Rows can be seen a moment before the sessions are told of the change.
ok($t->until_true(sub { $r = $there->query(q(SELECT ai_complete('Echo: gone', '{"model":"good"}'))); return $r->{error} }),
	'and its sessions');
is($there->value(q(SELECT ai_complete('Echo: new', '{"model":"new"}'))), 'new', 'a model that the primary added');
is($r->{error}{C}, 'RT001', 'a model that the primary deleted');

$there->send(q(SELECT ai_complete(array_agg('Echo: ' || i), '{"model":"hang"}') FROM generate_series(1, 8) i));
ok($t->wait_for($hang, 'in_flight', 8), 'calls of the standby hang');
$standby->safe_psql('postgres', 'SELECT pg_cancel_backend(' . $there->pid . ')');
is($there->wait->{error}{C}, '57014', 'and can be cancelled');

# Promoted, it goes on, with ids of its own.
$standby->promote;
is($there->value(q(SELECT ai_complete('Echo: promoted', '{"model":"new"}'))), 'promoted', 'a call after promotion');

done_testing();

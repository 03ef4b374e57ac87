# Connections are kept and used again; those that the provider has closed do no harm.
use strict;
use warnings;
use Test::More;
use AiRouterTest;

my $t = AiRouterTest->new('connections');

my %models = (
	good => 'good',
	slow => 'slow--lat-150',
	hang => 'hang--fault-hang',
	keepclose => 'kc--fault-keepclose',
	closeidle => 'ci--fault-closeidle',
	closelate => 'cl--fault-closeidle--drip-30',
	body => 'body--fault-slowbody--drip-30');
$t->models_at_p(%models);
my $s = $t->session;

sub array_call
{
	my ($model, $n, $hints) = @_;
	return qq(SELECT ai_complete((SELECT array_agg('Echo: ' || i ORDER BY i) FROM generate_series(1, $n) i), '{"model":"$model"}'));
}

sub opened { return $t->counter(undef, 'connections_opened'); }
my $list = sub { return '{' . join(',', 1 .. shift) . '}' };

# One at a time.
$s->value(qq(SELECT ai_complete('Echo: $_', '{"model":"good"}'))) for 1 .. 5;
is($t->counter('good', 'connections'), 1, 'five statements, one connection');
$s->query('BEGIN');
$s->query(q(SELECT ai_complete('Echo: x', '{"model":"good"}'), 1/0));
$s->query('ROLLBACK');
$s->value(q(SELECT ai_complete('Echo: x', '{"model":"good"}')));
is($t->counter('good', 'connections'), 1, 'an error in between does not cost the connection');
is(opened(), 1, 'nor was another one opened');

# As many as slots.
$s->query('SET ai_router.max_concurrency = 4');
is($s->value(array_call('slow', 40)), $list->(40), 'answers come in order');
is($t->counter($models{slow}, 'peak'), 4, 'concurrency is what max_concurrency says');
is($s->value(array_call('slow', 40)), $list->(40), 'and again');
is($t->counter($models{slow}, 'connections'), 4, 'one connection per slot, across statements');
is($t->counter($models{slow}, 'requests'), 80, 'one request per call');
is(opened(), 4, 'connections were shared between models of a server');
$s->query('SET ai_router.max_concurrency = 1');
$s->value(array_call('slow', 5));
is(opened(), 4, 'fewer slots open nothing');
$s->quit;
ok($t->wait_for(undef, 'connections_open', 0, 'le'), 'the end of the session closes them');

# Closed by the provider: with notice, at once, and in the race with the next request.
$s = $t->session;
for my $model (qw(keepclose closeidle closelate))
{
	my $id = $models{$model};
	my $before = opened();

	# More often than libcurl repeats by itself over the life of one handle.
	for my $i (1 .. 16)
	{
		my $r = $s->query(qq(SELECT answer, attempts FROM ai_call('Echo: $i', '{"model":"$model"}')));
		is_deeply($r->{rows}, [ [ $i, 1 ] ], "$model: call $i is answered at the first attempt");
	}
	is($t->counter($id, 'requests'), 16, "$model: sixteen requests reached the provider");
	is($t->counter($id, 'ok'), 16, "$model: all were answered");
	cmp_ok(opened() - $before, '>=', 15, "$model: connections were really closed");
}
$s->query('SET ai_router.max_concurrency = 8');
is($s->value(array_call('closeidle', 50)), $list->(50), 'closeidle, side by side: all answered');
is($t->counter($models{closeidle}, 'requests'), 66, 'closeidle, side by side: no request twice');

# What may have been billed is sent once more at most, so not on a connection that may be dead: one is kept here
# which reads nothing any more and is closed then.
$t->model('zombie', 'p', 'zombie--fault-closeidle--drip-1000');
$t->server('here', api => 'openai', base_url => "http://localhost:$t->{port}/compat/v1");
$t->model('badjson', 'here', 'bj--fault-badjson');
my $fresh = $t->session;
$fresh->value(q(SELECT ai_complete('Echo: x', '{"model":"zombie"}')));
is_deeply($fresh->query(q(SELECT answer, model, attempts FROM ai_call('Echo: fresh', '{"model":["badjson","good"]}')))->{rows},
	[ [ 'fresh', 'good', 2 ] ], 'what is not sent again gets a connection of its own');
$fresh->quit;

# What was given up half way is not somebody else's answer.
$t->reset;
my $control = $t->session;
$s->send(q(SELECT ai_complete('Echo: a long answer that comes slowly', '{"model":"body"}')));
ok($t->wait_for($models{body}, 'in_flight', 1), 'an answer comes slowly');
$control->value('SELECT pg_sleep(0.06), pg_cancel_backend(' . $s->pid . ')');
my $r = $s->wait;
is($r->{error}{C}, '57014', 'a call was cancelled in the middle of its body');
is($s->value(qq(SELECT ai_complete('Echo: $_', '{"model":"good"}'))), $_, "call $_ afterwards has its own answer")
  for 1 .. 3;
ok($t->wait_for($models{body}, 'aborted', 1), 'its connection was closed');

# Sessions have their slots for themselves.
$t->reset;
my @sessions;
for my $slots (2, 3, 4)
{
	my $one = $t->session;
	$one->query("SET ai_router.max_concurrency = $slots");
	$one->send(array_call('hang', 20));
	push @sessions, $one;
}
ok($t->wait_for($models{hang}, 'in_flight', 9), 'three sessions use 2 + 3 + 4 slots');
is($s->value(q(SELECT ai_complete('Echo: free', '{"model":"good"}'))), 'free', 'a fourth is not held up');
$s->value('SELECT pg_cancel_backend(' . $_->pid . ')') for @sessions;
$_->wait for @sessions;
is($t->counter($models{hang}, 'peak'), 9, 'none of them used more');
ok($t->wait_for($models{hang}, 'in_flight', 0, 'le'), 'nothing stays in flight');

# A call inside a statement that holds all slots: at least one may always start.
$s->query('SET ai_router.max_concurrency = 1');
$s->query(q(CREATE FUNCTION inner_call(i int) RETURNS text LANGUAGE sql VOLATILE AS
	$$ SELECT ai_complete('Echo: inner ' || i, '{"model":"good"}') $$));
is( $s->value(q(SELECT ai_complete(array_agg('Echo: ' || inner_call(i)), '{"model":"good"}') FROM generate_series(1, 3) i)),
	'{"inner 1","inner 2","inner 3"}',
	'nested calls with one slot');

done_testing();

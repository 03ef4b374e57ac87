# What callers do to what all sessions share: one caller's impatience is not everybody's.
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(usleep);
use AiRouterTest;
use PostgreSQL::Test::Utils;

my $t = AiRouterTest->new('shared', breaker => 1);
my $sandbox = $t->sandbox;
$t->models_at_p(sound => 'sound--lat-150', young => 'young--lat-150', stuck => 'stuck');
$t->sql('CREATE ROLE guest; GRANT USAGE ON FOREIGN SERVER p TO guest');
my ($user, $guest) = ($t->session, $t->session);
$guest->query('SET ROLE guest');

sub ask
{
	my ($s, $model, $timeout_ms) = @_;
	return $s->query(qq(SELECT ai_complete('Echo: x', '{"model":"$model","retries":0,"timeout_ms":$timeout_ms}')));
}
sub breaker { my $model = shift; return $t->sql("SELECT breaker FROM ai_router.model_health WHERE model = '$model'"); }

# A caller who gives a model less time than it needs learns nothing about it: nor if the machine is busy and
# notices late that the time is up.  What it hangs for is a longer time here than any answer would take.
is(ask($user, 'sound', 60000)->{rows}[0][0], 'x', 'a model answers in 150 ms') for 1 .. 3;
$sandbox->behave('sound--lat-150', fault => 'hang');
is(ask($guest, 'sound', 20)->{error}{C}, 'RT005', 'a guest gives it 20 ms') for 1 .. 6;
for (1 .. 2)
{
	my $seen = $t->counter('sound--lat-150', 'requests');
	$guest->send(q(SELECT ai_complete('Echo: x', '{"model":"sound","retries":0,"timeout_ms":100}')));
	$sandbox->wait_for('sound--lat-150', 'requests', $seen + 1);
	kill 'STOP', $guest->pid;
	usleep(4 * 1000 * ($t->sql(q(SELECT latency_p95_ms FROM ai_router.model_health WHERE model = 'sound'))));
	kill 'CONT', $guest->pid;
	is($guest->wait->{error}{C}, 'RT005', 'a guest whose process is held up');
}
$sandbox->behave('sound--lat-150', lat => 150);
is(breaker('sound'), 'closed', 'that opens no breaker');
is(ask($user, 'sound', 60000)->{rows}[0][0], 'x', 'and others are served');
is($t->sql(q(SELECT failures FROM ai_router.model_health WHERE model = 'sound')), 0, 'no failure of the model');
$sandbox->behave('young--lat-150', fault => 'hang');
ask($guest, 'young', 20) for 1 .. 6;
is(breaker('young'), 'closed', 'nor with a model that nobody knows');

# One that hangs is noticed, by callers who know what it needs.
# Nothing is known of it but that it is fast: not what a busy machine made of one call.
$t->until_true(sub {
	$t->sql('SELECT ai_router.health_reset()');
	is(ask($user, 'stuck', 60000)->{rows}[0][0], 'x', 'a fast model');
	return $t->sql(q(SELECT latency_p95_ms < 150 FROM ai_router.model_health WHERE model = 'stuck')) eq 't';
});
$sandbox->behave('stuck', fault => 'hang');
ask($user, 'stuck', 400) for 1 .. 5;
is(breaker('stuck'), 'open', 'hangs: five patient callers open its breaker');

# --- As many models as there are places -----------------------------------------------------------

# A model for each place, the server's taken off; each may be asked once in a minute.
$t->node->append_conf('postgresql.conf', 'ai_router.health_entries = 64');
$t->node->stop;
$t->start;
$t->model("place$_", 'p', "place$_", rpm => 1) for 1 .. 60;
my $each = q(SELECT %s FROM generate_series(1, 60) g, ai_call('Echo: ' || g, jsonb_build_object('model', 'place' || g, 'retries', 0, 'timeout_ms', 5000)) c);
is($t->sql(sprintf $each, q(count(*) FILTER (WHERE c.error IS NULL))), 60, '60 models of one request a minute, and 64 places');
is($t->sql(sprintf $each, q(count(*) FILTER (WHERE c.error IS NULL))), 0, 'none is asked again');
is(join(' ', map { $t->counter("place$_", 'requests') } 1 .. 60), join(' ', (1) x 60), 'so says the provider');
is($t->sql(q(SELECT value FROM ai_router.stats WHERE name = 'health_full')), 0, 'and no limit was forgotten');
$t->model("more$_", 'p', "more$_", rpm => 1) for 1 .. 40;
is($t->sql(sprintf $each =~ s/60/40/r =~ s/'place'/'more'/r, q(count(*) FILTER (WHERE c.error IS NULL))), 40, '40 more are asked all the same');
cmp_ok($t->sql(q(SELECT value FROM ai_router.stats WHERE name = 'health_full')), '>=', 36, 'which is counted');

done_testing();

# What callers do to what all sessions share: one caller's impatience is not everybody's.
use strict;
use warnings;
use Test::More;
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

# A caller who gives a model less time than it needs learns nothing about it.
is(ask($user, 'sound', 5000)->{rows}[0][0], 'x', 'a model answers in 150 ms') for 1 .. 3;
is(ask($guest, 'sound', 20)->{error}{C}, 'RT005', 'a guest gives it 20 ms') for 1 .. 6;
is(breaker('sound'), 'closed', 'that opens no breaker');
is(ask($user, 'sound', 5000)->{rows}[0][0], 'x', 'and others are served');
is($t->sql(q(SELECT failures FROM ai_router.model_health WHERE model = 'sound')), 0, 'no failure of the model');
ask($guest, 'young', 20) for 1 .. 6;
is(breaker('young'), 'closed', 'nor with a model that nobody knows');

# One that hangs is noticed, by callers who know what it needs.
is(ask($user, 'stuck', 5000)->{rows}[0][0], 'x', 'a fast model');
$sandbox->behave('stuck', fault => 'hang');
ask($user, 'stuck', 400) for 1 .. 5;
is(breaker('stuck'), 'open', 'hangs: five patient callers open its breaker');

done_testing();

# Random statements with calls in random places, with batching on and off: the same rows and errors, and never more
# provider calls.  SEED=n begins elsewhere, COUNT=n makes so many statements; a failure shows its statement.
use strict;
use warnings;
use AiRouterTest;
use AiRouterRandom;
use AiRouterShapes;
use Test::More;

my $t = AiRouterTest->new('random', conf => "autovacuum = off\nai_router.retries = 0\nfsync = off\njit = off\n");
$t->models_at_p(m => 'm', bad => 'bad--status-400');
$t->sql("UPDATE ai_router.rules SET models = '{m,bad}'");
$t->sql('CREATE ROLE clerk; CREATE ROLE judge');
$t->sql(AiRouterShapes::setup('setup'));

my $seed = $ENV{SEED} // 1;
my $random = AiRouterRandom->new($seed);
my %session = map { $_ => $t->session } qw(on off);
# No merge joins: a batch below one may have read a few rows ahead when the other side ends.
$session{$_}->query("SET ai_router.batching = $_; SET statement_timeout = '60s'; SET work_mem = '64kB'; SET enable_mergejoin = off") for keys %session;
$session{on}->query('SET ai_router.max_concurrency = 5');

my %calls;
for my $n (1 .. $ENV{COUNT} // 300)
{
	my $shape = $random->shape;
	my $off = AiRouterShapes::run($t, $session{off}, $shape);
	my $on = AiRouterShapes::run($t, $session{on}, $shape);
	my @problems = AiRouterShapes::problems($shape, $on, $off);
	ok(!@problems, "statement $n of seed $seed") or diag join "\n", $shape->{name}, @problems;
	$calls{off} += $off->{calls} // 0;
	$calls{on} += $on->{calls} // 0;
	$calls{errors}++ if grep { $_->{error} } @{ $off->{seen} };
	last if $on->{dead} || $off->{dead};
}
note "$calls{off} calls plainly, $calls{on} in batches, " . ($calls{errors} // 0) . ' errors';
cmp_ok($calls{errors} // 0, '<', 10, 'most statements run');
done_testing;

# The differential test: every shape of statement (test/t/shapes) with batching on and off gives the same rows,
# errors, notices and command tags, and never more provider calls.  What counts is what the provider saw.
#
# While developing: SHAPES='regular expression of names or files' VARIANTS='..' limit what runs.
use strict;
use warnings;
use AiRouterTest;
use AiRouterShapes;
use Test::More;

# Freed memory is overwritten.
my $t = AiRouterTest->new(
	'shapes',
	conf => "autovacuum = off\nai_router.retries = 0\nfsync = off\njit = off\n",
	env => { MALLOC_PERTURB_ => 165 });
$t->models_at_p(m => 'm', bad => 'bad--status-400');
$t->model('vectors', 'p', 'vectors', mode => 'embedding');
$t->sql("UPDATE ai_router.rules SET models = '{m,bad,vectors}'; UPDATE ai_router.models SET capabilities = '{json_schema}', context_window = 8000 WHERE name = 'm'");
$t->sql('CREATE ROLE clerk; CREATE ROLE judge; GRANT USAGE ON FOREIGN SERVER p TO clerk, judge');
$t->sql(AiRouterShapes::setup('setup'));

# The same with words of 3 kB.
my $long = AiRouterShapes::setup('setup');
$long =~ s/'w' \|\| i \* 7 % 20/rpad($&, 3000, 'x')/ or die 'no words';
$t->sql("CREATE SCHEMA long; GRANT USAGE ON SCHEMA long TO clerk, judge; SET search_path = long, public; $long");

my @files = qw(select conditions aggregate limit query change partition cursor plpgsql error);
if ($t->sql("SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'"))
{
	my ($host, $port) = ($t->node->host, $t->node->port);
	$t->sql("CREATE EXTENSION postgres_fdw;
		CREATE SERVER loop FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$host', port '$port', dbname 'postgres', async_capable 'true');
		CREATE USER MAPPING FOR CURRENT_USER SERVER loop");
	my $setup = AiRouterShapes::setup('fdw_setup');
	$t->sql($setup);
	$t->sql("SET search_path = long, public; $setup");
	push @files, 'fdw';
}
else { diag 'without postgres_fdw: no shapes of foreign tables'; }

my @variants = (
	{ name => 'default', latency => [ 1, 2 ], figures => 1 },
	{
		name => 'parallel',
		parallel => 1,
		settings => "SET force_parallel_mode = on; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
			SET min_parallel_table_scan_size = 0; SET min_parallel_index_scan_size = 0; SET max_parallel_workers_per_gather = 1;
			SET parallel_leader_participation = off"
	},
	{
		name => 'JIT',
		settings => 'SET jit = on; SET jit_above_cost = 0; SET jit_inline_above_cost = -1; SET jit_optimize_above_cost = -1'
	},
	{ name => 'three at a time', settings => "SET ai_router.max_concurrency = 3; SET work_mem = '64kB'", latency => [ 0, 1 ] },
	{
		name => 'other plans',
		settings => 'SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_hashagg = off'
	},
	{ name => 'long values', settings => "SET search_path = long, public; SET work_mem = '64kB'" },
	{ name => 'generic plans', settings => 'SET plan_cache_mode = force_generic_plan', prepared => 1 });

# Not //, which is the last pattern again.
my ($variants, $shapes) = map { qr/(?:$_)/ } $ENV{VARIANTS} // '', $ENV{SHAPES} // '';
my %calls;
my $n = 0;
for my $variant (grep { $_->{name} =~ $variants } @variants)
{
	my %session;
	my $begin = AiRouterSession::now();
	my $start = sub {
		my $s = $session{ $_[0] } = $t->session;
		my $r = $s->query(($variant->{settings} // 'SELECT') . "; SET ai_router.batching = $_[0]");
		BAIL_OUT("settings: $r->{error}{M}") if $r->{error};
	};
	$start->($_) for qw(on off);
	# What is rare is tried with plans that differ most.
	my @also = $variant->{name} eq 'default' || $ENV{VARIANTS} ? qw(hostile unusual constant family) : ();
	for my $shape (map { AiRouterShapes::shapes($_) } @files, @also)
	{
		next if "$shape->{file}: $shape->{name}" !~ $shapes;
		my %how = (prepared => $variant->{prepared});
		my $off = AiRouterShapes::run($t, $session{off}, $shape, %how);
		my $on = AiRouterShapes::run($t, $session{on}, $shape, %how, latency => $variant->{latency});
		my %figures = (figures => $variant->{figures}, parallel => $variant->{parallel});
		my @problems = AiRouterShapes::problems($shape, $on, $off, %figures);
		# On a machine that is busy an answer may be there before the next call is sent: once more, with slow answers.
		if (@problems && !grep { !/side by side, \d+ wanted/ } @problems)
		{
			$on = AiRouterShapes::run($t, $session{on}, $shape, %how, latency => [ 300, 0 ]);
			@problems = AiRouterShapes::problems($shape, $on, $off, %figures);
		}
		ok(!@problems, "$variant->{name}, $shape->{file}: $shape->{name}") or diag join "\n", @problems;
		$calls{off} += $off->{calls} // 0;
		$calls{on} += $on->{calls} // 0;
		$n++;
		next unless $on->{dead} || $off->{dead};
		$t->until_true(sub { ($t->node->psql('postgres', 'SELECT 1'))[0] == 0 });
		$start->($_) for qw(on off);
	}
	note sprintf '%s: %.1f s', $variant->{name}, AiRouterSession::now() - $begin;
}
note "$n runs, $calls{off} calls plainly, $calls{on} in batches";
done_testing;

# Ever new prompts: the cache turns over and over, and memory stays what it was.  AIR_CHURN is how many
# prompts (default 40,000; 1,000,000 takes some minutes), AIR_CHURN_CACHE the size of the cache.
use strict;
use warnings;
use Test::More;
use AiRouterTest;
use PostgreSQL::Test::Utils;

my $n = $ENV{AIR_CHURN} // 40_000;
my $size = $ENV{AIR_CHURN_CACHE} // '1MB';
my $t = AiRouterTest->new('churn', cache => 1,
	conf => "ai_router.cache_size = $size\nlog_statement = none\nmax_wal_size = 4GB\nshared_buffers = 64MB\njit = off\n");
my $id = 'm';

$t->models_at_p(m => $id);
$t->sql(q(UPDATE ai_router.models SET input_price = 1, output_price = 1));

sub requests { return $t->counter($id, 'requests'); }
sub cache { my %c; @c{qw(entries bytes hits misses evictions refused)} = split /\|/, $t->sql('SELECT * FROM ai_router.cache_stats'); return \%c; }
sub stat_of { my $name = shift; return $t->sql("SELECT value FROM ai_router.stats WHERE name = '$name'"); }

# One after the other in one session, side by side in the other.  (generate_series() in FROM would keep
# all its rows, and their memory would hide ours; so would the JIT compiler's.)
my @sessions = map { $t->session } 1 .. 2;
my $next = 0;
sub round
{
	my $k = shift;
	my ($from, $middle, $to) = ($next + 1, $next + int($k / 4), $next + $k);
	$next = $to;
	$sessions[0]->send(qq(SELECT count(*) FILTER (WHERE ai_complete('Echo: prompt ' || i) = 'prompt ' || i) FROM (SELECT generate_series($from, $middle) AS i) g));
	# In arrays of a hundred.
	$sessions[1]->send(qq(SELECT sum((SELECT count(*) FILTER (WHERE a = 'prompt ' || j + ord - 1) FROM unnest(ai_complete(
		(SELECT array_agg('Echo: prompt ' || i ORDER BY i) FROM generate_series(j, least(j + 99, $to)) i))) WITH ORDINALITY u(a, ord)))
		FROM (SELECT generate_series($middle + 1, $to, 100) AS j) g));
	my $right = 0;
	for my $s (@sessions)
	{
		my $r = $s->wait(3600);
		die "$r->{error}{C} $r->{error}{M}" if $r->{error};
		$right += $r->{rows}[0][0];
	}
	return $right;
}

# What the server holds: private memory of both sessions, memory contexts, descriptors, shared memory.
sub holdings
{
	my %h;
	for my $s (@sessions)
	{
		my ($kb) = slurp_file('/proc/' . $s->pid . '/status') =~ /^RssAnon:\s+(\d+) kB/m;
		my @fds = grep { (readlink($_) // '') !~ m{/(base|global)/} } glob '/proc/' . $s->pid . '/fd/*';
		$h{private_kb} += $kb;
		$h{descriptors} += @fds;
		$h{contexts} += $s->value('SELECT sum(total_bytes) FROM pg_backend_memory_contexts');
	}
	$h{shared} = $t->sql('SELECT sum(allocated_size) FROM pg_shmem_allocations');
	$h{spool} = $t->until_true(sub { stat_of('spool_bytes_used') == 0 }, 60) ? 0 : stat_of('spool_bytes_used');
	return \%h;
}

my $warm = int($n / 8);
is(round($warm), $warm, "$warm prompts to warm up: each has its own answer");
my $before = holdings();
my $start = AiRouterSession::now();
my $right = 0;
$right += round(int(($n - $warm) / 4)) for 1 .. 4;
my $seconds = AiRouterSession::now() - $start;
my $after = holdings();
my $cache = cache();

is($right, $next - $warm, "$right more, likewise");
diag sprintf '%d distinct prompts, %.0f a second, cache of %s', $next, $right / $seconds, $size;
diag "$_: $before->{$_}, then $after->{$_}" for sort keys %$before;
diag 'cache: ' . join ', ', map { "$_ $cache->{$_}" } qw(entries bytes hits misses evictions refused);

is(requests(), $next, 'each was asked once');
is(stat_of('calls'), $next, 'and counted once');
is($t->sql('SELECT count(*) || \' \' || count(DISTINCT call_id) FROM ai_router.calls'), "$next $next", 'and is in the ledger once');
is(stat_of($_), 0, "no $_") for qw(failures spool_refused rows_dropped);

my ($limit) = $t->sql("SELECT pg_size_bytes('$size')");
cmp_ok($cache->{bytes}, '<=', $limit, 'the cache stays within its size');
cmp_ok($cache->{bytes}, '>', 0.9 * $limit, 'which it uses');
is($cache->{entries} + $cache->{evictions}, $next, 'what came in is there, or made room');
is("$cache->{hits} $cache->{refused}", '0 0', 'and nothing was there twice, or too large');
cmp_ok($cache->{misses}, '>=', $next, 'each was looked for');
is($after->{shared}, $before->{shared}, 'shared memory is as before');
is($after->{spool}, 0, 'the spool is empty');
cmp_ok($after->{private_kb}, '<=', $before->{private_kb} + 2 * 1024, 'the sessions did not grow');
cmp_ok($after->{contexts}, '<=', $before->{contexts} + 64 * 1024, 'nor their memory contexts');
cmp_ok($after->{descriptors}, '<=', $before->{descriptors} + 2, 'nor their descriptors');

# It is still a cache: what is asked now is there a moment later.
my $s = $sessions[0];
$s->value(q(SELECT ai_complete('Echo: at last', '{"model":"m"}')));
is($s->value(q(SELECT cached FROM ai_call('Echo: at last', '{"model":"m"}'))), 't', 'the last prompt is there');
cmp_ok($t->sql('SELECT ai_router.cache_clear()'), '>=', $cache->{entries}, 'all can be forgotten');
$cache = cache();
is("$cache->{entries} $cache->{bytes}", '0 0', 'and nothing is left of it');

done_testing();

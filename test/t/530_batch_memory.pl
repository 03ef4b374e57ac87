# UPDATEs of many rows in bounded memory: cached answers, and large ones that come quickly.
# AIR_BATCH_ROWS is the number of cached rows, a tenth of it that of the others (default 100,000;
# 1,000,000 takes some minutes and gigabytes on disk).
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(usleep);
use AiRouterTest;
use PostgreSQL::Test::Utils;

my $rows = $ENV{AIR_BATCH_ROWS} // 100_000;
my $large_rows = int($rows / 10);
my $work_mem_kb = 4096;
my $most_kb = 64 * 1024 + $work_mem_kb;
my $t = AiRouterTest->new('batch_memory', cache => 1,
	conf => "work_mem = ${work_mem_kb}kB\nlog_statement = none\nmax_wal_size = 8GB\nshared_buffers = 64MB\nmax_parallel_workers_per_gather = 0\njit = off\nfsync = off\n");
$t->models_at_p(m => 'm', large => 'large');
$t->sql('UPDATE ai_router.models SET input_price = 0, output_price = 0');
$t->sql(qq(
	CREATE TABLE short (id int, answer text);
	INSERT INTO short SELECT g FROM generate_series(1, $rows) g;
	CREATE TABLE long (id int, answer text);
	INSERT INTO long SELECT g FROM generate_series(1, $large_rows) g;
	ANALYZE short, long;));

my $s = $t->session;

# kB of a line of /proc/PID/status.
sub kb_of { my ($line) = @_; return (slurp_file('/proc/' . $s->pid . '/status') =~ /^$line:\s+(\d+) kB/m)[0]; }

# Run a statement that touches n rows; by how many kB its backend's own memory grows, at the worst.
sub growth_of
{
	my ($n, $sql) = @_;
	my $before = kb_of('RssAnon');
	my $peak = $before;
	my $begin = AiRouterSession::now();

	$s->send($sql);
	while ($s->busy)
	{
		my $now = kb_of('RssAnon');
		$peak = $now if $now > $peak;
		usleep(5_000);
	}
	my $r = $s->wait(3600);
	my $after = kb_of('RssAnon');
	is($r->{error} && $r->{error}{M}, undef, "$n rows");
	note sprintf '%d rows in %.1f s: private memory %d kB before, %d kB at most, %d kB after; VmHWM %d kB, of which shared %d kB',
	  $n, AiRouterSession::now() - $begin, $before, $peak, $after, kb_of('VmHWM'), kb_of('RssShmem') + kb_of('RssFile');
	return ($after > $peak ? $after : $peak) - $before;
}

# A thousand answers, bought once; then as many rows as there are ask for one of them each.
my $ask = q(ai_complete('Echo: ' || id % 1000));
my $update = "UPDATE short SET answer = $ask";
is($s->value('SELECT cardinality(ai_complete(array_agg(\'Echo: \' || g))) FROM generate_series(0, 999) g'), 1000, 'answers are in the cache');
my $bought = $t->counter('m', 'requests');
like(join("\n", map { $_->[0] } @{ $s->query("EXPLAIN (COSTS OFF) $update")->{rows} }), qr/AI Batch/, 'the UPDATE has the node');
$s->query("$update WHERE id <= 1000");
cmp_ok(growth_of($rows, $update), '<', $most_kb, 'cached answers: memory is bounded');
is($t->counter('m', 'requests'), $bought, 'none was asked for again');
is($s->value(q(SELECT count(*) FROM short WHERE answer IS DISTINCT FROM (id % 1000)::text)), 0, 'all are right');

# 10 kB each way, at 0 ms.
$update = q(UPDATE long SET answer = ai_complete('Echo: ' || repeat(md5(id::text), 320), '{"model": "large", "cache": "off"}'));
$s->query('SET ai_router.max_concurrency = 64');
$s->query("$update WHERE id <= 100");
my $asked = $t->counter('large', 'requests');
cmp_ok(growth_of($large_rows, $update), '<', $most_kb, 'large answers: memory is bounded');
is($t->counter('large', 'requests') - $asked, $large_rows, 'each was asked for once');
cmp_ok($t->counter('large', 'connections'), '>', 4, 'side by side');
is($s->value(q(SELECT count(*) FROM long WHERE answer IS DISTINCT FROM repeat(md5(id::text), 320))), 0, 'all are right');

done_testing();

# A million short rows in one group and in many: bounded memory, each row asked about once.
# AIR_AGG_ROWS is the number of rows (default 200,000).
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(usleep);
use JSON::PP ();
use AiRouterTest;
use PostgreSQL::Test::Utils;

my $rows = $ENV{AIR_AGG_ROWS} // 200_000;
my $most_kb = 160 * 1024;
my $t = AiRouterTest->new('aggregate_memory',
	conf => "work_mem = 4MB\nlog_statement = none\nmax_wal_size = 8GB\nmax_parallel_workers_per_gather = 0\njit = off\nfsync = off\nai_router.spool_size = 64MB\n");
$t->models_at_p(m => 'm--lat-20', small => 'small--lat-5');
$t->sql(qq(
	UPDATE ai_router.models SET input_price = 0, output_price = 0, context_window = CASE name WHEN 'm' THEN 128000 ELSE 4000 END;
	CREATE TABLE d (id int, t text);
	INSERT INTO d SELECT g, 'row ' || g FROM generate_series(1, $rows) g;
	ANALYZE d;));
my $s = $t->session;

sub kb { return (slurp_file('/proc/' . $s->pid . '/status') =~ /^RssAnon:\s+(\d+) kB/m)[0]; }

# Run a query; its first row, and by how many kB the backend's own memory grows at the worst.
sub ran
{
	my ($sql) = @_;
	my $before = kb();
	my $peak = $before;
	my $begin = AiRouterSession::now();
	$t->reset;
	# So that a busy machine sends its calls meanwhile.
	$t->behave('small--lat-5', lat => 300, first => 32);
	$s->send($sql);
	while ($s->busy)
	{
		my $now = kb();
		$peak = $now if $now > $peak;
		usleep(5_000);
	}
	my $r = $s->wait(3600);
	is($r->{error} && $r->{error}{M}, undef, 'no error');
	note sprintf '%s: %.1f s, %d kB before, %d kB more at most, %d kB after', $sql, AiRouterSession::now() - $begin, $before, $peak - $before, kb();
	return ($r->{rows}, $peak - $before);
}

my %max = (max_tokens => 500);
my ($got, $kb) = ran(q(SELECT ai_summarize_agg(t, '{"max_tokens": 500}') FROM d));
like($got->[0][0], qr/^row 1\b/, 'one group');
cmp_ok($kb, '<', $most_kb, 'one group: memory is bounded');
my $n = $t->counter('m--lat-20', 'requests');
cmp_ok($n, '>=', $rows * 6 / 128000, 'as many calls as it takes');
cmp_ok($n, '<=', 2 + $rows * 10 / 100000, 'and not many more');

# Small packs: many calls, side by side; what is asked and answered goes.
($got, $kb) = ran(q(SELECT ai_agg(t, 'Count', '{"model": "small", "max_tokens": 500}' ORDER BY id) FROM d));
like($got->[0][0], qr/^row 1\b/, 'small packs');
cmp_ok($kb, '<', $most_kb, 'small packs: memory is bounded');
cmp_ok($t->counter('small--lat-5', 'peak'), '>', 4, 'small packs: side by side');

# Many groups, in a hash table and sorted; more than fit into work_mem.
my $groups = int($rows / 100);
for my $hash ('on', 'off')
{
	$s->query("SET enable_hashagg = $hash; SET enable_sort = " . ($hash eq 'on' ? 'off' : 'on'));
	($got, $kb) = ran(qq(SELECT count(s), count(DISTINCT s) FROM (SELECT id % $groups, ai_summarize_agg(t, '{"model": "small", "max_tokens": 500}') AS s FROM d GROUP BY 1 OFFSET 0) x));
	is(join(',', @{ $got->[0] }), "$groups,$groups", "hashagg $hash: every group has its value");
	is($t->counter('small--lat-5', 'requests'), $groups, "hashagg $hash: a call for each");
	cmp_ok($t->counter('small--lat-5', 'peak'), '>', 16, "hashagg $hash: side by side");
	cmp_ok($kb, '<', $most_kb, "hashagg $hash: memory is bounded");
}

# Groups that are large together: packs that are not full wait in a file.
$s->query('SET enable_hashagg = on; SET enable_sort = off; SET log_temp_files = 0');
$groups = int($rows / 1600);
($got, $kb) = ran(qq(SELECT count(s), count(DISTINCT s), min(s) FROM (SELECT id % $groups, ai_summarize_agg(repeat(t || ' ', 40) || t || '.', '{"max_tokens": 500}') AS s FROM d WHERE id <= 400 * $groups GROUP BY 1 OFFSET 0) x));
is(join(',', @{ $got->[0] }[ 0, 1 ]), "$groups,$groups", 'large groups: every one has its value');
like($got->[0][2], qr/^(row (\d+) )(?:row \2 ){39}row \2\.$/, 'large groups: the right text');
is($t->counter('m--lat-20', 'requests'), $groups, 'large groups: a call for each');
cmp_ok($kb, '<', $most_kb / 2, 'large groups: memory is bounded');
my $last = JSON::PP::decode_json($t->last_body('m--lat-20'))->{messages}[-1]{content};
my @ids = $last =~ /^\d+: row (\d+) /mg;
is(scalar @ids, 400, 'large groups: all rows of a group are in its call');
is(scalar(grep { $ids[$_] != $ids[0] + $_ * $groups } 0 .. $#ids), 0, 'large groups: the right ones, in their order');
is(join(',', $last =~ /^(\d+): row/mg), join(',', 1 .. 400), 'large groups: numbered');
like(slurp_file($t->node->logfile), qr/temporary file: path .* size \d{7,}/, 'large groups: there was a file');

done_testing();

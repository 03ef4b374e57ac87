# ai_chunk of large texts: linear time, bounded memory, cancelled at once.
# AIR_CHUNK_MB is the size of the texts (default 10; ai_chunk is meant for 100).
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(usleep);
use AiRouterTest;
use PostgreSQL::Test::Utils;

my $mb = $ENV{AIR_CHUNK_MB} // 10;
my $t = AiRouterTest->new('chunk', conf => "work_mem = 4MB\njit = off\nfsync = off\nlog_statement = none\n");
my $s = $t->session;

sub kb { return (slurp_file('/proc/' . $s->pid . '/status') =~ /^RssAnon:\s+(\d+) kB/m)[0]; }
# Of the processor's time: what others take on a busy machine does not count.
sub busy_for { return (slurp_file('/proc/' . $s->pid . '/schedstat') =~ /^(\d+)/)[0] / 1e9; }
sub seconds { my ($sql) = @_; my $begin = busy_for(); my $got = $s->value($sql); return (busy_for() - $begin, $got); }

my %texts = (
	sentences => q('This is a sentence of some words. '),
	'no spaces' => q('abcdefghij'),
	newlines => q(E'\n'),
	ideographs => q('今天天气很好。'),
	'one sentence' => q('word and '),
	'short and long' => q('A. ' || repeat('word ', 300) || '. '),
	accents => q(U&'\0301'));

for my $name (sort keys %texts)
{
	my $unit = $texts{$name};
	# of n megabytes: seconds, chunks
	my $run = sub {
		my ($n, $args) = @_;
		$s->query("SELECT ai_chunk('x', 1)");
		return seconds("SELECT count(*) FROM (SELECT ai_chunk(repeat($unit, ($n * 1000000 / octet_length($unit))::int), $args) OFFSET 0) x");
	};
	$run->(1, '400');
	my ($short) = $run->($mb / 4, '400');
	my ($long, $n) = $run->($mb, '400');
	my ($overlap, $more) = $run->($mb / 4, '400, 200');
	note sprintf '%s: %d MB %.2f s, %d chunks; a quarter %.2f s, with overlap %.2f s, %d chunks', $name, $mb, $long, $n, $short, $overlap, $more;
	cmp_ok($long, '<', 12 * $short + 1, "$name: time is linear");
	cmp_ok($overlap, '<', 12 * $short + 1, "$name: with overlap, too");
}

# A single scan of all of it: chunks as large as the text, and tiny ones.
$s->query("CREATE TABLE long AS SELECT repeat('This is a sentence of some words. ', $mb * 1000000 / 34) AS t");
for my $size (1, 10, 2000000000)
{
	my $before = kb();
	my $most = $before;
	$s->send("SELECT sum(length(c::text)) FROM (SELECT ai_chunk(t, $size) AS c FROM long OFFSET 0) x");
	while ($s->busy)
	{
		my $now = kb();
		$most = $now if $now > $most;
		usleep(2_000);
	}
	is($s->wait->{error}, undef, "chunks of $size tokens");
	# The text, once more while it is decompressed; a chunk and its row.
	cmp_ok($most - $before, '<', (4 * $mb + 32) * 1024 * ($size > 1000 ? 2 : 1), "chunks of $size tokens: memory is bounded");
	note sprintf 'chunks of %d tokens: %d kB more at most', $size, $most - $before;
}

# Cancelled while a chunk of all the text is looked for.
$s->query(q(CREATE FUNCTION all_of_it() RETURNS bigint LANGUAGE sql AS $$ SELECT sum(length((c).chunk)) FROM (SELECT ai_chunk(t, 2000000000, 1) AS c FROM long, generate_series(1, 1000) OFFSET 0) x $$));
cmp_ok($t->quickest(1, sub {
	$s->send('SELECT all_of_it()');
	usleep(300_000);
	ok($s->busy, 'a long scan');
	my $begin = AiRouterSession::now();
	$t->sql('SELECT pg_cancel_backend(' . $s->pid . ')');
	my $r = $s->wait;
	is($r->{error}{C}, '57014', 'is cancelled');
	return $r->{at} - $begin;
}), '<', 1, 'at once');

done_testing();

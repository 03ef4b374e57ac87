# ai_router.progress_notices: a line every ten seconds.  The server's monotonic clock is real
# time and as much as the test adds to it, see src/monotonic.c.
use strict;
use warnings;
use AiRouterTest;
use Fcntl;
use Test::More;

my $clock = PostgreSQL::Test::Utils::tempdir() . '/clock';
my $moved = 0;
sub move_clock
{
	my ($ms) = @_;
	$moved += $ms;
	sysopen my $fh, $clock, O_RDWR | O_CREAT or die "$clock: $!";
	syswrite $fh, pack 'q', $moved;
	close $fh;
	return;
}
move_clock(0);

my $t = AiRouterTest->new('notices',
	env => { LD_PRELOAD => AiRouterTest->preload_library('monotonic'), AIR_TEST_MONOTONIC => $clock });
$t->models_at_p(map { my ($name) = /^(\w+?)--/; $name => $_ } qw(steady--lat-50 still--fault-hang again--lat-50 off--lat-50 rows--lat-50));
# A token of output costs $0.001.
$t->sql('UPDATE ai_router.models SET input_price = 0, output_price = 1000');

my $s = $t->session;
my $w = $t->session;
$s->query('SET ai_router.max_concurrency = 4');

# n calls of 10 tokens in one array.
sub array_of
{
	my ($model, $n) = @_;
	return "SELECT cardinality(ai_complete(array_agg('Echo: ' || rpad(n::text, 40, '.')), '{\"model\": \"$model\"}')) FROM generate_series(1, $n) n";
}
# Wait until the session's statement has that many calls behind it.
sub wait_for_done { my ($n) = @_; return $t->until_true(sub { ($w->value('SELECT done FROM ai_router.progress WHERE pid = ' . $s->pid) // 0) >= $n }); }

$s->query('SET ai_router.progress_notices = on');
# So many that they go on for some seconds, whenever this script comes to move the clock.
$s->send(array_of('steady', 300));
ok(wait_for_done(20), 'calls end');
ok(!$s->{poll}->can_read(0), 'nothing is told in the first ten seconds');
move_clock(10_000);
ok($s->{poll}->can_read(30), 'then something arrives, while the statement goes on');
ok(wait_for_done(60), 'calls go on');
move_clock(25_000);
my $r = $s->wait;
is($r->{rows}[0][0], 300, 'the statement ends well');
my @lines = map { $_->{M} } @{ $r->{notices} };
is(scalar @lines, 2, 'two lines, none of them for what the clock has skipped') or diag explain \@lines;
is($r->{notices}[0]{S}, 'NOTICE', 'of level NOTICE');
like($_, qr/^\d+ calls done, [0-4] in flight, \$\d+\.\d\d+ spent$/, 'calls and money') for @lines;
my ($done, $spent) = $lines[0] =~ /^(\d+) calls.*\$([\d.]+) spent/;
cmp_ok($done, '>=', 20, 'as many calls as there were');
cmp_ok(abs($spent - $done * 0.01), '<=', 0.041, 'which cost what is told');

# A statement that only waits is told of, too: it is woken for that.
$s->query('SET ai_router.progress_notices = on');
$s->send(array_of('still', 2));
ok($t->wait_for('still--fault-hang', 'in_flight', 2), 'nothing moves any more');
move_clock(9_700);
# Whatever sets its latch makes it look at the clock, and sleep for what is left.
$w->query('SELECT pg_log_backend_memory_contexts(' . $s->pid . ')');
ok($s->{poll}->can_read(30), 'a line comes all the same');
$w->query('SELECT pg_cancel_backend(' . $s->pid . ')');
$r = $s->wait;
is($r->{error}{C}, '57014', 'cancelled');
is($r->{notices}[0]{M}, '0 calls done, 2 in flight, $0.00 spent', 'it says what there is to say');

# One row after another, plainly evaluated: the statement is told of, not each call.
$s->query('SET ai_router.max_concurrency = 1');
$s->send('DO $$ BEGIN FOR i IN 1..90 LOOP PERFORM ai_complete(\'Echo: \' || i, \'{"model": "again"}\'); END LOOP; END $$');
ok(wait_for_done(5), 'calls of a loop end');
move_clock(10_000);
$r = $s->wait;
is(scalar @{ $r->{notices} }, 1, 'one line for the statement around them');
like($r->{notices}[0]{M}, qr/^\d+ calls done, [01] in flight/, 'with what is in flight');

# An UPDATE: rows of its AI Batch node, of which the last have not been given when the calls have ended.
$t->sql('CREATE TABLE rows AS SELECT g AS id, NULL::text AS answer FROM generate_series(1, 1200) g; ANALYZE rows');
$s->query('SET ai_router.max_concurrency = 16');
$s->send(q(UPDATE rows SET answer = ai_complete('Echo: ' || rpad(id::text, 40, '.'), '{"model": "rows"}')));
ok(wait_for_done(200), 'calls of an UPDATE end');
my $p = $w->query('SELECT rows_done, rows_expected, time_left, done, calls FROM ai_router.progress WHERE pid = ' . $s->pid)->{rows}[0];
cmp_ok($p->[0], '>=', $p->[3] - 100, 'rows are counted');
cmp_ok($p->[0], '<=', $p->[3], 'those whose calls have ended');
is($p->[1], 1200, 'as many are expected as the planner thinks');
like($p->[2], qr/^00:00:0[1-9]$|^00:00:[1-5]\d$/, 'and the time that the rest takes');
move_clock(10_000);
$r = $s->wait;
is($r->{error}, undef, 'it ends well');
is(scalar @{ $r->{notices} }, 1, 'one line');
like($r->{notices}[0]{M}, qr/^(\d+|1,\d{3}) of about 1,200 rows, \d+ calls? in flight, \$[\d.]+ spent, about \d+ s left$/, 'rows and time');

$s->query('RESET ai_router.progress_notices; SET ai_router.max_concurrency = 4');
$s->send(array_of('off', 60));
ok($t->wait_for('off--lat-50', 'ok', 20), 'without the setting');
move_clock(10_000);
is_deeply($s->wait->{notices}, [], 'nothing is told');

done_testing();

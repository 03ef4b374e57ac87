# Budgets over a clean stop, a crash, the end of a period, on a standby and in a dump.  What was spent
# is the sandbox provider's count of requests times the price.
use strict;
use warnings;
use Fcntl qw(:DEFAULT);
use Test::More;
use Time::HiRes qw(usleep);
use AiRouterTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

# The server's time of day is real time and this many seconds, see src/clock.c.
my $clock = PostgreSQL::Test::Utils::tempdir() . '/clock';
sub move_clock
{
	my $seconds = shift;
	sysopen my $fh, $clock, O_RDWR | O_CREAT or die "$clock: $!";
	syswrite $fh, pack 'q<', $seconds;
	close $fh;
	return;
}
move_clock(0);

my $t = AiRouterTest->new(
	'budget_restarts',
	init => [ allows_streaming => 1 ],
	env => { LD_PRELOAD => AiRouterTest->preload_library('clock'), AIR_TEST_CLOCK => $clock },
	conf => "restart_after_crash = on\nmax_connections = 60\nautovacuum = off\n");
my $node = $t->node;

# A call: 4 tokens in, 3 out, reserved with 96 and 4.
my ($cost, $held) = (0.0034, 0.0136);
my %price = (input_price => 100, output_price => 1000);
$t->server('p', api => 'openai', path => '/compat/v1');
$t->model($_, 'p', "$_--lat-10", %price) for qw(clean hours soft dumped);
$t->model('kill', 'p', 'kill--lat-50', %price);
$t->model('slow', 'p', 'slow--lat-3000', %price);
$t->sql(q(INSERT INTO ai_router.rules (name, defaults) VALUES ('default', '{"max_tokens": 4}')));

# Calls until a budget refuses, or as many; how many there were.
$t->sql(<<'SQL');
CREATE FUNCTION call_out(model text, most int = 100000) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	done int := 0;
BEGIN
	WHILE done < most LOOP
		PERFORM ai_complete('Echo: ' || lpad(done::text, 10, '0'), jsonb_build_object('model', model));
		done := done + 1;
	END LOOP;
	RETURN done;
EXCEPTION WHEN SQLSTATE 'RT004' THEN
	RETURN done;
END
$$
SQL

sub budget { my ($name, $limit, %col) = @_; my %row = (name => $name, period => 'total', model => $name, limit_usd => $limit, %col);
	return $t->sql('INSERT INTO ai_router.budgets (' . join(', ', sort keys %row) . ') VALUES (' . join(', ', map { AiRouterTest::quote($row{$_}) } sort keys %row) . ')'); }
sub spent { my $name = shift; return $t->sql("SELECT spent FROM ai_router.spending WHERE budget = '$name'"); }
sub in_table { my $name = shift; return $t->sql("SELECT coalesce(sum(nanodollars), 0) / 1000000000.0 FROM ai_router.budget_spent WHERE name = '$name'"); }
sub requests { my $model = shift; return $t->counter("$model--lat-" . ($model eq 'kill' ? 50 : 10), 'requests'); }
sub usd { return 0 + sprintf '%.9f', shift; }

# --- A clean stop ---------------------------------------------------------------------------

budget('clean', 1);
budget('soft', 1, hard => 'false');
my $s = $t->session;
is($s->value(q(SELECT call_out('clean', 20))), 20, 'calls');
is($s->value(q(SELECT call_out('soft', 5))), 5, 'under a soft budget, too');
# Until the writer rests, which may be soon where the machine is busy: then a call moves it on again.  A lock keeps
# it ahead until the stop.
my $made = 20;
my $locker = $t->session;
my $ahead = $t->until_true(sub {
	$locker->query('BEGIN'); $locker->query('LOCK ai_router.budget_spent');
	return 1 if $locker->value(q(SELECT nanodollars FROM ai_router.budget_spent WHERE name = 'clean')) > $made * 3_400_000;
	$locker->query('ROLLBACK');
	$s->value(q(SELECT call_out('clean', 1)));
	$made++;
	return 0;
});
ok($ahead, 'the table is ahead of what was spent');
$node->stop('fast');
ok(-s $node->data_dir . '/pg_stat/ai_router.budgets', 'a file keeps the truth');
$t->start;
ok(!-e $node->data_dir . '/pg_stat/ai_router.budgets', 'for the next start only');
is(usd(spent('clean')), usd($made * $cost), 'after a clean restart nothing is forgotten and nothing invented');
is(usd(spent('soft')), usd(5 * $cost), 'likewise');
ok($t->until_true(sub { usd(in_table('clean')) == usd($made * $cost) && usd(in_table('soft')) == usd(5 * $cost) }, 60), 'and the table becomes exact without a call');
$s = $t->session;
is($s->value(q(SELECT call_out('clean', 1))), 1, 'one more');
is(usd(spent('clean')), usd(($made + 1) * $cost), 'is one more');
$node->restart for 1 .. 2;
is(usd(spent('clean')), usd(($made + 1) * $cost), 'restarts with nothing in between change nothing');

# A file that tells of another time is not believed.
$s = $t->session;
$s->value(q(SELECT call_out('clean', 3)));
$node->stop('fast');
my $file = $node->data_dir . '/pg_stat/ai_router.budgets';
my $old = slurp_file($file);
$t->start;
$s = $t->session;
$s->value(q(SELECT call_out('clean', 30)));
$node->stop('fast');
open my $fh, '>:raw', $file or die; print $fh $old; close $fh;
$t->start;
cmp_ok(spent('clean'), '>=', usd(($made + 34) * $cost), 'an old file is not believed');
$node->stop('fast');
open $fh, '>:raw', $file or die; print $fh 'nonsense'; close $fh;
$t->start;
cmp_ok(spent('clean'), '>=', usd(($made + 34) * $cost), 'nor a damaged one');
$s = $t->session;
$s->value(q(SELECT call_out('clean')));
cmp_ok(requests('clean') * $cost, '<=', 1, sprintf 'over five restarts $%.4f of $1 are spent', requests('clean') * $cost);
cmp_ok(requests('clean') * $cost, '>', 0.8, 'and most of it is usable');

# --- A crash --------------------------------------------------------------------------------

# Enough to be left when the server is killed, on a busy machine, too.
budget('kill', 2);
my @sessions;
for my $round (1 .. 2)
{
	@sessions = map { $t->session } 1 .. 8;
	my $before = requests('kill');
	$_->send(q(SELECT call_out('kill'))) for @sessions;
	ok($t->wait_for('kill--lat-50', 'requests', $before + 60), 'eight sessions call');
	kill 'KILL', $sessions[0]->pid;
	ok($_->wait->{closed}, 'the server restarts them') for @sessions[ 0, 7 ];
	$t->until_up;
	ok($t->wait_for('kill--lat-50', 'in_flight', 0, 'le'), 'nothing is in flight');
	cmp_ok(spent('kill'), '>=', usd(requests('kill') * $cost), sprintf 'after a crash at least what was spent ($%.4f) counts: $%s', requests('kill') * $cost, spent('kill'));
	cmp_ok(spent('kill'), '<=', requests('kill') * $cost + $round * (2 / 16 + 8 * $held), 'and not much more');
}
@sessions = map { $t->session } 1 .. 8;
$_->send(q(SELECT call_out('kill'))) for @sessions;
$_->wait for @sessions;
cmp_ok(requests('kill') * $cost, '<=', 2, sprintf 'over two crashes $%.4f of $2 are spent', requests('kill') * $cost);
cmp_ok(requests('kill') * $cost, '>', 1.2, 'and most of it was usable');
$_->quit for @sessions;

# --- The end of a period --------------------------------------------------------------------

# Two minutes before the full hour, then one after it.
my $now = $t->sql('SELECT extract(epoch FROM now())::bigint');
my $to_go = 3600 - $now % 3600;
$to_go += 3600 if $to_go < 300; # never back
move_clock($to_go - 120);
budget('hours', 0.05, period => 'hour');
budget('slow', 1, period => 'hour');
$s = $t->session;
my $most = int((0.05 - $held) / $cost) + 1;
is($s->value(q(SELECT call_out('hours'))), $most, 'an hour\'s budget');
my $slow = $t->session;
$slow->send(q(SELECT ai_complete('Echo: 0123456789', '{"model": "slow"}')));
ok($t->wait_for('slow--lat-3000', 'in_flight', 1), 'a call is under way at the end of the hour');
my $first = $t->sql(q(SELECT period_start FROM ai_router.spending WHERE budget = 'hours'));
move_clock($to_go + 60);
isnt($t->sql(q(SELECT period_start FROM ai_router.spending WHERE budget = 'hours')), $first, 'the next hour');
is(spent('hours'), '0', 'has nothing spent');
is($t->sql(q(SELECT reserved FROM ai_router.spending WHERE budget = 'slow')), '0', 'nor reserved');
is($s->value(q(SELECT call_out('hours'))), $most, 'and allows as much');
is(requests('hours'), 2 * $most, 'no more');
is($slow->wait->{error}, undef, 'the call ends in the next hour');
is(spent('slow'), '0', 'and costs nothing there');
ok($t->until_true(sub { $t->sql(qq(SELECT nanodollars FROM ai_router.budget_spent WHERE name = 'slow' AND period_start = '$first')) eq '3400000' }, 60), 'but where it was reserved');
ok($t->until_true(sub { $t->sql(qq(SELECT string_agg(nanodollars::text, ' ') FROM ai_router.budget_spent WHERE name = 'hours')) eq join ' ', ($most * 3_400_000) x 2 }, 60), 'each hour keeps what was its own');
like($t->session->query(q(SELECT ai_complete('Echo: 0123456789', '{"model": "hours"}')))->{error}{M}, qr/it starts anew at \d{4}-/, 'the error says when the next one begins');

# Rows of long ago go, those of a budget without periods do not.
$t->sql(q(UPDATE ai_router.budget_spent SET updated = now() - interval '401 days' WHERE name IN ('hours', 'kill')));
$t->sql(q(INSERT INTO ai_router.budget_spent VALUES ('gone', '-infinity', 1, now() - interval '401 days')));
# The first batch after a start cleans up.
$node->restart;
$t->session->query(q(SELECT call_out('soft', 1)));
ok($t->until_true(sub { $t->sql(q(SELECT count(*) FROM ai_router.budget_spent WHERE name IN ('hours', 'gone'))) == 0 }, 60), 'old rows go');
is($t->sql(q(SELECT count(*) FROM ai_router.budget_spent WHERE name = 'kill')), 1, 'but not that of a total that is still there');

# --- A standby, a dump, another life of the extension --------------------------------------------

budget('dumped', 1);
$t->session->value(q(SELECT call_out('dumped', 10)));
ok($t->until_true(sub { usd(in_table('dumped')) == usd(10 * $cost) }, 60), 'the table is exact');
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
my $there = AiRouterSession->new($standby);
my $r = $there->query(q(SELECT ai_complete('Echo: 0123456789', '{"model": "dumped"}')));
is($r->{error}{C}, 'RT004', 'on a standby a hard budget refuses');
like($r->{error}{M}, qr/a standby cannot account/, 'and says why');
is($there->query(q(SELECT ai_complete('Echo: 0123456789', '{"model": "soft"}')))->{error}, undef, 'a soft one does not');
is($there->value(q(SELECT value FROM ai_router.stats WHERE name = 'budget_skipped')), 1, 'and counts that');
is(usd($there->value(q(SELECT spent FROM ai_router.spending WHERE budget = 'dumped'))), usd(10 * $cost), 'what the primary spent is seen');
$standby->promote;
is($there->value(q(SELECT call_out('dumped', 2))), 2, 'promoted, it goes on');
is(usd($there->value(q(SELECT spent FROM ai_router.spending WHERE budget = 'dumped'))), usd(12 * $cost), 'where the primary was');
$there->quit;
$standby->stop;

my $dump = $node->basedir . '/dump.sql';
$node->run_log([ 'pg_dump', '-f', $dump, '-d', $node->connstr('postgres') ]);
$t->sql('CREATE DATABASE restored');
$node->run_log([ 'psql', '-X', '-q', '-f', $dump, '-d', $node->connstr('restored') ]);
is(usd($node->safe_psql('restored', q(SELECT spent FROM ai_router.spending WHERE budget = 'dumped'))), usd(10 * $cost), 'a restored database remembers what was spent');
is($node->safe_psql('restored', q(SELECT call_out('dumped', 1))), 1, 'and goes on');
is(usd($node->safe_psql('restored', q(SELECT spent FROM ai_router.spending WHERE budget = 'dumped'))), usd(11 * $cost), 'from there');
is(usd(spent('dumped')), usd(10 * $cost), 'on its own');
# It waits five seconds for others to go, and fails then.
is($node->psql('postgres', 'DROP DATABASE restored'), 0, 'DROP DATABASE right after calls');

$t->session->value(q(SELECT call_out('dumped', 3)));
$t->sql(q(CREATE TABLE kept AS SELECT * FROM ai_router.models; CREATE TABLE kept_rules AS SELECT * FROM ai_router.rules; DROP EXTENSION ai_router CASCADE; CREATE EXTENSION ai_router));
$t->server('p', api => 'openai', path => '/compat/v1');
$t->sql(q(INSERT INTO ai_router.models SELECT * FROM kept; INSERT INTO ai_router.rules SELECT * FROM kept_rules));
budget('dumped', 1);
is(spent('dumped'), '0', 'the extension made anew has spent nothing');
is($t->session->value(q(SELECT call_out('dumped', 1))), 1, 'a call');
is(usd(spent('dumped')), $cost, 'is the first one');

done_testing();

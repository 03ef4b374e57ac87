# Budgets: never more than the limit, whoever calls, and nearly all of it usable.  What was spent is the sandbox provider's count of requests times the price.
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(usleep);
use AiRouterTest;
use PostgreSQL::Test::Utils;

my $t = AiRouterTest->new(
	'budgets',
	conf => "max_connections = 60\nautovacuum = off\n");
my $node = $t->node;

# A call: 4 tokens in, 3 out, reserved with 96 and 4.
my ($cost, $held) = (0.0034, 0.0136);
$t->server('p', api => 'openai', path => '/compat/v1');
my %price = (input_price => 100, output_price => 1000);
$t->model($_, 'p', "$_--lat-10", %price) for qw(many two locked killed crowd);
$t->model($_, 'p', "$_--lat-10", %price, family => 'kin') for qw(kin1 kin2);
$t->model('hang', 'p', 'hang--fault-hang', %price);
$t->model('late', 'p', 'late--lat-9000', %price);
$t->model('bad', 'p', 'bad--status-400', %price);
$t->model('down', 'p', 'down--status-503', %price);
$t->model('silent', 'p', 'silent--fault-nousage', %price);
$t->model('broken', 'p', 'broken--fault-badjson', %price);
$t->model('refused', 'q', 'refused', %price) if $t->sql(q(CREATE SERVER q FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', base_url 'http://127.0.0.1:1'); CREATE USER MAPPING FOR PUBLIC SERVER q OPTIONS (api_key 'k'); SELECT 1));
$t->sql(q(INSERT INTO ai_router.rules (name, defaults) VALUES ('default', '{"max_tokens": 4}')));

# Calls until a budget refuses; how many there were.
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

sub budget { my ($name, $limit, %col) = @_; my %row = (name => $name, period => 'total', limit_usd => $limit, %col);
	return $t->sql('INSERT INTO ai_router.budgets (' . join(', ', sort keys %row) . ') VALUES (' . join(', ', map { AiRouterTest::quote($row{$_}) } sort keys %row) . ')'); }
sub spent { my $name = shift; return $t->sql("SELECT spent FROM ai_router.spending WHERE budget = '$name'"); }
sub reserved { my $name = shift; return $t->sql("SELECT reserved FROM ai_router.spending WHERE budget = '$name'"); }
sub in_table { my $name = shift; return $t->sql("SELECT coalesce(sum(nanodollars), 0) FROM ai_router.budget_spent WHERE name = '$name'"); }
sub requests { my $model = shift; return $t->counter($model, 'requests'); }
sub usd { return 0 + sprintf '%.9f', shift; }
sub call { my ($s, $model, $hints) = @_; $hints = defined $hints ? ", $hints" : '';
	return $s->query(qq(SELECT ai_complete('Echo: 0123456789', '{"model": "$model"$hints}'))); }
sub writer_gone { return $t->until_true(sub { $t->sql(q(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ai_router writer')) == 0 }, 60); }
sub stat_of { my $name = shift; return $t->sql("SELECT value FROM ai_router.stats WHERE name = '$name'"); }

# --- 32 sessions ------------------------------------------------------------------------------

budget('many', 1, model => 'many');
my @sessions = map { $t->session } 1 .. 32;
my $start = AiRouterSession::now();
$_->send(q(SELECT call_out('many'))) for @sessions;
my $done = 0;
for (@sessions) { my $r = $_->wait; is($r->{error}, undef, 'a session ends well') if $r->{error}; $done += $r->{rows}[0][0]; }
note sprintf '%d calls in %.1f s', $done, AiRouterSession::now() - $start;
my $n = requests('many--lat-10');
is($n, $done, 'every request was answered');
cmp_ok($n * $cost, '<=', 1, sprintf '32 sessions spend $%.4f of $1', $n * $cost);
cmp_ok($n * $cost, '>', 0.9, 'and more than $0.90 is usable');
is(usd(spent('many')), usd($n * $cost), 'the view tells exactly that');
is(usd(reserved('many')), 0, 'nothing stays reserved');
my $r = call($sessions[0], 'many');
is($r->{error}{C}, 'RT004', 'then it is refused');
like($r->{error}{M}, qr/budget "many" .* limit \$1\.00, spent \$0\.9[89]\d+, reserved \$0\.00, this call up to \$0\.0136; it never starts anew/, 'saying budget, limit, spent, reserved');
like($r->{error}{H}, qr/ai_router\.budgets/, 'with a hint');
is(requests('many--lat-10'), $n, 'nothing was sent');
ok($t->until_true(sub { in_table('many') == $n * 3_400_000 }, 60), 'when nobody calls the table is exact');
cmp_ok(stat_of('budget_waits'), '>', 0, 'waits are counted');
cmp_ok(stat_of('budget_refused'), '>=', 33, 'and refusals');
$_->quit for splice @sessions, 8;

# The array form: many calls of one session wait for each other's reservations.
$t->sql(q(UPDATE ai_router.budgets SET limit_usd = 1.2 WHERE name = 'many'));
my $s = $t->session;
$r = $s->query(q(SELECT ai_complete(array_agg('Echo: ' || lpad(i::text, 10, '0')), '{"model": "many"}') FROM generate_series(1, 200) i));
is($r->{error}{C}, 'RT004', 'an array that costs more than is left');
cmp_ok(usd(requests('many--lat-10') * $cost), '<=', 1.2, 'does not spend more');
# What ran when it failed counts as reserved.
is(usd(reserved('many')), 0, 'nothing stays reserved');
cmp_ok(spent('many'), '<=', 1.2, 'within the limit');

# --- What counts and what does not ----------------------------------------------------------

budget($_, 100, model => $_) for qw(bad down silent broken refused hang late);
is(call($s, 'bad')->{error}{C}, 'RT009', 'a request that is rejected');
is(spent('bad'), '0', 'costs nothing');
is(call($s, 'down', '"retries": 1')->{error}{C}, 'RT002', 'a provider that is down');
is(spent('down'), '0', 'costs nothing');
is(call($s, 'refused', '"retries": 0')->{error}{C}, 'RT002', 'no connection');
is(spent('refused'), '0', 'costs nothing');
is(call($s, 'silent')->{error}, undef, 'an answer without usage');
is(usd(spent('silent')), $held, 'counts as it was reserved');
is(call($s, 'broken', '"retries": 0')->{error}{C}, 'RT006', 'a broken answer');
is(usd(spent('broken')), $held, 'likewise');
# Long enough for a busy machine to have sent it: what was not costs nothing.
is(call($s, 'late', '"timeout_ms": 2500, "retries": 0')->{error}{C}, 'RT005', 'a time-out');
is(usd(spent('late')), $held, 'likewise');
is(usd($t->sql(q(SELECT sum(reserved) FROM ai_router.spending))), 0, 'nothing stays reserved');

# Cancelled, terminated.
for my $how (qw(pg_cancel_backend pg_terminate_backend))
{
	my $before = spent('hang');
	my $victim = $t->session;
	$victim->send(q(SELECT ai_complete('{a,b,c}'::text[], '{"model": "hang"}')));
	ok($t->wait_for('hang--fault-hang', 'in_flight', 3), 'three are in flight');
	my $each = usd(reserved('hang') / 3);
	cmp_ok($each, '>', 0.01, 'they hold money');
	$t->sql("SELECT $how(" . $victim->pid . ')');
	is($victim->wait->{closed}, $how =~ /terminate/ ? 1 : 0, $how);
	ok($t->until_true(sub { reserved('hang') == 0 }, 60), 'they hold nothing more');
	is(usd(spent('hang') - $before), usd(3 * $each), 'it counts as spent');
	ok($t->wait_for('hang--fault-hang', 'in_flight', 0, 'le'), 'none is in flight');
}

# Waiting for money that others hold: cancel at once, time-out, and going on when it comes back.
budget('tight', 0.02, model => 'hang');
my $holder = $t->session;
$holder->send(q(SELECT ai_complete('Echo: 0123456789', '{"model": "hang"}')));
ok($t->wait_for('hang--fault-hang', 'in_flight', 1), 'one holds what there is');
$s->send(q(SELECT ai_complete('Echo: 0123456789', '{"model": "hang", "timeout_ms": 60000}')));
usleep(5_500_000);
ok($s->busy, 'another one waits, longer than one would wait for the writer');
my $waits = 0;
(my $ms, $r) = $t->cancel_ms($s, sub {
	# The first one waits already.
	return 1 if !$waits++;
	$s->send(q(SELECT ai_complete('Echo: 0123456789', '{"model": "hang", "timeout_ms": 60000}')));
	usleep(300_000);
	return $s->busy;
}, 100);
is($r->{error}{C}, '57014', 'and can be cancelled');
cmp_ok($ms, '<', 100, sprintf 'at once (%.0f ms)', $ms);
my $at = AiRouterSession::now();
$r = call($s, 'hang', '"timeout_ms": 400');
is($r->{error}{C}, 'RT004', 'with a time-out it fails');
like($r->{error}{M}, qr/reserved \$0\.0136, this call up to \$0\.0136, after 400 ms/, 'saying so');
# Who minded no time-out would wait for a minute, the time of the one that holds the money.
cmp_ok($r->{at} - $at, '<', 20, 'in time');
is(requests('hang--fault-hang'), 7, 'nothing was sent');
$s->send(q(SELECT ai_complete('Echo: 0123456789', '{"model": "hang", "timeout_ms": 60000}')));
usleep(200_000);
$t->sql(q(UPDATE ai_router.budgets SET limit_usd = 0.001 WHERE name = 'tight'));
$t->behave('hang--fault-hang');
$t->sql('SELECT pg_cancel_backend(' . $holder->pid . ')');
is($holder->wait->{error}{C}, '57014', 'the holder is cancelled');
is($s->wait->{error}{C}, 'RT004', 'what it held counts, so the one that waits is refused');
$t->sql(q(DELETE FROM ai_router.budgets WHERE name IN ('tight', 'hang')));
is(call($s, 'hang')->{error}, undef, 'without the budget it goes');

# --- Several budgets, roles, families ---------------------------------------------------------

$t->sql(q(CREATE ROLE team; CREATE ROLE clerk LOGIN IN ROLE team; CREATE ROLE other LOGIN; GRANT USAGE ON FOREIGN SERVER p TO clerk, other; GRANT EXECUTE ON FUNCTION call_out TO PUBLIC));
budget('everybody', 0.1, model => 'two');
budget('team', 0.05, model => 'two', role => 'team');
budget('kin', 0.07, model => 'kin');
my @clerks = map { $t->session(user => 'clerk') } 1 .. 4;
my @others = map { $t->session(user => 'other') } 1 .. 4;
$_->send(q(SELECT call_out('two'))) for @clerks;
my $by_team = 0;
$by_team += $_->wait->{rows}[0][0] for @clerks;
is($by_team, int((0.05 - $held) / $cost) + 1, 'members of a role spend its budget together');
$_->send(q(SELECT call_out('two'))) for @others, @clerks;
my $by_others = 0;
$by_others += $_->wait->{rows}[0][0] for @others;
$_->wait for @clerks;
is($by_team + $by_others, int((0.1 - $held) / $cost) + 1, 'and with others the one of all');
is(requests('two--lat-10'), $by_team + $by_others, 'that was all');
is(usd(spent('team')), usd($by_team * $cost), 'each budget counts its own');
is(usd(spent('everybody')), usd(($by_team + $by_others) * $cost), 'and only that');
$sessions[$_]->send("SELECT call_out('kin" . (1 + $_ % 2) . "')") for 0 .. 7;
$_->wait for @sessions;
my $kin = requests('kin1--lat-10') + requests('kin2--lat-10');
is($kin, int((0.07 - $held) / $cost) + 1, 'a family spends its budget together');
$_->quit for @clerks, @others;

# --- Locked table, writer terminated --------------------------------------------------------------

budget('locked', 1, model => 'locked');
my $locker = $t->session;
$locker->query('BEGIN'); $locker->query('LOCK ai_router.budget_spent');
$at = AiRouterSession::now();
$r = call($s, 'locked');
is($r->{error}{C}, '53400', 'while the table is locked a new budget cannot be charged');
like($r->{error}{H}, qr/ai_router\.budget_spent/, 'says the hint');
cmp_ok($r->{at} - $at, '<', 30, 'after five seconds');
($ms, $r) = $t->cancel_ms($s, sub {
	$s->send(q(SELECT ai_complete('Echo: 0123456789', '{"model": "locked"}')));
	usleep(300_000);
	return $s->busy;
}, 100);
is($r->{error}{C}, '57014', 'waiting for it can be cancelled');
cmp_ok($ms, '<', 100, 'at once');
$s->send(q(SELECT ai_complete('Echo: 0123456789', '{"model": "locked"}')));
usleep(300_000);
$locker->query('ROLLBACK');
is($s->wait->{error}, undef, 'and goes on when the lock is gone');

# Nothing is spent above the mark that the table has, for that is all that a crash leaves: neither when
# it has come down nor when it cannot go up.
ok($t->until_true(sub { in_table('locked') == usd(requests('locked--lat-10') * $cost) * 1e9 }, 60), 'the mark comes down');
$locker->query('BEGIN'); $locker->query('LOCK ai_router.budget_spent');
$r = $s->query(q(SELECT call_out('locked')));
is($r->{error}{C}, '53400', 'a budget whose mark cannot be raised');
cmp_ok(requests('locked--lat-10') * $cost * 1e9, '<=', $locker->value(q(SELECT nanodollars FROM ai_router.budget_spent WHERE name = 'locked')), 'spends no more than the mark says');
$locker->query('ROLLBACK');
is(call($s, 'locked')->{error}, undef, 'and goes on when the lock is gone');

# The writer is terminated again and again: calls that wait for it ask for another one.
budget('killed', 0.3, model => 'killed');
# Less and less often: a call waits for five seconds, and a busy machine must once let a writer come to its end.
$_->send(q(SELECT call_out('killed'))) for @sessions;
my $pause_us = 50_000;
while (grep { $_->busy } @sessions)
{
	$t->sql(q(SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'ai_router writer'));
	usleep($pause_us);
	$pause_us *= 1.3 if $pause_us < 4_000_000;
}
is($_->wait->{error}, undef, 'a session ends well') for @sessions;
is(requests('killed--lat-10'), int((0.3 - $held) / $cost) + 1, 'a writer that is terminated costs nothing');
is(usd(spent('killed')), usd(requests('killed--lat-10') * $cost), 'and loses nothing');

# More budgets than shared memory has room for: those that rest make room.
$t->sql(q(INSERT INTO ai_router.budgets (name, role, model, period, limit_usd, hard) SELECT 'b' || i, NULL, 'crowd', 'total', 100, i % 2 = 0 FROM generate_series(1, 700) i));
is(call($s, 'crowd')->{error}, undef, 'a call under 700 budgets');
is(usd($t->sql(q(SELECT sum(spent) FROM ai_router.spending WHERE model = 'crowd'))), usd(700 * $cost), 'is counted in each');
ok(writer_gone(), 'until nobody calls');
$t->sql(q(UPDATE ai_router.budgets SET name = 'c' || name WHERE model = 'crowd'));
is(call($s, 'crowd')->{error}, undef, 'and one under 700 others');
is(usd($t->sql(q(SELECT sum(spent) FROM ai_router.spending WHERE model = 'crowd'))), usd(700 * $cost), 'likewise');
ok(writer_gone(), 'until nobody calls');
$t->sql(q(UPDATE ai_router.budgets SET name = substr(name, 2) WHERE model = 'crowd'));
is(usd($t->sql(q(SELECT sum(spent) FROM ai_router.spending WHERE model = 'crowd'))), usd(700 * $cost), 'the first ones are not forgotten');
$t->sql(q(INSERT INTO ai_router.budgets (name, model, period, limit_usd) SELECT 'd' || i, 'crowd', 'total', 100 FROM generate_series(1, 500) i));
$r = call($s, 'crowd');
is($r->{error}{C}, 'RT004', 'more at once than there is room for');
like($r->{error}{M}, qr/shared memory has no room/, 'is refused');
$t->sql(q(UPDATE ai_router.budgets SET hard = false WHERE model = 'crowd'));
is(call($s, 'crowd')->{error}, undef, 'unless they are soft');
cmp_ok(stat_of('budget_skipped'), '>', 100, 'which is counted');

done_testing();

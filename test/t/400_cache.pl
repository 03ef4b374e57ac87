# The cache and equal calls under way, over the wire: what counts is what the provider saw.
use strict;
use warnings;
use AiRouterTest;
use Test::More;

my $t = AiRouterTest->new('cache', cache => 1, conf => "ai_router.cache_size = 1MB\nmax_connections = 40\n");
$t->models_at_p(
	m => 'good',
	other => 'other',
	slow => 'slow--lat-1500',
	slower => 'slower',
	refuses => 'refuses--status-400',
	down => 'down--lat-700--status-503',
	never => 'never--fault-hang');
$t->sql("UPDATE ai_router.rules SET models = '{m,other,slow,slower,refuses,down,never}'");

sub requests { return $t->counter($_[0], 'requests'); }
sub stat_of { return $t->sql("SELECT $_[0] FROM ai_router.cache_stats"); }

# Which requests a call makes.
sub asks
{
	my ($n, $sql, $name, %opt) = @_;
	my $before = requests('good') + requests('other');
	my $answer = $t->sql($sql, %opt);
	is(requests('good') + requests('other') - $before, $n, "$name: $n request(s)");
	return $answer;
}

# Bought once, by whichever session and function.
my $answer = asks(1, "SELECT ai_complete('hello')", 'first call');
is(asks(0, "SELECT ai_complete('hello')", 'another session'), $answer, 'the same answer');
is(asks(0, "SELECT cached, attempts FROM ai_call('hello')", 'another function'), 't|0', 'cached, no attempt');
asks(1, "SELECT ai_complete('hello', '{\"temperature\": 0.5}')", 'another hint');
asks(1, "SELECT ai_complete('hello', '{\"model\": \"other\"}')", 'another model');
asks(0, "SELECT ai_complete('hello', '{\"model\": [\"m\", \"other\"], \"task\": \"x\", \"timeout_ms\": 9999}')", 'other ways to the same');
asks(1, "UPDATE ai_router.models SET params = '{\"user\": \"u\"}' WHERE name = 'm'; SELECT ai_complete('hello', '{\"model\": \"m\"}')", 'other params');
asks(0, "UPDATE ai_router.models SET params = '{}' WHERE name = 'm'; SELECT ai_complete('hello')", 'the old params');
asks(0, "UPDATE ai_router.rules SET models = '{other,m}'::text[] || models[3:]; SELECT ai_complete('hello')", 'rerouted');
$t->sql("UPDATE ai_router.rules SET models = '{m,other}'::text[] || models[3:]");

# off, refresh, only, the setting.
asks(1, "SELECT ai_complete('hello', '{\"cache\": \"off\"}')", 'off');
asks(1, "SET ai_router.cache = off; SELECT ai_complete('hello')", 'switched off');
asks(1, "SELECT ai_complete('hello', '{\"cache\": \"refresh\"}')", 'refresh');
asks(0, "SELECT ai_complete('hello', '{\"cache\": \"only\"}')", 'only');
like(($t->try(q{SELECT ai_complete('never', '{"cache": "only"}')}))[1], qr/RT002: no cached answer/, 'only, and there is none');

# Age.
# A busy machine may need longer than a second for both: once more then, with another prompt.
for my $try (1 .. 10)
{
	my $begin = AiRouterSession::now();
	my $made = requests('good');
	$t->sql(qq{SELECT ai_complete('young $try', '{"cache_ttl": "1 second"}')});
	is(requests('good'), $made + 1, 'for a second');
	$t->sql("SELECT ai_complete('young $try')");
	next if AiRouterSession::now() - $begin > 1 && $try < 10;
	is(requests('good'), $made + 1, 'within the second');
	asks(1, "SELECT pg_sleep(1.1), ai_complete('young $try')", 'after it');
	asks(1, qq{SELECT ai_complete('young $try', '{"cache_ttl": "1 millisecond"}')}, 'too old for the call');
	last;
}

# Credentials and rights.
$t->sql('CREATE ROLE poor LOGIN; CREATE ROLE rich LOGIN; GRANT USAGE ON FOREIGN SERVER p TO rich');
like(($t->try(q{SET ROLE poor; SELECT ai_complete('hello')}))[1], qr/RT001/, 'no right, no cached answer');
asks(0, q{SET ROLE rich; SELECT ai_complete('hello')}, 'the same key of PUBLIC');
$t->sql(q{CREATE USER MAPPING FOR rich SERVER p OPTIONS (api_key 'sandbox-key')});
asks(1, q{SET ROLE rich; SELECT ai_complete('hello')}, 'a mapping of one\'s own');
$t->sql(q{ALTER USER MAPPING FOR PUBLIC SERVER p OPTIONS (SET api_key 'another-key')});
like(($t->try(q{SELECT ai_complete('hello')}))[1], qr/RT010/, 'another key: no cached answer, but what the provider says to it');
$t->sql(q{ALTER USER MAPPING FOR PUBLIC SERVER p OPTIONS (SET api_key 'sandbox-key')});
asks(0, q{SELECT ai_complete('hello')}, 'the old key again');

# A rolled back statement has bought all the same.
asks(3, q{BEGIN; SELECT ai_complete(ARRAY['a1', 'a2', 'a3']); ROLLBACK}, 'rolled back');
asks(0, q{SELECT ai_complete(ARRAY['a1', 'a2', 'a3'])}, 'run again');

# Forgetting.
cmp_ok($t->sql(q{SELECT ai_router.cache_clear('m')}), '>', 5, 'answers of a model are forgotten');
asks(1, q{SELECT ai_complete('a1')}, 'forgotten');
$t->reset;

# 50,000 distinct prompts, of which one is asked again all the time, in 1 MB.
my $s = $t->session;
$s->value(q{SELECT count(ai_complete('hot' || left(i::text, 0))) FROM generate_series(1, 3) i});
$t->sql(q{CREATE SERVER fx FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
	INSERT INTO ai_router.models(name, server, model) VALUES ('fx', 'fx', 'fx');
	INSERT INTO ai_router.rules(name, priority, condition, models) VALUES ('flood', 1, '$.task == "flood"', '{fx}');
	INSERT INTO ai_router.fixtures(answer) VALUES (repeat('long answer ', 50))});
$s->value(qq{SELECT count(ai_complete('p' || i, '{"cache": "on", "task": "flood"}')), count(ai_complete('hot'))
	FROM generate_series($_ * 5000 + 1, $_ * 5000 + 5000) i}) for 0 .. 9;
cmp_ok(stat_of('bytes'), '<=', 1024 * 1024, 'the cache stays within its size');
cmp_ok(stat_of('bytes'), '>', 900 * 1024, 'and uses it');
cmp_ok(stat_of('evictions'), '>', 45_000, 'by letting go');
asks(0, q{SELECT ai_complete('hot')}, 'what is asked often stays');
$t->sql(q{UPDATE ai_router.fixtures SET answer = repeat('x', 200000)});
$s->value(q{SELECT length(ai_complete('huge', '{"cache": "on", "task": "flood"}'))});
is(stat_of('refused'), 1, 'too large an answer is refused');
$t->sql(q{SELECT ai_router.cache_clear()});
is(stat_of('entries || \' \' || bytes'), '0 0', 'nothing has leaked');

# 200 equal prompts at once from 8 sessions, 25 in an array each.
my @sessions = map { $t->session } 1 .. 8;
my $hint = q{'{"model": "slow"}'};
$_->send("SELECT array_agg(DISTINCT a) FROM unnest(ai_complete(array_fill('equal'::text, ARRAY[25]), $hint)) a") for @sessions;
my @answers = map { my $r = $_->wait; $r->{error} ? $r->{error}{M} : $r->{rows}[0][0] } @sessions;
is(requests('slow--lat-1500'), 1, '200 equal prompts, one request');
is(scalar(grep { $_ eq $answers[0] } @answers), 8, 'one answer for all');

# The owner goes, and the others wait on: one more request.
for my $how ('pg_cancel_backend', 'pg_terminate_backend')
{
	my $prompt = "owner, $how";
	my $owner = $t->session;
	my $before = requests('slower');
	# The owner's request hangs; whoever asks next is answered.
	$t->behave('slower', fault => 'hang');
	$owner->send("SELECT ai_complete('$prompt', '{\"model\": \"slower\"}')");
	$t->until_true(sub { requests('slower') == $before + 1 });
	$_->send("SELECT cached FROM ai_call('$prompt', '{\"model\": \"slower\"}')") for @sessions;
	select undef, undef, undef, 0.5;
	$t->behave('slower', lat => 500);
	$t->sql("SELECT $how(" . $owner->pid . ')');
	my @cached = map { my $r = $_->wait; $r->{error} ? $r->{error}{M} : $r->{rows}[0][0] } @sessions;
	is(requests('slower'), $before + 2, "$how: one more request");
	is(scalar(grep { $_ eq 't' } @cached), 7, "$how: all but one got its answer");
}

# A waiter stays interruptible and has its time-out.
my $owner = $t->session;
$owner->send(q{SELECT ai_complete('hang', '{"model": "never", "retries": 0}')});
$t->wait_for('never--fault-hang', 'requests', 1);
my $r = $sessions[0]->query(q{SET statement_timeout = 300; SELECT ai_complete('hang', '{"model": "never"}')});
is($r->{error}{C}, '57014', 'a waiter can be cancelled');
$sessions[0]->query('RESET statement_timeout');
$r = $sessions[0]->query(q{SELECT ai_complete('hang', '{"model": "never", "timeout_ms": 300}')});
is($r->{error}{C}, 'RT005', 'a waiter times out');
is(requests('never--fault-hang'), 1, 'and has asked nobody');
$t->sql('SELECT pg_cancel_backend(' . $owner->pid . ')');
$owner->wait;

# Failures: what nobody can do better goes to all, others ask for themselves.  Who comes after the failure asks
# anew: on a busy machine it takes a later one for all to have come, which is when they wait beside the request.
my $waiting = q{SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND wait_event_type = 'Extension' AND pid IN (}
  . join(',', map { $_->pid } @sessions) . ')';
my ($came, @codes);
for my $ms (700, 2000, 6000)
{
	$t->reset;
	$t->behave('refuses--status-400', lat => $ms, status => 400);
	$_->send(qq{SELECT ai_complete('no $ms', '{"model": "refuses"}')}) for @sessions;
	$came = $t->until_true(sub { $t->sql($waiting) == 8 }, $ms / 1000) && $t->counter('refuses--status-400', 'in_flight') == 1;
	@codes = map { $_->wait->{error}{C} } @sessions;
	is("@codes", join(' ', ('RT009') x 8), 'a rejected prompt is rejected for all');
	last if $came;
}
ok($came, 'all of them waited');
is(requests('refuses--status-400'), 1, 'after one request');
$_->send(q{SELECT ai_complete('no', '{"model": "down", "retries": 0}')}) for @sessions;
@codes = map { $_->wait->{error}{C} } @sessions;
is("@codes", join(' ', ('RT002') x 8), 'a provider that is down fails all');
cmp_ok(requests('down--lat-700--status-503'), '<=', 8, 'after one request each at most');

done_testing();

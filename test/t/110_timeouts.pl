# Time-outs: which bound holds, what the error says, what is tried again, and
# that only time in which the session waits counts.
use strict;
use warnings;
use Test::More;
use AiRouterTest;

my $t = AiRouterTest->new('timeouts', blackhole => 1);

my $hang = 'hang--fault-hang';
my $other = 'other--fault-hang';
my $body = 'body--fault-slowbody--drip-50';

$t->models_at_p(
	hang => $hang,
	other => $other,
	body => $body,
	good => 'good',
	slow => 'slow--lat-100',
	slower => 'slower--lat-1000');
$t->server('bounded', api => 'openai', path => '/compat/v1', timeout => '300ms');
$t->model('bounded', 'bounded', 'bounded--fault-hang');
$t->server(
	'noconnect',
	api => 'openai',
	base_url => $t->sandbox->url('/compat/v1', 'http', $t->{blackhole_port}));
$t->model('noconnect', 'noconnect', 'noconnect');

my $s = $t->session;

# Call and return (error, milliseconds).
sub call
{
	my ($hints, $sql) = @_;
	my $start = AiRouterSession::now();
	my $r = $s->query("SELECT ai_complete('Echo: x', '$hints')");
	return ($r->{error}, 1000 * ($r->{at} - $start));
}

# How late it is noticed is the best of some tries: the machines that run tests are busy.
sub bound
{
	my ($hints, $ms, $name) = @_;
	my $best;

	for (1 .. 8)
	{
		my ($error, $took) = call($hints);

		is($error->{C}, 'RT005', "$name: SQLSTATE");
		like($error->{M}, qr/: no answer within $ms ms$/, "$name: message");
		cmp_ok($took, '>=', $ms, sprintf '%s: not before %d ms (%.1f)', $name, $ms, $took);
		$best = $took if !defined $best || $took < $best;
		last if $best < $ms + 400;
	}
	cmp_ok($best, '<', $ms + 400, sprintf '%s: soon after %d ms (%.1f)', $name, $ms, $best);
	return;
}

# Time may be up before a busy machine has sent anything, which is another matter.  So: what a call ended
# with, asked again until the provider has seen as many requests as there were attempts.
sub sent
{
	my ($sql, @ids) = @_;

	for (1 .. 8)
	{
		$t->reset;
		my $r = $s->query($sql);
		my $seen = 0;
		my ($attempts) = ($r->{error} ? $r->{error}{D} // '' : $r->{rows}[0][-1]) =~ /(\d+)(?: attempts in all|$)/;
		$seen += $t->counter($_, 'requests') for @ids;
		return $r if $seen == ($attempts // -1);
		diag "$seen requests seen: $sql";
	}
	die "not sent in time: $sql";
}

# Precedence: hint over server option over setting.
$s->query('SET ai_router.retries = 0');
$s->query("SET ai_router.timeout = '150ms'");
bound('{"model":"hang"}', 150, 'setting alone');
bound('{"model":"bounded"}', 300, 'server option over a shorter setting');
$s->query("SET ai_router.timeout = '10s'");
bound('{"model":"bounded"}', 300, 'server option over a longer setting');
bound('{"model":"bounded","timeout_ms":100}', 100, 'hint shorter than the server option');
bound('{"model":"bounded","timeout_ms":450}', 450, 'hint longer than the server option');
bound('{"model":"body","timeout_ms":200}', 200, 'a body that trickles in');

# The error: who, what, where to change it.
my ($error) = call('{"model":"hang","timeout_ms":60}');
like($error->{M}, qr/provider "p", model "hang"/, 'the message names provider and model');
like($error->{H}, qr/ai_router\.timeout.*timeout_ms/, 'the hint names the settings');

# What timed out after sending may have been paid for: once more, not more often.
$s->query('SET ai_router.retries = 5');
$error = sent(q(SELECT ai_complete('Echo: x', '{"model":"hang","timeout_ms":100}')), $hang)->{error};
is($error->{C}, 'RT005', 'retried time-out: SQLSTATE');
like($error->{D}, qr/2 attempts in all.*no answer within 100 ms/, 'retried time-out: detail');
is($t->counter($hang, 'requests'), 2, 'a time-out after sending is retried once');
ok($t->wait_for($hang, 'aborted', 2), 'both requests were given up');

# Nothing was sent: retries hold.
is( $s->value(q(SELECT attempts FROM ai_call('x', '{"model":"noconnect","timeout_ms":50,"retries":3}'))),
	4,
	'a time-out before sending is retried as often as retries says');
like(
	$s->value(q(SELECT error FROM ai_call('x', '{"model":"noconnect","timeout_ms":50,"retries":0}'))),
	qr/^RT005: .*no answer within 50 ms/,
	'a connect that hangs is a time-out');

# The next candidate.
my $r = sent(q(SELECT answer, model, attempts FROM ai_call('Echo: second', '{"model":["bounded","good"]}')), 'bounded--fault-hang', 'good');
is_deeply($r->{rows}, [ [ 'second', 'good', 2 ] ], 'after a time-out the next candidate answers');
is($t->counter('bounded--fault-hang', 'requests'), 1, 'the first candidate was asked once');
is($t->counter('good', 'requests'), 1, 'the second candidate was asked once');

$error = sent(q(SELECT ai_complete('Echo: x', '{"model":["hang","other","good"],"timeout_ms":100}')), $hang, $other, 'good')->{error};
is($error->{C}, 'RT005', 'two candidates that time out: SQLSTATE');
like($error->{M}, qr/model "other"/, 'two candidates that time out: the last one is named');
is_deeply(
	[ map { $t->counter($_, 'requests') } $hang, $other, 'good' ],
	[ 1, 1, 0 ],
	'a call of unknown cost is repeated once, at whatever candidate');

# on_error null: one warning per statement.
$r = $s->query(q(SELECT ai_complete('{a,b,c}'::text[], '{"model":"hang","timeout_ms":100,"retries":0,"on_error":"null"}')));
is($r->{rows}[0][0], '{NULL,NULL,NULL}', 'on_error null gives NULL');
is(scalar @{ $r->{notices} }, 1, 'on_error null warns once');
like($r->{notices}[0]{M}, qr/^3 AI calls failed/, 'the warning counts');

# The bound is that of an exchange: calls that wait for their turn do not time out.
$t->reset;
$s->query('SET ai_router.max_concurrency = 1');
is( $s->value(q(SELECT ai_complete((SELECT array_agg('Echo: ' || i ORDER BY i) FROM generate_series(1, 28) i), '{"model":"slow","timeout_ms":2500,"retries":0}'))),
	'{' . join(',', 1 .. 28) . '}',
	'waiting for a slot does not count');
is($t->counter('slow--lat-100', 'peak'), 1, 'there was one slot');
$s->query('RESET ai_router.max_concurrency');

# Nor does time in which nobody drives.
my $hints = '{"model":"slower","timeout_ms":3000,"retries":0}';
$t->reset;
$s->query('BEGIN');
$s->query("DECLARE c CURSOR FOR SELECT ai_complete('Echo: ' || i, '$hints') FROM generate_series(1, 2) i");
my @got;
for (1 .. 2)
{
	push @got, $s->value('FETCH c');
	$s->value('SELECT pg_sleep(2.3)') if @got == 1;
}
is("@got", '1 2', 'a cursor may rest between fetches');
$s->query('COMMIT');

is( $s->value(q(CREATE FUNCTION resting() RETURNS text LANGUAGE plpgsql AS $$
		DECLARE r record; answers text = '';
		BEGIN
			FOR r IN SELECT ai_complete('Echo: ' || i, '{"model":"slower","timeout_ms":3000,"retries":0}') AS a
				FROM generate_series(1, 3) i
			LOOP
				PERFORM pg_sleep(2.3) WHERE answers = '';
				answers := answers || r.a;
			END LOOP;
			RETURN answers;
		END $$; SELECT resting())),
	'123',
	'a loop may rest between rows');
is($t->counter('slower--lat-1000', 'requests'), 5, 'no call was made twice');
is($t->counter('slower--lat-1000', 'aborted'), 0, 'none was given up');

# A process that does not run for a while is late for all of them at once: what has come meanwhile has come in time.
$t->reset;
$s->query('SET ai_router.max_concurrency = 100');
my $start = AiRouterSession::now();
$s->send(q(SELECT ai_complete((SELECT array_agg('Echo: ' || i ORDER BY i) FROM generate_series(1, 100) i), '{"model":"slower","timeout_ms":3000,"retries":0}')));
ok($t->wait_for('slower--lat-1000', 'requests', 100), 'a hundred calls are sent');
kill 'STOP', $s->pid;
ok($t->wait_for('slower--lat-1000', 'ok', 100), 'all are answered');
$t->until_true(sub { AiRouterSession::now() > $start + 3.5 });
kill 'CONT', $s->pid;
$r = $s->wait;
is($r->{error}{M}, undef, 'none has timed out');
is($r->{rows}[0][0], '{' . join(',', 1 .. 100) . '}', 'the answers are taken');

done_testing();

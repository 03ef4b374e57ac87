# 10,000 failing calls in one session leave nothing behind: no descriptors, no
# PostgreSQL memory, no process memory; also inside PL/pgSQL exception blocks,
# aborted subtransactions, cancelled statements and abandoned cursors.
use strict;
use warnings;
use Test::More;
use IO::Socket::INET;
use AiRouterTest;
use PostgreSQL::Test::Utils;

my $t = AiRouterTest->new('leaks', env => { LD_PRELOAD => AiRouterTest->preload_library('slowdns') });

# A port that nobody listens on: bound, so that nobody else takes it.
my $nobody = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'tcp') or die "could not bind: $!";

my %models = (
	good => 'good',
	unavailable => 'm--status-503',
	ratelimit => 'm--status-429--retry-0.001',
	unauthorized => 'm--status-401',
	badjson => 'm--fault-badjson',
	reset => 'm--fault-reset',
	resetmid => 'm--fault-resetmid',
	html => 'm--fault-html503',
	truncated => 'm--fault-length',
	hang => 'hang--fault-hang');
$t->models_at_p(%models);
$t->server('refused', api => 'openai', base_url => 'http://127.0.0.1:' . $nobody->sockport . '/compat/v1');
$t->model('refused', 'refused', 'x');
$t->server('nowhere', api => 'openai', base_url => 'http://no.nowhere.test/v1', allow_insecure => 'true');
$t->model('nowhere', 'nowhere', 'x');

# SQLSTATE of each way to fail.
my %state = (
	unavailable => 'RT002',
	ratelimit => 'RT003',
	unauthorized => 'RT010',
	badjson => 'RT006',
	reset => 'RT002',
	html => 'RT002',
	truncated => 'RT008',
	refused => 'RT002',
	nowhere => 'RT002');
my @failing = sort keys %state;
my $list = join ',', @failing;

$t->sql(<<'SQL');
-- calls that fail, each caught
CREATE FUNCTION caught(n int, models text[]) RETURNS TABLE(model text, state text, calls bigint)
LANGUAGE plpgsql AS $$
DECLARE
	states text[] := '{}';
	answer text;
BEGIN
	FOR i IN 0 .. n - 1 LOOP
		BEGIN
			answer := ai_complete('Echo: ' || i, ai_hints(model => models[1 + i % cardinality(models)], retries => 0));
			states := states || 'ok'::text;
		EXCEPTION WHEN OTHERS THEN
			states := states || SQLSTATE::text;
		END;
	END LOOP;
	RETURN QUERY SELECT models[1 + (s.ord - 1) % cardinality(models)], s.state, count(*)
		FROM unnest(states) WITH ORDINALITY AS s(state, ord) GROUP BY 1, 2;
END $$;

-- arrays that fail while their other calls are in flight
CREATE FUNCTION caught_arrays(n int, width int, model text) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
	failed int := 0;
BEGIN
	FOR i IN 1 .. n LOOP
		BEGIN
			PERFORM ai_complete(array_agg('Echo: ' || j), ai_hints(model => caught_arrays.model, retries => 0))
				FROM generate_series(1, width) j;
		EXCEPTION WHEN OTHERS THEN
			failed := failed + 1;
		END;
	END LOOP;
	RETURN failed;
END $$;

-- answers that arrive, and then the user's code fails
CREATE FUNCTION user_errors(n int) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
	failed int := 0;
	answer text;
BEGIN
	FOR i IN 1 .. n LOOP
		BEGIN
			answer := ai_complete('Echo: ' || i, '{"model":"good"}');
			RAISE EXCEPTION 'mine: %', answer;
		EXCEPTION WHEN raise_exception THEN
			failed := failed + (SQLERRM = 'mine: ' || i)::int;
		END;
	END LOOP;
	RETURN failed;
END $$;
SQL

my $s = $t->session;

# One round; $k calls of each kind of statement.  Returns the number of calls that failed.
sub failing_round
{
	my ($k, $name) = @_;
	my $failed = 0;
	my @null = grep { $_ ne 'unauthorized' } @failing;

	# plain, NULL for an error: rows one by one, and as an array
	for my $model (@null)
	{
		my $hints = qq('{"model":"$model","retries":0,"on_error":"null"}');
		my $r = $s->query("SELECT count(ai_complete('Echo: ' || i, $hints)), count(*) FROM generate_series(1, $k) i");
		$failed += $r->{rows}[0][1] - $r->{rows}[0][0];
		$r = $s->query("SELECT cardinality(array_positions(ai_complete(array_agg('Echo: ' || i), $hints), NULL))"
			  . " FROM generate_series(1, $k) i");
		$failed += $r->{rows}[0][0];
	}
	is($failed, 2 * $k * @null, "$name: all calls without exception failed");

	# exception blocks
	my $r = $s->query("SELECT * FROM caught(${\ ($k * @failing)}, '{$list}')");
	is_deeply(
		{ map { $_->[0] => "$_->[1] $_->[2]" } @{ $r->{rows} } },
		{ map { $_ => "$state{$_} $k" } @failing },
		"$name: each model fails in its own way, $k times");
	$failed += $k * @failing;
	my $arrays = int($k / 10);
	for my $model (qw(unavailable reset resetmid nowhere))
	{
		is($s->value("SELECT caught_arrays($arrays, 16, '$model')"), $arrays, "$name: $arrays arrays, $model");
		$failed += $arrays;
	}
	is($s->value("SELECT user_errors($k)"), $k, "$name: errors of the user's own");

	# cancelled in a savepoint with calls in flight
	my $cancelled = 0;
	$s->query('BEGIN');
	for (1 .. $arrays)
	{
		$s->query('SAVEPOINT a');
		$s->query('SET LOCAL statement_timeout = 8');
		my $c = $s->query(q(SELECT ai_complete(array_agg('Echo: ' || i), '{"model":"hang"}') FROM generate_series(1, 16) i));
		$cancelled++ if ($c->{error}{C} // '') eq '57014';
		# The time-out holds for this one, too, and a busy machine may need longer.
		1 while $s->query('ROLLBACK TO a')->{error};
	}
	is($s->query('COMMIT')->{error}, undef, "$name: the transaction survives");
	is($cancelled, $arrays, "$name: $arrays statements cancelled in savepoints");
	$failed += 16 * $arrays;

	# cursors left open, closed, and ended by an error
	for my $end ('CLOSE c', 'SELECT 1/0', q(SELECT ai_complete('x', '{"model":"refused","retries":0}')))
	{
		$s->query('BEGIN');
		$s->query(q(DECLARE c CURSOR FOR SELECT ai_complete('Echo: ' || i, '{"model":"good"}') FROM generate_series(1, 10) i));
		$s->value('FETCH 3 FROM c');
		$s->query($end);
		$s->query('ROLLBACK');
	}
	return $failed;
}

# What the session holds.
sub holdings
{
	my $tasks_of = '/proc/' . $s->pid . '/task/*';
	my $tasks = 0;

	# Resolvers that were left to themselves end soon, and their descriptors with them.
	$t->until_true(sub { my @tasks = glob $tasks_of; $tasks = @tasks; return $tasks == 1 });

	# Files of tables are PostgreSQL's cache; all else counts.
	my @fds = grep { (readlink($_) // '') !~ m{/(base|global)/} } glob '/proc/' . $s->pid . '/fd/*';
	# Its own memory only: how much of the shared one it has touched depends on how fast the writer is.
	my ($rss) = slurp_file('/proc/' . $s->pid . '/status') =~ /^RssAnon:\s+(\d+) kB/m;
	my $idle = $t->sockets_to($s->pid, $t->{port}, 'ESTABLISHED');
	my $r = $s->query(
		q(SELECT sum(total_bytes), count(*) FILTER (WHERE name LIKE 'ai_router call' OR name LIKE 'ai_router flow%'
			OR name = 'ai_router attempt'), (SELECT used_bytes FROM pg_backend_memory_contexts WHERE name = 'ai_router engine')
		FROM pg_backend_memory_contexts));
	return {
		connections => $idle,
		descriptors => @fds - $idle,
		threads => $tasks,
		rss => $rss,
		memory => $r->{rows}[0][0],
		contexts => $r->{rows}[0][1],
		engine => $r->{rows}[0][2]
	};
}

failing_round(100, 'warm-up');
my $before = holdings();
my $failed = 0;
my $round = 0;
$failed += failing_round(200, 'round ' . ++$round) while $failed < 10_000;
my $after = holdings();

cmp_ok($failed, '>=', 10_000, "$failed calls failed");
for my $what (sort keys %$before)
{
	diag sprintf '%s: %s, after %d failing calls %s', $what, $before->{$what}, $failed, $after->{$what};
}
is($after->{contexts}, 0, 'no call, flow or attempt is left in memory');
is($after->{engine}, $before->{engine}, 'memory of the engine is as before');
cmp_ok($after->{memory}, '<=', $before->{memory} + 32 * 1024, 'memory contexts did not grow');
cmp_ok($after->{rss}, '<=', $before->{rss} + 3 * 1024, 'the process did not grow');
is($after->{descriptors}, $before->{descriptors}, 'descriptors, idle connections aside, are as before');
cmp_ok($after->{connections}, '<=', 2 * 32, 'idle connections are at most twice max_concurrency');
is($after->{threads}, 1, 'no thread is left');
ok($t->wait_for(undef, 'in_flight', 0, 'le'), 'nothing is in flight at the provider');
is($s->value(q(SELECT ai_complete('Echo: well', '{"model":"good"}'))), 'well', 'the session calls');

done_testing();

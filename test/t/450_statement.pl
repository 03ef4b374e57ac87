# Caps per statement and ai_router.progress, over the wire: what counts is what the provider saw.
use strict;
use warnings;
use AiRouterTest;
use Test::More;

my $t = AiRouterTest->new('statement', cache => 1, cap => 1, conf => "compute_query_id = on\nai_router.retries = 0\n");
my $sandbox = $t->sandbox;

# A token of output costs $0.001, input nothing; 40 bytes are 10 tokens: $0.01.
my %price = (input_price => 0, output_price => 1000);
$t->server('p', api => 'openai', path => '/compat/v1');
$t->sql("INSERT INTO ai_router.rules (name, defaults) VALUES ('default', '{\"max_tokens\": 100}')");
for (qw(quick--lat-10--jit-40 full--lat-5--jit-20 again--lat-10 hang--fault-hang silent--fault-nousage
	slow--lat-300 mixed--lat-60 cancel--lat-300 kill--lat-300 joined--lat-700))
{
	my ($name) = /^(\w+?)--/;
	$t->model($name, 'p', $_, %price);
}
$t->model('unpriced', 'p', 'unpriced');
$t->model('priced', 'p', 'priced', %price);

sub prompt { my ($of) = @_; return "'Echo: ' || rpad('$of ' || n, 40, '.')"; }

# One array call over n prompts; hints as JSON without braces.
sub array_of
{
	my ($model, $n, $hints) = @_;
	$hints = qq({"model": "$model") . ($hints ? ", $hints" : '') . '}';
	return "SELECT cardinality(ai_complete(array_agg(" . prompt($model) . "), '$hints')) FROM generate_series(1, $n) n";
}

# The same as one call per row.
sub rows_of
{
	my ($model, $n, $hints) = @_;
	$hints = qq({"model": "$model") . ($hints ? ", $hints" : '') . '}';
	return "SELECT count(s) FROM (SELECT ai_complete(" . prompt($model) . ", '$hints') FROM generate_series(1, $n) n OFFSET 0) s";
}

is($t->sql('SHOW ai_router.max_statement_cost'), '10', 'there is a cap unless one says otherwise');

my $s = $t->session;
my $w = $t->session;
$s->query('SET ai_router.max_statement_cost = 1');

# --- The cap holds, and gives room as attempts settle -------------------------------

# $0.10 is reserved for each, $0.01 paid: ten at a time at first, and all get through.
my $quick = 'quick--lat-10--jit-40';
my $begin = AiRouterSession::now();
is($s->value(array_of('quick', 60)), 60, 'what waits goes on when others have cost less than was reserved');
is($t->counter($quick, 'requests'), 60, 'each was asked once');
# Who was not woken would look once a second, fifty times.
cmp_ok(AiRouterSession::now() - $begin, '<', 20, 'as soon as there is room');
cmp_ok($t->counter($quick, 'peak'), '<=', 10, 'never more in flight than the cap covers');
cmp_ok($t->counter($quick, 'peak'), '>=', 5, 'but several');

my $again = 'again--lat-10';
my $r = $s->query(array_of('again', 150));
is($r->{error}{C}, 'RT004', 'too many calls: RT004');
like($r->{error}{M}, qr/spent \$0\.91, and up to \$0\.10 for this call exceeds ai_router\.max_statement_cost \$1\.00/, 'which tells the numbers');
is($t->counter($again, 'requests'), 91, 'as many requests as fit');
is($t->counter($again, 'ok'), 91, 'and none was given up in flight');
is($s->value(array_of('again', 150)), 150, 'the same again pays for the rest only');
is($t->counter($again, 'requests'), 150, 'no answer was bought twice');

my $full = 'full--lat-5--jit-20';
$r = $s->query(array_of('full', 130, '"max_tokens": 10'));
is($r->{error}{C}, 'RT004', 'answers as long as allowed: RT004');
is($t->counter($full, 'requests'), 100, 'exactly what the cap pays');

# A call that can never fit, in the middle: what is in flight beside it is not given up,
# and nothing is sent after it was refused.
my $mixed = 'mixed--lat-60';
$t->sql("UPDATE ai_router.models SET input_price = 1 WHERE name = 'mixed'");
sub mixed_with
{
	my ($kind, $n) = @_;
	return "SELECT cardinality(ai_complete(array_agg(CASE n WHEN 4 THEN repeat('long ', 210000) ELSE 'Echo: $kind ' || n END), "
	  . "'{\"model\": \"mixed\"}')) FROM generate_series(1, $n) n";
}
$s->query('SET ai_router.max_concurrency = 8');
is($s->query(mixed_with('middle', 50))->{error}{C}, 'RT004', 'a call that cannot fit among others: RT004');
cmp_ok($t->counter($mixed, 'requests'), '>=', 8, 'others were sent');
is($t->counter($mixed, 'ok'), $t->counter($mixed, 'requests'), 'and all of them answered');
$s->query('SET ai_router.max_concurrency = 1');
my $before = $t->counter($mixed, 'requests');
is($s->query(mixed_with('sequence', 50))->{error}{C}, 'RT004', 'one after another: RT004');
is($t->counter($mixed, 'requests') - $before, 3, 'nothing was sent after it');
is($t->counter($mixed, 'ok'), $t->counter($mixed, 'requests'), 'and nothing given up');
$s->query('RESET ai_router.max_concurrency');

# --- What may have been billed counts as reserved ------------------------------------

$s->query('SET ai_router.max_statement_cost = 0.5');
$r = $s->query(rows_of('hang', 20, '"timeout_ms": 30, "on_error": "null"'));
is($r->{error}{C}, 'RT004', 'time-outs: RT004, whatever on_error says');
ok($t->wait_for('hang--fault-hang', 'requests', 5) && $t->counter('hang--fault-hang', 'requests') == 5, 'each counted with all that was reserved');
$r = $s->query(rows_of('silent', 20));
is($r->{error}{C}, 'RT004', 'answers without usage: RT004');
is($t->counter('silent--fault-nousage', 'requests'), 5, 'likewise');

# A cancel that the statement survives: what was in flight is counted.
$s->query(q{
CREATE FUNCTION survives() RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
	BEGIN
		PERFORM ai_complete(array_agg('cancelled ' || n), '{"model": "hang"}') FROM generate_series(1, 4) n;
	EXCEPTION WHEN query_canceled THEN NULL;
	END;
	PERFORM ai_complete('priced', '{"model": "priced"}');
	RETURN (SELECT spent FROM ai_router.progress WHERE pid = pg_backend_pid());
END $$});
$s->send('SELECT survives()');
ok($t->wait_for('hang--fault-hang', 'in_flight', 4), 'four requests hang');
$w->query('SELECT pg_cancel_backend(' . $s->pid . ')');
$r = $s->wait;
is($r->{rows}[0][0], '0.402', 'cancelled: they count as reserved, the answer with what it cost');

# --- Calls ---------------------------------------------------------------------------

$s->query('SET ai_router.max_statement_cost = 0');
$s->query('SET ai_router.max_statement_calls = 7');
$t->reset;
$r = $s->query(array_of('quick', 30, '"cache": "off"'));
is($r->{error}{C}, 'RT004', 'too many calls: RT004');
is($t->counter($quick, 'ok'), 7, 'exactly as many as allowed, all answered');
$s->query('RESET ai_router.max_statement_calls');

# --- A portal of the protocol, run in pieces: what drivers do that fetch some rows at a time ---

$s->query('SET ai_router.max_statement_calls = 7');
sub message { my ($type, $body) = @_; return $type . pack('N', 4 + length $body) . $body; }
sub execute { my ($rows) = @_; $s->_write(message('E', "rows\0" . pack('N', $rows)) . message('S', '')); return $s->wait; }
$s->query('BEGIN');
$s->_write(message('P', "\0SELECT n, ai_complete('portal ' || n, '{\"model\": \"priced\"}') FROM generate_series(1, 20) n\0" . pack('n', 0))
	  . message('B', "rows\0\0" . pack('nnn', 0, 0, 0)));
is(scalar @{ execute(3)->{rows} }, 3, 'some rows');
is($s->query('SELECT 1')->{rows}[0][0], 1, 'something else in between');
is(scalar @{ execute(3)->{rows} }, 3, 'some more');
is(execute(3)->{error}{C}, 'RT004', 'all pieces together have the limit of one statement');
$s->query('ROLLBACK');
is($t->counter('priced', 'requests'), 7, 'which the provider confirms');
$s->query('RESET ai_router.max_statement_calls');

# --- A model without a price ------------------------------------------------------------

$s->query('SET ai_router.max_statement_cost = 0.5');
$r = $s->query(array_of('unpriced', 20));
is($r->{rows}[0][0], 20, 'an unknown price keeps nothing from being sent');
is(scalar @{ $r->{notices} }, 1, 'one warning for the statement');
like($r->{notices}[0]{M}, qr/^cost of model "unpriced" unknown: not counted towards/, 'which says so');
$r = $s->query(rows_of('unpriced', 3, '"cache": "off"'));
is(scalar @{ $r->{notices} }, 1, 'and one for the next');
is(scalar @{ $s->query(rows_of('unpriced', 3))->{notices} }, 0, 'none for answers from the cache');
$s->query('SET ai_router.max_statement_cost = 0');
is(scalar @{ $s->query(rows_of('unpriced', 3, '"cache": "off"'))->{notices} }, 0, 'none without a cap');

# --- An equal call under way elsewhere costs nothing -------------------------------------

$w->query('SET ai_router.max_statement_cost = 0.05');
my $one = array_of('joined', 1);
$s->send($one);
ok($t->wait_for('joined--lat-700', 'in_flight', 1), 'a call is under way');
$r = $w->query($one);
is($r->{rows}[0][0], 1, 'another session gets its answer though its own cap would not pay for it');
$s->wait;
is($w->query(array_of('joined', 2))->{error}{C}, 'RT004', 'it would not, indeed');
is($t->counter('joined--lat-700', 'requests'), 1, 'one request');

# --- Progress ------------------------------------------------------------------------

$t->sql('CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; CREATE ROLE watcher LOGIN; GRANT pg_monitor TO watcher;'
	  . 'GRANT USAGE ON FOREIGN SERVER p TO alice, bob');
my %of = map { $_ => $t->session(user => $_) } qw(alice bob watcher);
my $a = $t->session(user => 'alice');
my $mine = 'SELECT pid, database, role, calls, in_flight, done, cached, joined, failed, spent, reserved, query_id '
  . 'FROM ai_router.progress WHERE pid = ' . $a->pid;

$a->query("SET ai_router.max_concurrency = 4");
# Long enough for all that looks at it, on a busy machine, too.
$a->send(array_of('slow', 1000));
ok($t->until_true(sub { ($w->query($mine)->{rows}[0] // [])->[5] }), 'another session sees calls end');
my ($p) = @{ $w->query($mine)->{rows} };
is_deeply([ @$p[ 0 .. 2 ] ], [ $a->pid, 'postgres', 'alice' ], 'whose they are');
is($p->[10], $p->[4] ? sprintf('%.1f', $p->[4] / 10) : 0, 'what is reserved fits what is in flight');
cmp_ok($p->[4], '<=', 4, 'of which there is no more than may be');
cmp_ok($p->[3], '>=', $p->[5], 'calls begin before they end');
is($p->[11], $w->value('SELECT query_id FROM pg_stat_activity WHERE pid = ' . $a->pid), 'the query_id of pg_stat_activity');
is(scalar @{ $of{alice}->query($mine)->{rows} }, 1, 'the role itself sees it');
is(scalar @{ $of{watcher}->query($mine)->{rows} }, 1, 'pg_monitor sees it');
is(scalar @{ $of{bob}->query($mine)->{rows} }, 0, 'another role does not');
$w->query('SELECT pg_cancel_backend(' . $a->pid . ')');
is($a->wait->{error}{C}, '57014', 'cancelled');
is($a->value(array_of('slow', 4)), 4, 'a statement ends');
is(scalar @{ $w->query($mine)->{rows} }, 0, 'and is gone');

# SET ROLE: the one that runs it.
$s->query('SET ROLE alice');
$s->send(array_of('cancel', 1000));
ok($t->wait_for('cancel--lat-300', 'in_flight', 1), 'a statement runs after SET ROLE');
# The provider may know of the call before the session has shown it.
ok($t->until_true(sub { ($of{alice}->value('SELECT role FROM ai_router.progress') // '') eq 'alice' }), 'shown as that role');
$w->query('SELECT pg_cancel_backend(' . $s->pid . ')');
is($s->wait->{error}{C}, '57014', 'cancelled');
is($w->value('SELECT count(*) FROM ai_router.progress'), 0, 'gone after a cancel');
$s->query('RESET ROLE');

my $victim = $t->session;
$victim->send(array_of('kill', 1000));
ok($t->wait_for('kill--lat-300', 'in_flight', 1), 'another one runs');
ok($t->until_true(sub { $w->value('SELECT count(*) FROM ai_router.progress') == 1 }), 'and is shown');
$w->query('SELECT pg_terminate_backend(' . $victim->pid . ')');
ok($victim->wait->{closed}, 'terminated');
ok($t->until_true(sub { $w->value('SELECT count(*) FROM ai_router.progress') == 0 }), 'gone after that, too');

# Rows are read whole while they change all the time.
$t->sql("CREATE SERVER f FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');"
	  . "INSERT INTO ai_router.models (name, server, input_price, output_price) VALUES ('f', 'f', 0, 1000);"
	  . "INSERT INTO ai_router.fixtures (answer) VALUES ('word')");
$s->query('SET ai_router.max_statement_cost = 0');
$r = $w->query(q|
CREATE FUNCTION watch(watched int, OUT seen int, OUT distinct_seen int, OUT torn int) LANGUAGE plpgsql AS $$
DECLARE p record; last bigint := -1;
BEGIN
	seen := 0; distinct_seen := 0; torn := 0;
	LOOP
		SELECT * INTO p FROM ai_router.running() WHERE pid = watched;
		EXIT WHEN NOT FOUND AND seen > 0;
		CONTINUE WHEN NOT FOUND;
		seen := seen + 1;
		IF p.done <> last THEN distinct_seen := distinct_seen + 1; last := p.done; END IF;
		IF p.reserved <> p.in_flight * 0.1 OR p.spent <> (p.calls - p.in_flight) * 0.001 THEN torn := torn + 1; END IF;
	END LOOP;
END $$|);
# The watcher first: it waits for the statement.
$w->send('SELECT * FROM watch(' . $s->pid . ')');
$s->send(q|SELECT cardinality(ai_complete(array_agg('n ' \|\| n), '{"model": "f"}')) FROM generate_series(1, 30000) n|);
$r = $w->wait;
is($s->wait->{rows}[0][0], 30000, 'many quick calls');
cmp_ok($r->{rows}[0][1], '>', 20, "watched at many moments ($r->{rows}[0][0] looks)");
is($r->{rows}[0][2], 0, 'no row was torn');

done_testing();

# Before planning: calls that depend on no row are made once, those that nothing reads not at all.
# What counts is what the provider was asked.
use strict;
use warnings;
use AiRouterTest;
use Test::More;

my $t = AiRouterTest->new('rewrite');
$t->models_at_p(good => 'good', slow => 'slow--lat-300', hang => 'hang--fault-hang', broken => 'broken--status-400');
$t->sql(q(
	CREATE TABLE docs AS SELECT i AS id, 'Echo: doc ' || i AS body, point(i, i) AS p, NULL::text AS note FROM generate_series(1, 1000) i;
	CREATE INDEX ON docs USING gist (p); CREATE UNIQUE INDEX ON docs (id); ANALYZE docs;
	CREATE VIEW v AS SELECT id, body, ai_complete(body, '{"model": "good"}') AS about FROM docs;
	CREATE VIEW vv AS SELECT id, upper(about) AS about, body FROM v));

my $s = $t->session;
my $asked = 0;

# What a query returns, and how many requests it made.
sub asks
{
	my ($n, $query, $expected, $what) = @_;
	my $r = $s->query($query);
	is($r->{error} ? $r->{error}{C} : join(' ', map { join '|', map { $_ // '' } @$_ } @{ $r->{rows} }), $expected, $what);
	my $now = $t->counter('good', 'requests');
	is($now - $asked, $n, "$what: $n requests");
	$asked = $now;
}
sub plan_of { return join "\n", map { $_->[0] } @{ $s->query("EXPLAIN (COSTS OFF) $_[0]")->{rows} }; }

my $point = q(ai_complete('Echo: (50.2,50.2)', '{"model": "good"}')::point);
my %nearest = (
	'ORDER BY' => "SELECT id FROM docs ORDER BY p <-> $point LIMIT 3",
	'ORDER BY in a subquery' => "SELECT id FROM (SELECT id, p <-> $point AS d FROM docs) s ORDER BY d LIMIT 3",
	'ORDER BY a CTE' => "WITH q AS (SELECT $point AS v) SELECT id FROM docs, q ORDER BY p <-> q.v LIMIT 3",
	'with the distance' => "SELECT id FROM docs WHERE p <-> $point < 100 ORDER BY p <-> $point, p <-> $point LIMIT 3");
for (sort keys %nearest)
{
	like(plan_of($nearest{$_}), qr/Index Scan using docs_p_idx/, "$_: the index gives the order");
	asks(1, $nearest{$_}, '50 51 49', $_);
}

# Prepared, with either plan; in PL/pgSQL; once for each execution.
$s->query(q(PREPARE near(text) AS SELECT id FROM docs ORDER BY p <-> ai_complete($1, '{"model": "good"}')::point LIMIT 2));
for my $mode (qw(force_custom_plan force_generic_plan))
{
	$s->query("SET plan_cache_mode = $mode");
	like(plan_of(q(EXECUTE near('Echo: (9,9)'))), qr/Index Scan/, "$mode: the index");
	asks(1, q(EXECUTE near('Echo: (7.1,7.1)')), '7 8', $mode);
	asks(1, q(EXECUTE near('Echo: (8.1,8.1)')), '8 9', "$mode, another value");
	asks(1, q(EXECUTE near('Echo: (8.1,8.1)')), '8 9', "$mode, the same again");
	$s->query('DROP INDEX docs_p_idx; CREATE INDEX docs_p_idx ON docs USING gist (p)');
	asks(1, q(EXECUTE near('Echo: (7.1,7.1)')), '7 8', "$mode, planned anew");
}
$s->query('RESET plan_cache_mode');
$s->query(q(CREATE FUNCTION near(prompt text) RETURNS SETOF int LANGUAGE plpgsql AS $$
	BEGIN RETURN QUERY SELECT id FROM docs ORDER BY p <-> ai_complete(prompt, '{"model": "good"}')::point LIMIT 2; END $$));
asks(1, q(SELECT * FROM near('Echo: (7.1,7.1)')), '7 8', 'PL/pgSQL');
asks(7, q(SELECT count(*) FROM generate_series(1, 7) i, near('Echo: (' || i || ',1)')), '14', 'PL/pgSQL, several times');

# The library's answer to a new extension: other OIDs.
$s->query('BEGIN');
$s->query('CREATE FUNCTION public.not_ours(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN ai_complete($1, \'{"model": "good"}\'); END $$');
asks(3, q(SELECT not_ours('Echo: x') FROM docs WHERE id < 4), 'x x x', 'a function of somebody else is called for each row');
$s->query('ROLLBACK');
$s->query('BEGIN');
$s->query('CREATE FUNCTION public.another(text, jsonb) RETURNS text LANGUAGE c VOLATILE AS \'$libdir/ai_router\', \'ai_complete\'');
asks(1, q(SELECT another('Echo: x', '{"model": "good"}') FROM docs WHERE id < 4), 'x x x', 'one of ours by another name is not');
$s->query('ROLLBACK');

# What nothing reads.
asks(0, 'SELECT count(*) FROM v', '1000', 'rows of a view');
asks(0, 'SELECT count(*), max(body) FROM vv', '1000|Echo: doc 999', 'rows of a view of a view');
asks(0, 'SELECT id FROM vv WHERE id < 3 ORDER BY id', '1 2', 'other columns');
asks(2, 'SELECT about FROM vv WHERE id < 3 ORDER BY id', 'DOC 1 DOC 2', 'the column');
asks(2, 'SELECT vv FROM vv WHERE id < 3 ORDER BY id', '(1,"DOC 1","Echo: doc 1") (2,"DOC 2","Echo: doc 2")', 'whole rows');
asks(0, 'SELECT EXISTS (SELECT * FROM vv)', 't', 'whether there are any');
asks(0, 'WITH c AS MATERIALIZED (SELECT * FROM vv) SELECT count(*) FROM c a JOIN c b USING (id)', '1000', 'a CTE');
asks(0, 'INSERT INTO docs (id) SELECT id + 1000 FROM vv WHERE id < 3 RETURNING id', '1001 1002', 'INSERT of other columns');
asks(0, 'DELETE FROM docs USING vv WHERE docs.id = vv.id AND docs.id > 1000 RETURNING docs.id', '1001 1002', 'DELETE by a view');

# EXPLAIN asks nothing, neither do plans that fail.
$s->query("EXPLAIN $_") for values %nearest, 'SELECT * FROM v', q(SELECT id FROM docs WHERE id = length(ai_complete('Echo: x', '{"model": "good"}')) + 1);
asks(0, 'SELECT 1', '1', 'EXPLAIN');

# One UPDATE: once, and not again for a row that somebody else has just changed.
my $w = $t->session;
$w->query('BEGIN');
$w->query(q(UPDATE docs SET note = 'theirs' WHERE id = 2));
$s->send(q(UPDATE docs SET note = concat_ws(' after ', ai_complete('Echo: x', '{"model": "good"}'), note) WHERE id < 4 AND ai_complete('Echo: yes', '{"model": "good"}') = 'yes' RETURNING id, note));
ok($t->until_true(sub { $t->sql('SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = ' . $s->pid) > 0 }), 'an UPDATE waits for a row');
$w->query('COMMIT');
is(join(' ', map { join '|', @$_ } sort { $a->[0] <=> $b->[0] } @{ $s->wait->{rows} }), '1|x 2|x after theirs 3|x', 'and takes the new version');
asks(2, 'SELECT 1', '1', 'two calls in all');

# Workers of a parallel plan.
$s->query("SET $_") for 'parallel_setup_cost = 0', 'parallel_tuple_cost = 0', 'min_parallel_table_scan_size = 0';
my $parallel = q(SELECT count(*) FROM docs WHERE body <> ai_complete('Echo: x', '{"model": "good"}'));
like(plan_of($parallel), qr/Workers Planned/, 'a parallel plan');
asks(1, $parallel, '1000', 'parallel');
$s->query('RESET ALL');

# Errors and cancel: the first row that needs it.
my $r = $s->query(q(SELECT ai_complete('Echo: x', '{"model": "broken"}') FROM docs));
is($r->{error}{C}, 'RT009', 'an error');
is($t->counter('broken--status-400', 'requests'), 1, 'of one request');
$s->query('SET statement_timeout = 2000');
is($s->query(q(SELECT ai_complete('Echo: x', '{"model": "hang"}') FROM docs))->{error}{C}, '57014', 'a time-out');
is($t->counter('hang--fault-hang', 'requests'), 1, 'of one request');
$s->query('RESET statement_timeout');
is($s->value(q(SELECT count(ai_complete('Echo: x', '{"model": "slow"}')) FROM docs)), 1000, 'the session goes on');
is($t->counter('slow--lat-300', 'requests'), 1, 'with one request');

# Off: as PostgreSQL would.
$s->query('SET ai_router.batching = off');
unlike(plan_of($nearest{'ORDER BY'}), qr/Index Scan/, 'without batching: no index');
asks(3, q(SELECT ai_complete('Echo: x', '{"model": "good"}') FROM docs WHERE id < 4), 'x x x', 'for each row');
asks(2, 'SELECT count(*) FROM v WHERE id < 3', '2', 'and what nothing reads');

done_testing();
